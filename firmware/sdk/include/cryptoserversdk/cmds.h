/* cryptoserversdk/cmds.h: command scheduler: functions, users, permissions
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_CMDS_H
#define CRYPTOSERVERSDK_CMDS_H

#include "os_mdl.h"
#include "os_cfg.h"
#include <stdarg.h>

typedef unsigned int T_CMDS_PERM;

typedef struct {
    T_CMDS_PERM perm;
    int dumy[1];
} T_CMDS_HANDLE;

typedef int T_CMDS_FCT(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd);

typedef T_CMDS_FCT* P_CMDS_FCT;

typedef struct {
    unsigned char name[8];
    T_CMDS_PERM perm;
    unsigned char mech;
    unsigned char flags;
    unsigned char att;
} T_CMDS_USER;

typedef struct {
    T_CMDS_PERM perm;
    unsigned short name_count;
    unsigned short name_len;
    unsigned char names[1];
} T_CMDS_AUTH_STATE;

typedef struct {
    unsigned char name[8];
    T_CMDS_PERM perm;
} T_CMDS_AUTH_LIST;

#define check_permission(handle,group,value) ((((handle)->perm >> ((group) << 2)) & 0x0f) < (value))
#define CMDS_UFLG_LOGIN 1
#define CMDS_UFLG_SM 2
#define CMDS_UFLG_SM_AUTH 4
#define CMDS_UFLG_TMP 0x80
#define CMDS_MECH_RSA_SIGN 0
#define CMDS_MECH_CLR_PWD 1
#define CMDS_MECH_SHA1_PWD 2
#define CMDS_MECH_RSA_SC 3
#define CMDS_MECH_HMAC_PWD 4
#define CMDS_MECH_ECDSA 5
#define CMDS_MECH_SM_AES 2
#define CMDS_MECH_SM_AES_CMAC 3
#define CMDS_MODE_SM_DH 3
#define CMDS_MODE_SM_ECDH 5
#define CMDS_MODE_SM_DH_MA_RSA 6
#define CMDS_MODE_SM_FAST 0x80

typedef struct {
    void* p_data;
    int (*start)(T_OS_MDL_HDL smos, void* file, void* coff_mem);
    int (*stop)(void);
    int (*pre_replace)(void);
    int (*pre_delete)(void);
    const void* reserved;
    const void* p_module_info;
    void (*_cmds_print)(unsigned char*, ...);
    void (*_cmds_xprint)(char*, void*, int);
    int (*_cmds_register)(int, int, const P_CMDS_FCT*);
    int (*_cmds_unregister)(int);
    int (*_cmds_alloc_answ)(T_CMDS_HANDLE*, int, unsigned char**);
    int (*_cmds_scanf)(int, unsigned char*, char*, int, void*);
    int (*_cmds_register_ppapp)(int, int, char*, unsigned int, unsigned char*);
    int (*_cmds_unregister_ppapp)(int, int);
    void (*_cmds_vprint)(unsigned char*, va_list);
    int (*_cmds_get_user_token)(unsigned char*, unsigned char**);
    int (*_add_user)(unsigned char*, T_CMDS_PERM, unsigned char, unsigned char, unsigned int, unsigned char*);
    int (*_cmds_del_user)(unsigned char*);
    int (*_cmds_change_user)(unsigned char*, unsigned int, unsigned char*);
    int (*_cmds_list_user)(unsigned int*, T_CMDS_USER**);
    int (*_cmds_alloc_eansw)(T_CMDS_HANDLE*, int, unsigned char**);
    int (*_cmds_logoff_user)(unsigned char*, T_CMDS_PERM);
    int (*_cmds_login_user)(unsigned char*, T_CMDS_PERM);
    int (*_cmds_critical_error)(int);
    int (*_cmds_get_auth_state)(T_CMDS_HANDLE* handle, T_CMDS_AUTH_STATE** state);
    int (*_cmds_add_user_ex)(unsigned int, unsigned char*, T_CMDS_PERM, unsigned char, unsigned char, unsigned
            int, unsigned char*, unsigned int, unsigned char*, unsigned char*);
    int (*_cmds_get_user_info)(unsigned int, unsigned char*, unsigned char, unsigned int*, unsigned char*);
    int (*_cmds_gen_sessionkey)(unsigned int, unsigned int, unsigned int, unsigned char*, unsigned char*,
            unsigned char*, unsigned char*, unsigned int*, unsigned char*);
    int (*_cmds_match_user_att)(unsigned char*, unsigned char, unsigned int, unsigned char** prop,
            T_CMDS_PERM*);
    int (*_cmds_check_auth_state)(T_CMDS_HANDLE*, unsigned char, unsigned int, unsigned char** prop, unsigned
            int*, T_CMDS_AUTH_LIST*, T_CMDS_PERM*);
    int (*_cmds_backup_user)(unsigned char* name, unsigned int* l_len, unsigned char** bckup);
    int (*_cmds_restore_user)(unsigned int l_bckup, unsigned char* bckup);
    int (*_cmds_get_sessionkey)(T_CMDS_HANDLE*, unsigned char*, unsigned int*, unsigned char* key);
    int (*_cmds_audit_write)(unsigned int mclass, T_CMDS_HANDLE* handle, unsigned char* str, ...);
    int (*_cmds_erase)(void);
    int (*_cmds_set_max_auth_fails)(unsigned char);
    int (*_cmds_get_max_auth_fails)(void);
    int (*_cmds_set_admin_mode)(char mode);
    int (*_cmds_set_startup_mode)(char mode);
    int (*_cmds_get_startup_mode)(void);
    int (*_cmds_get_fc)(T_CMDS_HANDLE*, int*, int*);
    int (*_cmds_gen_sessionkey_ex)(unsigned int, unsigned int, unsigned int, unsigned char*, unsigned int,
            unsigned char*, unsigned char*, unsigned char*, unsigned int*, unsigned char*, unsigned char*);
    int (*_cmds_signed_cfg_open)(const char* basename, const int name_len, OS_CFG_HANDLE* handle);
} T_CMDS_TABLE_PUB;

extern T_OS_MDL_HDL P_CMDS;

#define cmds_print (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_print)
#define cmds_xprint (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_xprint)
#define cmds_register (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_register)
#define cmds_unregister (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_unregister)
#define cmds_alloc_answ (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_alloc_answ)
#define cmds_scanf (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_scanf)
#define cmds_register_ppapp (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_register_ppapp)
#define cmds_unregister_ppapp (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_unregister_ppapp)
#define cmds_vprint (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_vprint)
#define cmds_get_user_token (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_get_user_token)
#define cmds_del_user (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_del_user)
#define cmds_change_user (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_change_user)
#define cmds_list_user (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_list_user)
#define cmds_alloc_eansw (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_alloc_eansw)
#define cmds_logoff_user (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_logoff_user)
/* Logons beyond a session are retired: E_CMDS_STATIC_LOGIN for a user that there is, E_CMDS_NO_USER for
 * others. So cmds_logoff_user has nobody to log off: E_CMDS_LOGOFF_FAILED. */
