/* A module that tries the SDK from within: each function answers nothing when all is well, or the number of
 * the line that found otherwise. */
#include <cryptoserversdk/aes.h>
#include <cryptoserversdk/asn1.h>
#include <cryptoserversdk/cmds.h>
#include <cryptoserversdk/cxi.h>
#include <cryptoserversdk/db.h>
#include <cryptoserversdk/dsa.h>
#include <cryptoserversdk/ecdsa.h>
#include <cryptoserversdk/hash.h>
#include <cryptoserversdk/lna.h>
#include <cryptoserversdk/load_store.h>
#include <cryptoserversdk/mbk.h>
#include <cryptoserversdk/module_1.5.h>
#include <cryptoserversdk/os_audit.h>
#include <cryptoserversdk/os_cfg.h>
#include <cryptoserversdk/os_crypt.h>
#include <cryptoserversdk/os_file.h>
#include <cryptoserversdk/os_log.h>
#include <cryptoserversdk/os_mdl.h>
#include <cryptoserversdk/os_mem.h>
#include <cryptoserversdk/os_sema.h>
#include <cryptoserversdk/os_str.h>
#include <cryptoserversdk/os_task.h>
#include <cryptoserversdk/os_tmr.h>
#include <cryptoserversdk/pp.h>
#include <cryptoserversdk/stype.h>
#include <cryptoserversdk/util.h>
#include <cryptoserversdk/vdes.h>
#include <cryptoserversdk/vrsa.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "expect_in_module.h"
#include "published.h"

#ifndef PROBE_ID
#define PROBE_ID 0x170
#endif
#ifndef PROBE_VERSION
#define PROBE_VERSION 0x01000203
#endif
#ifndef PROBE_NAME
#define PROBE_NAME "PROB"
#define PROBE_START PROB_start
#endif

T_OS_MDL_HDL P_SMOS, P_CMDS, P_UTIL, P_DB, P_AES, P_VDES, P_HASH, P_ECA, P_ECDSA, P_ASN1, P_MBK, P_VRSA,
    P_CXI, P_DSA, P_LNA, P_PP, P_OTHER;

int PROBE_START(T_OS_MDL_HDL smos, OS_FILE_HANDLE file, void* memory);
static DB* database;
static int stopped_well;

static int echo(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    unsigned char* answer = NULL;
    const int code = cmds_alloc_answ(handle, l_cmd, &answer);
    if (code != 0) return code;
    if (l_cmd) os_mem_cpy(answer, cmd, (unsigned int)l_cmd);
    return 0;
}

static int permission(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    (void)l_cmd;
    (void)cmd;
    return check_permission(handle, 0, 2) ? (int)0xB1700001u : 0;
}

#include "bad.h"
#include "probe_asn1.h"
#include "probe_ccm.h"
#include "probe_ciphers.h"
#include "probe_curves.h"
#include "probe_databases.h"
#include "probe_dsa.h"
#include "probe_edwards.h"
#include "probe_keys.h"
#include "probe_lna.h"
#include "probe_own_curves.h"
#include "probe_points.h"
#include "probe_rsa.h"
#include "probe_seeds.h"
#include "probe_shares.h"
#include "probe_storage.h"
#include "probe_system.h"
#include "probe_users.h"

static unsigned int ticks;
static void background(void* unused) {
    (void)unused;
    for (;;) {
        os_task_dly(2);
        ++ticks;
        os_log_print((unsigned char*)"background %d\n", ticks);
        if (ticks >= 3) os_task_del(os_task_id_get(), NULL);
    }
}
static int background_ticks(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    (void)l_cmd;
    (void)cmd;
    return answer_line(handle, (int)ticks);
}

static int init(void) {
    static const T_OS_TASK_PAR task = {"BACK",        0, 0, 0x2000, NULL, background, OS_MEM_TYPE_SD,
                                       OS_MEM_TYPE_SD};
    const DB_INFO info = {DB_INFO_TAG, 8, 0x100000};
#ifdef PROBE_FAILS
    return 0x4711;
#endif
    if (os_task_new(&task) == NULL) return -1;
    return db_open("probe", DB_CREAT, &info, &database);
}

