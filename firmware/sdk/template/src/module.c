/* @NAME@: a firmware module with a database of its own.
 *
 * Function code @ID@; sub-functions by their place in Module_func_tab:
 *   0  ECHO   any bytes                      -> the same
 *   1  PUT    key 8 bytes, then the value    needs level 2 in group 0 (a user with permission 00000002)
 *   2  GET    key 8 bytes                    -> the value
 *   3  COUNT                                 -> 4 bytes, how many entries there are
 */
#include <cryptoserversdk/stype.h>
#include <cryptoserversdk/cmds.h>
#include <cryptoserversdk/db.h>
#include <cryptoserversdk/load_store.h>
#include <cryptoserversdk/module_1.5.h>
#include <cryptoserversdk/os_file.h>
#include <cryptoserversdk/os_log.h>
#include <cryptoserversdk/os_mdl.h>
#include <cryptoserversdk/os_mem.h>
#include <cryptoserversdk/os_task.h>
#include <string.h>

#define ID @ID@
#define VERSION 0x01000000 /* 1.0.0.0 */
#define KEY_LENGTH 8
#define E_@UPPER@_DENIED (0xB0000001u | ID << 16)

T_OS_MDL_HDL P_SMOS, P_CMDS, P_DB;
static DB* database;

int @NAME@_start(T_OS_MDL_HDL smos, OS_FILE_HANDLE file, void* memory);

static int answer_with(T_CMDS_HANDLE* handle, const void* bytes, unsigned int length) {
    unsigned char* answer = NULL;
    const int code = cmds_alloc_answ(handle, (int)length, &answer);
    if (code == 0 && length != 0) os_mem_cpy(answer, bytes, length);
    return code;
}

static int ext_echo(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    return answer_with(handle, cmd, (unsigned int)l_cmd);
}

static int ext_put(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    struct {
        unsigned char* key;
        unsigned int l_value;
        unsigned char* value;
    } in;
    int code;
    if (check_permission(handle, 0, 2)) return (int)E_@UPPER@_DENIED;
    code = cmds_scanf(l_cmd, cmd, "c8*", sizeof in, &in);
    if (code != 0) return code;
    return db_insert(database, in.key, 0, NULL, in.l_value, in.value);
}

static int ext_get(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    unsigned int length = 0;
    void* value = NULL;
    int code;
    if (l_cmd != KEY_LENGTH) return (int)E_CMDS_DATA_LEN;
    code = db_find(database, DB_EQUAL, cmd, NULL, NULL, &length, &value);
    return code != 0 ? code : answer_with(handle, value, length);
}

static int ext_count(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    unsigned char key[KEY_LENGTH] = {0}, answer[4];
    unsigned int count = 0, length;
    void* value;
    (void)l_cmd;
    (void)cmd;
    while (db_find(database, DB_GREATER, key, NULL, NULL, &length, &value) == 0) ++count;
    store_int4(count, answer);
    return answer_with(handle, answer, sizeof answer);
}

static int init(void) {
    const DB_INFO info = {DB_INFO_TAG, KEY_LENGTH, 0x100000};
    return db_open("@NAME@", DB_CREAT, &info, &database);
}

static int stop(void) { return database ? db_close(database) : 0; }
static int consent(void) { return 0; }

static const T_MODULE_INFO Module_info = {MODULE_INFO_TAG, "@NAME@", CS2_U32_TO_BIG_ENDIAN(ID),
                                          CS2_U32_TO_BIG_ENDIAN(VERSION), "@NAME@ module"};

static struct {
    void* p_data;
    int (*start)(T_OS_MDL_HDL, OS_FILE_HANDLE, void*);
    int (*stop)(void);
    int (*pre_replace)(void);
    int (*pre_delete)(void);
    void* reserved;
    const T_MODULE_INFO* info;
} Module_pub = {NULL, @NAME@_start, stop, consent, consent, NULL, &Module_info};

/* What it links to: handle, name, least version, flags. */
static T_MODULE_LINK_TAB Module_link_tab[] = {{&P_CMDS, "CMDS", 0, 0}, {&P_DB, "DB", 0, 0}, {NULL, "", 0, 0}};

static P_CMDS_FCT Module_func_tab[] = {ext_echo, ext_put, ext_get, ext_count};

int @NAME@_start(T_OS_MDL_HDL smos, OS_FILE_HANDLE file, void* memory) {
    (void)file;
    P_SMOS = smos;
    return module_start(memory);
}

#define MODULE_NEEDS_EXT_REFS
#define MODULE_HAS_EXT_INTERFACE
#define MODULE_INIT_TASK_FUNCTION init
#include <cryptoserversdk/module_init_1.5.c>
