/* Two modules that call each other, each in its own process: built as TWOA and TWOB. */
#include <cryptoserversdk/cmds.h>
#include <cryptoserversdk/load_store.h>
#include <cryptoserversdk/module_1.5.h>
#include <cryptoserversdk/os_file.h>
#include <cryptoserversdk/os_log.h>
#include <cryptoserversdk/os_mdl.h>
#include <cryptoserversdk/os_mem.h>
#include <cryptoserversdk/os_str.h>
#include <cryptoserversdk/os_task.h>
#include <cryptoserversdk/stype.h>
#include <cryptoserversdk/util.h>
#include <string.h>

#include "expect_in_module.h"
#include "published.h"

#ifdef PAIR_B
#define OWN "TWOB"
#define OTHER "TWOA"
#define PAIR_ID 0x176
#define START TWOB_start
#define OPTIONAL MODULE_OPTIONAL | MODULE_DEFER_WAIT /* or they would wait for each other */
#else
#define OWN "TWOA"
#define OTHER "TWOB"
#define PAIR_ID 0x175
#define START TWOA_start
#define OPTIONAL 0
#endif

T_OS_MDL_HDL P_SMOS, P_CMDS, P_UTIL, P_OTHER;
int START(T_OS_MDL_HDL smos, OS_FILE_HANDLE file, void* memory);

/* --- what each publishes, and how the other calls it --- */

typedef struct {
    void* head[7];
    int (*reverse)(unsigned int l_in, const unsigned char* in, unsigned int* l_out, unsigned char* out);
    int (*may)(T_CMDS_HANDLE* handle, const char* text, unsigned int* length);
    int (*ping)(unsigned int times);
    int (*crash)(void);
    int (*undeclared)(int number);
    int (*overrun)(unsigned char* eight);
    int (*answer)(T_CMDS_HANDLE* handle);
    int (*loop)(void);
} T_PAIR_TABLE;
#define other ((const T_PAIR_TABLE*)P_OTHER)

static int reverse(unsigned int l_in, const unsigned char* in, unsigned int* l_out, unsigned char* out) {
    unsigned int i;
    if (!in || !l_out || !out) return (int)0xB1760001u;
    if (*l_out < l_in) return (int)0xB1760002u;
    for (i = 0; i < l_in; ++i) out[i] = in[l_in - 1 - i];
    *l_out = l_in;
    return 0;
}
static int may(T_CMDS_HANDLE* handle, const char* text, unsigned int* length) {
    *length = (unsigned int)strlen(text);
    return check_permission(handle, 0, 2) ? (int)0xB1760003u : 0;
}
static int ping(unsigned int times) { return times ? other->ping(times - 1) : 77; }
static int crash(void) {
    unsigned char* volatile nowhere = NULL;
    return *nowhere;
}
static int undeclared(int number) { return number; }
static int overrun(unsigned char* eight) {
    unsigned char* volatile beyond = eight + 8;
    *beyond = 1;
    return 0;
}
static int answer_for_another(T_CMDS_HANDLE* handle) {
    unsigned char* answer = NULL;
    return cmds_alloc_answ(handle, 4, &answer);
}

static int loop(void) {
    volatile int forever = 1;
    while (forever) {
    }
    return 0;
}

/* --- commands --- */

static int calls(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    unsigned char out[10] = "..........";
    unsigned int length = sizeof out;
    (void)l_cmd;
    (void)cmd;
    EXPECT(other->reverse(4, (const unsigned char*)"abcd", &length, out) == 0);
    EXPECT(length == 4 && memcmp(out, "dcba......", 10) == 0);
    length = 3;
    EXPECT(other->reverse(4, (const unsigned char*)"abcd", &length, out) == (int)0xB1760002u);
    EXPECT(other->reverse(4, NULL, &length, out) == (int)0xB1760001u &&
           other->reverse(4, (const unsigned char*)"abcd", NULL, out) == (int)0xB1760001u);
    EXPECT(other->reverse(0x7FFFFFFF, (const unsigned char*)"abcd", &length, out) == (int)E_OS_MDL_PARAMETER);
    EXPECT(other->may(handle, "twelve bytes", &length) ==
               (check_permission(handle, 0, 2) ? (int)0xB1760003u : 0) &&
           length == 12);
    EXPECT(other->ping(6) == 77);
    EXPECT(other->ping(100) == (int)E_OS_MDL_NOT_AVAILABLE); /* far too deep */
    EXPECT(other->undeclared(5) == (int)E_OS_MDL_NOT_SUPP);
    EXPECT(other->answer(handle) == (int)E_CMDS_INVAL);
    EXPECT(other->overrun(out) == 0); /* which its log tells */
    return 0;
}
static int crashes(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    (void)handle;
    (void)l_cmd;
    (void)cmd;
    return other->crash();
}
static int waits(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    (void)handle;
    (void)l_cmd;
    (void)cmd;
    return other->loop();
}
/* Waits a little, so that both are inside, then calls. */
static int meets(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    (void)handle;
    (void)l_cmd;
    (void)cmd;
    os_task_dly(10);
    return other->ping(0) == 77 ? 0 : (int)E_OS_MDL_NOT_AVAILABLE;
}

static int stop(void) { return 0; }
static int consent(void) { return 0; }

static const T_MODULE_INFO Module_info = {MODULE_INFO_TAG, OWN, CS2_U32_TO_BIG_ENDIAN(PAIR_ID),
                                          CS2_U32_TO_BIG_ENDIAN(0x01000000), "One of two"};
static struct {
    struct published_head head;
    int (*reverse)(unsigned int, const unsigned char*, unsigned int*, unsigned char*);
    int (*may)(T_CMDS_HANDLE*, const char*, unsigned int*);
    int (*ping)(unsigned int);
    int (*crash)(void);
    int (*undeclared)(int);
    int (*overrun)(unsigned char*);
    int (*answer)(T_CMDS_HANDLE*);
    int (*loop)(void);
} Module_pub = {{NULL, START, stop, consent, consent, NULL, &Module_info},
                reverse,
                may,
                ping,
                crash,
                undeclared,
                overrun,
                answer_for_another,
                loop};

static T_MODULE_LINK_TAB Module_link_tab[] = {{&P_CMDS, "CMDS", 0, 0},
                                              {&P_UTIL, "UTIL", 0, 0},
                                              {&P_OTHER, OTHER, 0x01000000, OPTIONAL},
                                              {NULL, "", 0, 0}};
static P_CMDS_FCT Module_func_tab[] = {calls, crashes, meets, waits};

int START(T_OS_MDL_HDL smos, OS_FILE_HANDLE file, void* memory) {
    (void)file;
    P_SMOS = smos;
    return module_start(memory);
}

#define MODULE_NEEDS_EXT_REFS
#define MODULE_HAS_EXT_INTERFACE
#include <cryptoserversdk/module_init_1.5.c>