#define cmds_login_user (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_login_user)
#define cmds_critical_error (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_critical_error)
#define cmds_get_auth_state (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_get_auth_state)
#define cmds_add_user_ex (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_add_user_ex)
#define cmds_get_user_info (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_get_user_info)
#define cmds_gen_sessionkey (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_gen_sessionkey)
#define cmds_match_user_att (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_match_user_att)
#define cmds_check_auth_state (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_check_auth_state)
#define cmds_backup_user (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_backup_user)
#define cmds_restore_user (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_restore_user)
/* Mechanism (CMDS_MECH_SM_*) and key of the session in which the command came, 32 bytes that both of its ends
 * have and that seal no message (assumption); key NULL: its length alone. E_CMDS_SM_ID: it came in none.
 * E_CMDS_BUFF_SIZE, E_CMDS_INVAL. */
#define cmds_get_sessionkey (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_get_sessionkey)
#define cmds_audit_write (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_audit_write)
#define cmds_erase (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_erase)
#define cmds_set_max_auth_fails (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_set_max_auth_fails)
#define cmds_get_max_auth_fails (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_get_max_auth_fails)
#define cmds_set_admin_mode (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_set_admin_mode)
#define cmds_set_startup_mode (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_set_startup_mode)
#define cmds_get_startup_mode (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_get_startup_mode)
#define cmds_get_fc (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_get_fc)
#define cmds_gen_sessionkey_ex (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_gen_sessionkey_ex)
/* Not offered: nothing public says what such a file is called or how it is signed. Answers
 * E_OS_FILE_NO_SUCH_FILE and OS_CFG_INVALID_HANDLE, as on a device that has none. */
#define cmds_signed_cfg_open (((T_CMDS_TABLE_PUB*)P_CMDS)->_cmds_signed_cfg_open)

