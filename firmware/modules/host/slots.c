/* The tables through which a module reaches functions: each slot has its function, or one that says by name
 * that it is not there. */
#include <stdio.h>

#include "host.h"

/* Answers E_OS_MDL_NOT_SUPP, tells the name once a slot. */
static int missing(const char* name, int* told) {
    char text[200];
    if (!*told) {
        *told = 1;
        snprintf(text, sizeof text, "%s is not in this SDK (see firmware/sdk/README.md): answered B0000813",
                 name);
        diagnose(text, NULL, 0);
    }
    return CODE(E_OS_MDL_NOT_SUPP);
}

#define ANSWER_code(said) return said
#define ANSWER_null(said) \
    (void)said;           \
    return 0
#define ANSWER_zero(said) ANSWER_null(said)
#define ANSWER_none(said) ANSWER_null(said)
#define SLOT(header, TABLE, place, name, kind)  \
    static intptr_t missing_##name(void) {      \
        static int told;                        \
        const int said = missing(#name, &told); \
        ANSWER_##kind(said);                    \
    }
#include "slots.inc"
#undef SLOT

#define TABLE(owner, header, TABLE_, slots) static const void* table_##header[slots];
#include "slots.inc"
#undef TABLE

static intptr_t other_process(void) {
    static int told;
    return missing("a function of another module of a user's, which runs in a process of its own", &told);
}

static T_OS_TABLE_PUB system_table;
static const void* foreign[64];

static void fill(void) {
    u32 i;
#define SLOT(header, TABLE, place, name, kind) \
    table_##header[place] = sdk_##name ? (const void*)sdk_##name : (const void*)missing_##name;
#include "slots.inc"
#undef SLOT
    for (i = 7; i < sizeof foreign / sizeof foreign[0]; ++i) foreign[i] = (const void*)other_process;
    system_table.p_os_mdl = table_os_mdl;
    system_table.p_os_file = table_os_file;
    system_table.p_os_mem = table_os_mem;
    system_table.p_os_str = table_os_str;
    system_table.p_os_log = table_os_log;
    system_table.p_os_audit = table_os_audit;
    system_table.p_os_crypt = table_os_crypt;
    system_table.p_os_sema = table_os_sema;
    system_table.p_os_tmr = table_os_tmr;
    system_table.p_os_cfg = table_os_cfg;
    system_table.p_os_task = table_os_task;
}

T_OS_MDL_HDL operating_system(void) {
    if (!system_table.p_os_mdl) fill();
    return &system_table;
}

T_OS_MDL_HDL foreign_table(void) { return foreign; }

static int same_name(const char* a, const char* b) {
    for (; *a && *b; ++a, ++b)
        if ((*a | 0x20) != (*b | 0x20)) return 0;
    return *a == *b;
}

T_OS_MDL_HDL module_table(const char* name) {
#define WHEN_OS(table, text)
#define WHEN_MODULE(table, text) \
    if (same_name(name, text)) return table;
#define TABLE(owner, header, NAME, slots) WHEN_##owner(table_##header, #NAME)
#include "slots.inc"
#undef TABLE
    return NULL;
}
