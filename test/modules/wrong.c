/* Calls any function of any table with arguments that are all wrong, and tells what came of it: an answer, or
 * a crash within the module's own process, which it survives here so that the next can be tried. */
#include <cryptoserversdk/cmds.h>
#include <cryptoserversdk/load_store.h>
#include <cryptoserversdk/module_1.5.h>
#include <cryptoserversdk/os_file.h>
#include <cryptoserversdk/os_log.h>
#include <cryptoserversdk/os_mdl.h>
#include <cryptoserversdk/os_mem.h>
#include <cryptoserversdk/os_task.h>
#include <cryptoserversdk/stype.h>
#include <cryptoserversdk/util.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "published.h"

enum {
    ROOM = 4096,
    MOST_ARGUMENTS = 20,
    NULLS = 0,
    BLOCKS = 1,
    BLOCK_THEN_LENGTH = 2,
    LENGTH_THEN_BLOCK = 3
};

T_OS_MDL_HDL P_SMOS, P_CMDS, P_UTIL;
int WRNG_start(T_OS_MDL_HDL smos, OS_FILE_HANDLE file, void* memory);

struct row {
    const char* table;
    const char* name;
    const char* kind; /* of what it returns, as slots.inc has it */
    unsigned int place;
};
static const struct row rows[] = {
#define SLOT(header, TABLE, place, name, kind) {#header, #name, #kind, place},
#include "firmware/modules/host/slots.inc"
#undef SLOT
};
enum { COUNT = sizeof rows / sizeof rows[0] };

static const void* const* table_of(const char* header) {
#define TABLE_OF_OS(header_, NAME) \
    if (strcmp(header, #header_) == 0) return ((T_OS_TABLE_PUB*)P_SMOS)->p_##header_;
#define TABLE_OF_MODULE(header_, NAME) \
    if (strcmp(header, #header_) == 0) return os_mdl_link_pub(#NAME, 0);
#define TABLE(owner, header_, NAME, slots) TABLE_OF_##owner(header_, NAME)
#include "firmware/modules/host/slots.inc"
#undef TABLE
    return NULL;
}

/* --- surviving --- */

static sigjmp_buf behind;
static volatile int armed;
static void at_signal(int number) {
    if (armed) siglongjmp(behind, number);
    _Exit(1);
}

static void catch_crashes(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = at_signal;
    action.sa_flags = SA_ONSTACK | SA_NODEFER;
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}

/* Whoever writes beyond it touches no other memory. */
static unsigned char* fenced(void) {
    static unsigned char* at;
    if (!at) {
        at = mmap(NULL, 2 * ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at == MAP_FAILED || mprotect(at + ROOM, ROOM, PROT_NONE) != 0) at = NULL;
    }
    if (at) memset(at, 0xFF, ROOM);
    return at;
}

typedef intptr_t W;
typedef W (*function)(W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W);

static void arguments(int way, W* a) {
    const W block = (W)fenced(), length = (W)0xFFFFFFF0u;
    int i;
    for (i = 0; i < MOST_ARGUMENTS; ++i)
        a[i] = way == NULLS                                                  ? 0
               : way == BLOCKS || (way == BLOCK_THEN_LENGTH) == (i % 2 == 0) ? block
                                                                             : length;
}

static unsigned int call(const void* address, const W* a) {
    function called;
    memcpy(&called, &address, sizeof called);
    return (unsigned int)called(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11],
                                a[12], a[13], a[14], a[15], a[16], a[17], a[18], a[19]);
}

static int ext_count(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    unsigned char* answer = NULL;
    const int code = cmds_alloc_answ(handle, 4, &answer);
    (void)l_cmd;
    (void)cmd;
    if (code == 0) store_int4(COUNT, answer);
    return code;
}

/* cmd: row, two bytes. Answer: table, blank, name, blank, kind, zero. */
static int ext_name(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    char text[100];
    unsigned char* answer = NULL;
    const struct row* row;
    int code;
    if (l_cmd != 2 || load_int2(cmd) >= COUNT) return (int)E_CMDS_INVAL;
    row = &rows[load_int2(cmd)];
    strcpy(text, row->table);
    strcat(text, " ");
    strcat(text, row->name);
    strcat(text, " ");
    strcat(text, row->kind);
    code = cmds_alloc_answ(handle, (int)strlen(text), &answer);
    if (code == 0) memcpy(answer, text, strlen(text));
    return code;
}

/* cmd: row, two bytes, way. Answer: the signal at which it crashed or 0, what it returned. */
static int ext_call(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    W a[MOST_ARGUMENTS];
    const void* const* table;
    unsigned char* answer = NULL;
    volatile unsigned int said = 0;
    volatile int crashed = 0;
    int code;
    if (l_cmd != 3 || load_int2(cmd) >= COUNT || !fenced()) return (int)E_CMDS_INVAL;
    table = table_of(rows[load_int2(cmd)].table);
    if (!table) return (int)E_OS_MDL_NOT_FOUND;
    arguments(cmd[2], a);
    catch_crashes();
    crashed = sigsetjmp(behind, 1);
    armed = 1;
    if (!crashed) said = call(table[rows[load_int2(cmd)].place], a);
    armed = 0;
    code = cmds_alloc_answ(handle, 5, &answer);
    if (code != 0) return code;
    answer[0] = (unsigned char)crashed;
    store_int4(said, answer + 1);
    return 0;
}

static int stop(void) { return 0; }
static int consent(void) { return 0; }

static const T_MODULE_INFO Module_info = {MODULE_INFO_TAG, "WRNG", CS2_U32_TO_BIG_ENDIAN(0x177),
                                          CS2_U32_TO_BIG_ENDIAN(0x01000000), "Wrong arguments"};
static struct published_head Module_pub = {NULL, WRNG_start, stop, consent, consent, NULL, &Module_info};

static T_MODULE_LINK_TAB Module_link_tab[] = {
    {&P_CMDS, "CMDS", 0, 0}, {&P_UTIL, "UTIL", 0, 0}, {NULL, "", 0, 0}};
static P_CMDS_FCT Module_func_tab[] = {ext_count, ext_name, ext_call};

int WRNG_start(T_OS_MDL_HDL smos, OS_FILE_HANDLE file, void* memory) {
    (void)file;
    P_SMOS = smos;
    return module_start(memory);
}

#define MODULE_NEEDS_EXT_REFS
#define MODULE_HAS_EXT_INTERFACE
#include <cryptoserversdk/module_init_1.5.c>