#define E_CMDS_DENIED 0xB0830001u /* permission denied */
#define E_CMDS_NO_MEM 0xB0830002u /* heap exhausted */
#define E_CMDS_INVAL 0xB0830003u /* argument not acceptable */
#define E_CMDS_IN_USE 0xB0830004u /* module id registered already */
#define E_CMDS_BAD_FC 0xB0830005u /* no module with that id */
#define E_CMDS_BAD_SFC 0xB0830006u /* no handler with that index */
#define E_CMDS_BAD_NAME 0xB0830007u /* user name malformed */
#define E_CMDS_DATA_LEN 0xB0830008u /* command block has wrong length */
#define E_CMDS_TASK_ERR 0xB0830009u /* task creation failed */
#define E_CMDS_BAD_TAG 0xB083000Au /* command block starts with wrong tag */
#define E_CMDS_FMT_LEN 0xB083000Bu /* scanf format holds wrong length */
#define E_CMDS_BAD_CMD 0xB083000Cu /* command block malformed */
#define E_CMDS_BAD_OUT 0xB083000Du /* scanf destination structure unsuitable */
#define E_CMDS_BAD_FMT 0xB083000Eu /* scanf format unusable */
#define E_CMDS_USER_EXISTS 0xB083000Fu /* name taken by other user */
#define E_CMDS_BAD_MECH 0xB0830010u /* unknown authentication mechanism */
#define E_CMDS_NO_DB 0xB0830011u /* DB module absent */
#define E_CMDS_BAD_AUTH_CMD 0xB0830012u /* malformed command in AUTH layer */
#define E_CMDS_AUTH_FAILED 0xB0830013u /* credentials rejected */
#define E_CMDS_NO_VRSA 0xB0830014u /* VRSA module absent */
#define E_CMDS_BAD_PERM 0xB0830015u /* permission mask unacceptable */
#define E_CMDS_NO_USER 0xB0830016u /* no such user */
#define E_CMDS_BAD_ATT 0xB0830017u /* user attribute string unacceptable */
#define E_CMDS_LOGOFF_FAILED 0xB083001Bu /* log-off not done */
#define E_CMDS_USER_ACTIVE 0xB083001Cu /* cannot delete user while logged in */
#define E_CMDS_BAD_TOKEN 0xB083001Du /* key or password unacceptable */
#define E_CMDS_NO_VDES 0xB083001Eu /* VDES module absent */
#define E_CMDS_NO_UTIL 0xB083001Fu /* UTIL module absent */
#define E_CMDS_NO_HASH 0xB0830020u /* HASH module absent */
#define E_CMDS_SM_FAILED 0xB0830021u /* secure messaging check failed */
#define E_CMDS_SM_EXPIRED 0xB0830022u /* secure session timed out */
#define E_CMDS_SM_ID 0xB0830023u /* unknown secure session id */
#define E_CMDS_BF_OVL 0xB0830024u /* internal buffer overrun */
#define E_CMDS_FIPS_INIT 0xB0830025u /* FIPS start-up failed */
#define E_CMDS_USER_MODE 0xB0830026u /* mode unsuitable for this user */
#define E_CMDS_BAD_MODE 0xB0830027u /* mode value unknown */
#define E_CMDS_BAD_SIZE 0xB0830028u /* answer size not permitted */
#define E_CMDS_NO_MBK 0xB0830029u /* MBK module absent */
#define E_CMDS_INVAL_BCK 0xB083002Au /* backup record not valid */
#define E_CMDS_BAD_UDB_ENTRY 0xB083002Bu /* corrupt user database record */
#define E_CMDS_BUFF_SIZE 0xB083002Cu /* output buffer short */
#define E_CMDS_NO_MBK_KEY 0xB083002Du /* MBK slot holds nothing */
#define E_CMDS_MBK_TYPE 0xB083002Eu /* MBK has other key type */
#define E_CMDS_NO_AES 0xB083002Fu /* AES module absent */
#define E_CMDS_NO_HMAC 0xB0830030u /* HMAC unavailable */
#define E_CMDS_NO_ECC 0xB0830031u /* ECC unavailable */
#define E_CMDS_ALARM 0xB0830032u /* device in alarm */
#define E_CMDS_BAD_INITKEY 0xB0830033u /* init.key file unusable */
#define E_CMDS_ADMIN_AMPUTATION 0xB0830034u /* last key-based administrator must stay */
#define E_CMDS_USER_FLAG_NOT_ALLOWED 0xB0830035u /* forbidden user flag */
#define E_CMDS_SM_PERM_DIFF 0xB0830036u /* session users must share one permission */
#define E_CMDS_NVRAM 0xB0830037u /* NVRAM access failed */
#define E_CMDS_AUTH_FAIL_CNT_EXCEEDED 0xB0830038u /* failed log-on limit hit */
#define E_CMDS_PARAM_FIPS 0xB0830039u /* FIPS: argument refused */
#define E_CMDS_DENIED_FIPS 0xB083003Au /* FIPS: log-on required */
#define E_CMDS_BAD_MECH_FIPS 0xB083003Bu /* FIPS: mechanism refused */
#define E_CMDS_BAD_ATT_FIPS 0xB083003Cu /* FIPS: attributes refused */
#define E_CMDS_BAD_USER_FLAG_FIPS 0xB083003Du /* FIPS: flag refused */
#define E_CMDS_MAX_AUTH_USER_REACHED 0xB083003Eu /* too many users logged in */
#define E_CMDS_SM_MISSING_FIPS 0xB083003Fu /* FIPS: log-on needs secure messaging */
#define E_CMDS_AUTH_FIPS_ESTATE 0xB0830041u /* FIPS error state: no log-on */
#define E_CMDS_FIPS_BLOCKED 0xB0830042u /* FIPS: function locked */
#define E_CMDS_ADMIN_BAD_FUNC 0xB0830044u /* locked in administration mode */
#define E_CMDS_MAX_AUTH_FAIL_READ 0xB0830046u /* MaxAuthFailures file damaged */
#define E_CMDS_ERROR_STATE 0xB0830047u /* locked in error state */
#define E_CMDS_LOGIN_CC 0xB0830050u /* CC: static log-on refused */
#define E_CMDS_AUTH_CC_ESTATE 0xB0830051u /* CC error state: no log-on */
#define E_CMDS_CC_BLOCKED 0xB0830052u /* CC: function locked */
#define E_CMDS_CC_ERROR_STATE 0xB0830053u /* CC error state: function locked */
#define E_CMDS_CC_INIT 0xB0830054u /* CC start-up failed */
#define E_CMDS_BAD_PERM_CC 0xB0830055u /* CC: overlapping permissions refused */
#define E_CMDS_CC_MISSING 0xB0830056u /* CC: cc-cms.msc not in flash */
#define E_CMDS_BAD_TOKEN_CC 0xB0830057u /* CC: RSA token below 1024 bit */
#define E_CMDS_PARAM_CC 0xB0830059u /* CC: argument refused */
#define E_CMDS_DENIED_CC 0xB083005Au /* CC: log-on required */
#define E_CMDS_BAD_MECH_CC 0xB083005Bu /* CC: mechanism refused */
#define E_CMDS_BAD_ATT_CC 0xB083005Cu /* CC: attributes refused */
#define E_CMDS_BAD_USER_FLAG_CC 0xB083005Du /* CC: flag refused */
#define E_CMDS_SM_MISSING_CC 0xB083005Fu /* CC: log-on needs secure messaging */
#define E_CMDS_SM_DH_BAD_PARAM 0xB0830060u /* weak host DH value */
#define E_CMDS_SFC_DISABLED 0xB0830061u /* function switched off by configuration */
#define E_CMDS_HASH_VERS 0xB0830062u /* HASH module version unsuitable */
#define E_CMDS_CHALLENGE_LEN 0xB0830063u /* illegal challenge length requested */
#define E_CMDS_SM_MA_ALARM 0xB0830064u /* alarm: no mutual authentication */
#define E_CMDS_BAD_SM_MODE 0xB0830065u /* retired secure messaging mode */
#define E_CMDS_BAD_AUTH_MECH 0xB0830066u /* user has retired mechanism */
#define E_CMDS_STATIC_LOGIN 0xB0830067u /* static log-on retired */
#define E_CMDS_CC_SM_MA 0xB0830070u /* CC: mutual authentication required */
#define E_CMDS_CC_HIGH_PERM 0xB0830071u /* CC: level above 3 refused */
#define E_CMDS_SM_SESS_CLOSED 0xB0830072u /* secure session already closed */
#define E_CMDS_CC_MDL_MISSING 0xB0830073u /* CC: needed module absent */
#define E_CMDS_CC_MDL_INIT_FAILED 0xB0830074u /* CC: needed module did not start */
#define E_CMDS_CC_MDL_VERSION 0xB0830075u /* CC: module version unsuitable */

#endif
