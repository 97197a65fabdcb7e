/* The tables through which a module reaches functions: each slot has its function, or one that says by name
 * that it is not there. */
#include <stdio.h>

#include "host.h"

/* What a function that is not there answers, by its module; where a module has no such code, the system's. */
static u32 code_of_absent(const char* header) {
    static const struct {
        const char* header;
        u32 code;
    } codes[] = {{"eca", E_ECA_NOT_SUPP},           {"ecdsa", E_ECDSA_NOT_SUPP},
                 {"dsa", E_ECDSA_NOT_SUPP},         {"lna", E_ECA_NOT_SUPP},
                 {"mbk", E_MBK_NOT_SUPPORTED},      {"pp", E_PP_NOT_SUPPORTED},
                 {"os_crypt", E_OS_CRYPT_NOT_SUPP}, {"cxi", E_CXI_NOT_SUPPORTED},
                 {"util", E_UTIL_NOT_SUPPORTED},    {"vrsa", E_VRSA_FUNC_NOT_AVAILABLE}};
    u32 i;
    for (i = 0; i < sizeof codes / sizeof codes[0]; ++i)
        if (strcmp(codes[i].header, header) == 0) return codes[i].code;
    return E_OS_MDL_NOT_SUPP;
}

/* Answers the code of the absent, tells the name once a slot. */
static int missing(const char* header, const char* name, int* told) {
    const u32 code = code_of_absent(header);
    char text[200];
    if (!*told) {
        *told = 1;
        snprintf(text, sizeof text, "%s is not in this SDK (see firmware/sdk/README.md): answered %08X", name,
                 code);
        diagnose(text, NULL, 0);
    }
    return CODE(code);
}

#define ANSWER_code(said) return said
#define ANSWER_null(said) \
    (void)said;           \
    return 0
#define ANSWER_zero(said) ANSWER_null(said)
#define ANSWER_none(said) ANSWER_null(said)
#define SLOT(header, TABLE, place, name, kind)           \
    static intptr_t missing_##name(void) {               \
        static int told;                                 \
        const int said = missing(#header, #name, &told); \
        ANSWER_##kind(said);                             \
    }
#include "slots.inc"
#undef SLOT

#define TABLE(owner, header, TABLE_, slots) static const void* table_##header[slots];
#include "slots.inc"
#undef TABLE

static T_OS_TABLE_PUB system_table;

static void fill(void) {
#define SLOT(header, TABLE, place, name, kind) \
    table_##header[place] = sdk_##name ? (const void*)sdk_##name : (const void*)missing_##name;
#include "slots.inc"
#undef SLOT
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