static int PROBE_stop(void) {
    stopped_well = 1;
    os_log_print((unsigned char*)"probe stops\n");
#ifdef PROBE_HOLDS
    return 0; /* the database stays open */
#endif
    return database ? db_close(database) : 0;
}
static int consent_to_replace(void) { return 0; }
#ifdef PROBE_PONDERS
static int consent_to_delete(void) {
    volatile int forever = 1;
    while (forever) {
    }
    return 0;
}
#elif defined(PROBE_STAYS)
static int consent_to_delete(void) { return (int)0xB1700077u; }
#else
static int consent_to_delete(void) { return 0; }
#endif

static const T_MODULE_INFO Module_info = {MODULE_INFO_TAG, PROBE_NAME, CS2_U32_TO_BIG_ENDIAN(PROBE_ID),
                                          CS2_U32_TO_BIG_ENDIAN(PROBE_VERSION), "Probe of the SDK"};

static struct published_head Module_pub = {
    NULL, PROBE_START, PROBE_stop, consent_to_replace, consent_to_delete, NULL, &Module_info};

static T_MODULE_LINK_TAB Module_link_tab[] = {{&P_CMDS, "CMDS", 0, 0},
                                              {&P_UTIL, "UTIL", 0, 0},
                                              {&P_DB, "DB", 0, 0},
                                              {&P_AES, "AES", 0, 0},
                                              {&P_VDES, "VDES", 0, 0},
                                              {&P_HASH, "HASH", 0, 0},
                                              {&P_ECA, "ECA", 0, 0},
                                              {&P_ECDSA, "ECDSA", 0, 0},
                                              {&P_ASN1, "ASN1", 0, 0},
                                              {&P_VRSA, "VRSA", 0, 0},
                                              {&P_DSA, "DSA", 0, 0},
                                              {&P_LNA, "LNA", 0, 0},
                                              {&P_PP, "PP", 0, 0},
                                              {&P_CXI, "CXI", 0x02000800, 0},
                                              {&P_MBK, "MBK", 0x02010200, MODULE_OPTIONAL},
#ifdef PROBE_NEEDS
                                              {&P_OTHER, PROBE_NEEDS, PROBE_NEEDS_VERSION, 0},
#else
                                              {&P_OTHER, "NONE", 0, MODULE_OPTIONAL},
#endif
                                              {NULL, "", 0, 0}};

static P_CMDS_FCT Module_func_tab[] = {echo,
                                       permission,
                                       memory,
                                       scanf_rules,
                                       asn1,
                                       hashes,
                                       ciphers,
                                       curves,
                                       databases,
                                       fill,
                                       count_records,
                                       services,
                                       system_calls,
                                       misbehave,
                                       background_ticks,
                                       NULL,
                                       echo,
                                       rsa,
                                       files,
                                       volatile_records,
                                       edwards,
                                       keys,
                                       dsa,
                                       eca,
                                       ccm,
                                       lna,
                                       shares,
                                       users,
                                       logged_on,
                                       modes,
                                       session_key,
                                       erase,
                                       critical,
                                       own_curves,
                                       seeds,
                                       own_session_key};

int PROBE_START(T_OS_MDL_HDL smos, OS_FILE_HANDLE file, void* memory_of_image) {
    (void)file;
    P_SMOS = smos;
#ifdef PROBE_LIES /* about its version */
    if (os_mdl_link_new(PROBE_NAME, PROBE_VERSION + 1, PROBE_ID, memory_of_image, &Module_pub) == 0) return 0;
    return (int)0xB1740001u;
#endif
    return module_start(memory_of_image);
}

#define MODULE_NEEDS_EXT_REFS
#define MODULE_HAS_EXT_INTERFACE
#define MODULE_INIT_TASK_FUNCTION init
#include <cryptoserversdk/module_init_1.5.c>
