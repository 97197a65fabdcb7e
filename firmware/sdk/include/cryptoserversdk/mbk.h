/* cryptoserversdk/mbk.h: master backup keys
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_MBK_H
#define CRYPTOSERVERSDK_MBK_H

#include "os_mdl.h"
#include "util.h"
#include "vdes.h"
#include "aes.h"

#define MBK_DB_MAX_KEYS 256
#define MBK_FLG_HASH_SHOW 0x00000001
#define MBK_FLG_OW 0x00000002
#define MBK_FLG_HASH_SET_LB 0x00000040
#define MBK_FLG_KEY_SHOW 0x00000080
#define MBK_FLG_NO_HASH_VERIFY 0x00000100
#define MBK_FLG_KEY_TYPE_AES 0x00000200
#define MBK_SC_REC_SAME 0x00
#define MBK_SC_VER_PP 0xff
#define MBK_NAME_LB 8
#define MBK_INFO_TYPE_1ST 0x00
#define MBK_INFO_TYPE_2ND 0x01
#define MBK_INFO_TYPE_DES 0x00
#define MBK_INFO_TYPE_AES 0x02
#define MBK_INFO_TYPE_KEY_SHARE 0x04
#define MBK_SYM_ENCDEC_MODE_0 0
#define MBK_SYM_MAC_MODE_0 0
#define MBK_FLG_IMP_PP_HASH_SHOW MBK_FLG_HASH_SHOW
#define MBK_FLG_IMP_PP_OW MBK_FLG_OW
#define MBK_FLG_IMP_PP_HASH_SET_LB MBK_FLG_HASH_SET_LB
#define MBK_FLG_IMP_PP_KEY_SHOW MBK_FLG_KEY_SHOW
#define MBK_FLG_IMP_PP_NO_HASH_VERIFY MBK_FLG_NO_HASH_VERIFY
#define MBK_FLG_IMP_PP_KEY_TYPE_AES MBK_FLG_KEY_TYPE_AES
#define MBK_SC_OWR 0xfe
#define MBK_EXT_SFC_TEST 0
#define MBK_EXT_SFC_PERS 1
#define MBK_EXT_SFC_LIST_KEYS 2
#define MBK_EXT_SFC_GEN_KEK 3
#define MBK_EXT_SFC_GENERATE 4
#define MBK_EXT_SFC_IMPORT 5
#define MBK_EI_SFC_IMPORT_PP 0
#define MBK_EI_SFC_IMPORT_DES_SC 1
#define MBK_EI_SFC_IMPORT_AES_SC 2
#define MBK_EI_SFC_GENERATE_DES_SC 3
#define MBK_EI_SFC_GENERATE_AES_SC 4
#define MBK_EI_SFC_SC_INFO 5
#define MBK_EI_SFC_SC_COPY 6
#define MBK_EI_SFC_SC_CHG_PIN 7
#define MBK_EI_SFC_KEY_PP_2_SC 8
#define MBK_EI_SFC_GEN_DES_KEY_SHARES 9
#define MBK_EI_SFC_GEN_AES_KEY_SHARES 10
#define MBK_EI_PP_REG_IMP_PP 0x00000001
#define MBK_EI_PP_REG_IMP_DES_SC 0x00000002
#define MBK_EI_PP_REG_IMP_AES_SC 0x00000004
#define MBK_EI_PP_REG_GEN_DES_SC 0x00000008
#define MBK_EI_PP_REG_GEN_AES_SC 0x00000010
#define MBK_EI_PP_REG_SC_INFO 0x00000020
#define MBK_EI_PP_REG_SC_COPY 0x00000040
#define MBK_EI_PP_REG_SC_CHG_PIN 0x00000080
#define MBK_EI_PP_REG_KEY_PP_2_SC 0x00000100
#define MBK_EI_PP_REG_GEN_DES_KEY_SHARES 0x00000200
#define MBK_EI_PP_REG_GEN_AES_KEY_SHARES 0x00000400
#define MBK_EI_KEY_NO_DES 0
#define MBK_EI_KEY_NO_TMP 1
#define MBK_EI_KEY_NO_AES 3
#define MBK_EI_DES_KEY_NAME "EIDESKEY"
#define MBK_EI_AES_KEY_NAME "EIAESKEY"
#define MBK_EI_REC_NO_DES 1
#define MBK_EI_REC_NO_AES 15

typedef struct {
    unsigned int rec_nr;
    unsigned char name[MBK_NAME_LB];
    unsigned int type;
    TIME_STR ts_gen;
    unsigned char hash[8];
} T_MBK_SC_INFO;

typedef struct {
    unsigned char name[8];
    unsigned char type;
    unsigned char dt[6];
    unsigned char key_len;
    unsigned char hash[16];
    unsigned char n;
    unsigned char k;
    unsigned char id;
} T_MBK_KEY_INFO;

typedef struct {
    const unsigned char* p_kdf_iv;
    unsigned int l_kdf_iv;
    const unsigned char* p_kdf_fixdat;
    unsigned int l_kdf_fixdat;
    const unsigned char* p_cbc_iv_inp;
    unsigned int l_cbc_iv_inp;
    unsigned char* p_cbc_iv_out;
    unsigned int l_cbc_iv_out;
    void* p_cache_handle;
    unsigned int l_cache_handle;
} T_MBK_SYM_ENCDEC_MODE_0_INFO;

typedef struct {
    const unsigned char* p_kdf_iv;
    unsigned int l_kdf_iv;
    const unsigned char* p_kdf_fixdat;
    unsigned int l_kdf_fixdat;
    const unsigned char* p_mac_iv_inp;
    unsigned int l_mac_iv_inp;
    void* p_cache_handle;
    unsigned int l_cache_handle;
} T_MBK_SYM_MAC_MODE_0_INFO;

typedef struct {
    void* p_data;
    int (*start)(T_OS_MDL_HDL smos, void* file, void* coff_mem);
    int (*stop)(void);
    int (*pre_replace)(void);
    int (*pre_delete)(void);
    const void* reserved;
    int (*_mbk_import_pp)(unsigned int key_no, unsigned int ver_rec_no, unsigned int flags);
    int (*_mbk_import_sc)(unsigned int key_no, unsigned int rec_no, unsigned int ver_rec_no, unsigned int*
            key_lb, unsigned char* key_name);
    int (*_mbk_generate_sc)(unsigned int rec_no, unsigned int key_lb, unsigned char* key_name);
    int (*_mbk_get_key)(unsigned int key_no, unsigned int* key_len, unsigned char** key);
    int (*_mbk_get_vkey)(unsigned int key_no, VDES_KEY** keyt);
    int (*_mbk_sc_info)(unsigned int* nentries, T_MBK_SC_INFO** mbk_sc_info);
    int (*_mbk_sc_copy)(void);
    int (*_mbk_sc_chg_pin)(void);
    int (*_mbk_write_sc)(unsigned int rec_no, unsigned int key_len, unsigned char* key, unsigned char*
            key_name);
    int (*_mbk_get_aes_key)(unsigned int key_no, unsigned int mode, AES_KEY** keyt);
    int (*_mbk_ei_register)(unsigned int mask_pp_app);
    int (*_mbk_ei_ctl)(unsigned int param, void* value);
    const void* p_module_info;
    int (*_mbk_import_pp_ex)(unsigned int key_no, unsigned int ver_rec_no, unsigned int flags, unsigned int
            key_len);
    int (*_mbk_import_sc_ex)(unsigned int key_no, unsigned int rec_no, unsigned int ver_rec_no, unsigned int
            flags, unsigned int* key_len, unsigned char* key_name);
    int (*_mbk_generate_sc_ex)(unsigned int rec_no, unsigned int flags, unsigned int key_len, unsigned char*
            key_name);
    int (*_mbk_write_sc_ex)(unsigned int rec_no, unsigned int flags, unsigned int key_len, unsigned char* key,
            unsigned char* key_name);
    int (*_mbk_get_key_ex)(unsigned int key_no, unsigned int* type, unsigned int* key_len, unsigned char**
            key, void** enc_keyt, void** dec_keyt);
    int (*_mbk_ks_split)(unsigned int l_secret, unsigned char* secret, unsigned int k, unsigned int n,
            unsigned int l_share, unsigned char* sx, unsigned char* sy);
    int (*_mbk_ks_combine)(unsigned int k, unsigned int l_share, unsigned char* sx, unsigned char* sy,
            unsigned int l_secret, unsigned char* secret);
    int (*_mbk_get_key_info)(unsigned int key_no, T_MBK_KEY_INFO* key_info);
    int (*_mbk_derive_mac_key)(unsigned int* algo, unsigned int* l_mac, unsigned char* der_mac_key);
    int (*_mbk_derive_crypt_key)(unsigned int* algo, unsigned int* l_crypt, unsigned char* der_crypt_key);
    int (*_mbk_derive_key_sp800108)(unsigned int key_no, unsigned int mode, unsigned int mac_algo, unsigned
            int hash_algo, unsigned char* iv, unsigned int l_iv, unsigned char* fixdat, unsigned int l_fixdat,
            unsigned int l_key, unsigned char* key);
    int (*_mbk_sym_encrypt)(const unsigned int key_no, const unsigned int mode_select, const void* mode_info,
            const unsigned int l_mode_info, const unsigned char* data_inp, const unsigned int l_data_inp,
            unsigned char* out, unsigned int* l_data_out);
    int (*_mbk_sym_decrypt)(const unsigned int key_no, const unsigned int mode_select, const void* mode_info,
            const unsigned int l_mode_info, const unsigned char* data_inp, const unsigned int l_data_inp,
            unsigned char* out, unsigned int* l_data_out);
    int (*_mbk_sym_mac)(const unsigned int key_no, const unsigned int mode_select, const void* mode_info,
            const unsigned int l_mode_info, const unsigned char* data_inp, const unsigned int l_data_inp,
            unsigned char* mac_out, unsigned int* l_mac_out);
} T_MBK_TABLE_PUB;

extern T_OS_MDL_HDL P_MBK;

#define mbk_import_pp (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_import_pp)
#define mbk_import_sc (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_import_sc)
#define mbk_generate_sc (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_generate_sc)
#define mbk_get_key (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_get_key)
#define mbk_get_vkey (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_get_vkey)
#define mbk_sc_info (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_sc_info)
#define mbk_sc_copy (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_sc_copy)
#define mbk_sc_chg_pin (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_sc_chg_pin)
#define mbk_write_sc (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_write_sc)
#define mbk_get_aes_key (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_get_aes_key)
#define mbk_ei_register (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_ei_register)
#define mbk_import_pp_ex (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_import_pp_ex)
#define mbk_import_sc_ex (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_import_sc_ex)
#define mbk_generate_sc_ex (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_generate_sc_ex)
#define mbk_write_sc_ex (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_write_sc_ex)
#define mbk_get_key_ex (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_get_key_ex)
#define mbk_ks_split (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_ks_split)
#define mbk_ks_combine (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_ks_combine)
#define mbk_get_key_info (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_get_key_info)
#define mbk_derive_mac_key (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_derive_mac_key)
#define mbk_derive_crypt_key (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_derive_crypt_key)
#define mbk_derive_key_sp800108 (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_derive_key_sp800108)
#define mbk_sym_encrypt (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_sym_encrypt)
#define mbk_sym_decrypt (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_sym_decrypt)
#define mbk_sym_mac (((T_MBK_TABLE_PUB*)P_MBK)->_mbk_sym_mac)

#define E_MBK_PARA 0xB0960001u /* arguments inconsistent */
#define E_MBK_DB_NO_SERVICE 0xB0960002u /* MBK database currently suspended */
#define E_MBK_NULL_PTR 0xB0960003u /* null pointer argument */
#define E_MBK_PERMISSION 0xB0960004u /* caller not permitted */
#define E_MBK_ISO_HASH_FAIL 0xB0960005u /* ISO key hash mismatch */
#define E_MBK_IG_KEY_TYPES_NM 0xB0960006u /* parts: types differ */
#define E_MBK_IG_KEY_DATE_NM 0xB0960007u /* parts: generation dates differ */
#define E_MBK_IG_KEY_TIME_NM 0xB0960008u /* parts: generation times differ */
#define E_MBK_IG_KEY_NAME_NM 0xB0960009u /* parts: names differ */
#define E_MBK_EX_KEY_CHK_FAIL 0xB096000Au /* old key not verified */
#define E_MBK_SLOT_EMPTY 0xB096000Bu /* no key in slot */
#define E_MBK_KEY_NO 0xB096000Cu /* slot index out of range */
#define E_MBK_REC_NO 0xB096000Du /* card record index out of range */
#define E_MBK_KEY_LB 0xB096000Eu /* bad key length */
#define E_MBK_TIME_WRONG_FORMAT 0xB096000Fu /* malformed time structure */
#define E_MBK_BCD_LB 0xB0960010u /* BCD time has wrong length */
#define E_MBK_KEY_NAME 0xB0960011u /* key name missing */
#define E_MBK_ACTION_CANCELED 0xB0960012u /* user aborted */
#define E_MBK_MODE_INV 0xB0960013u /* AES key mode unknown */
#define E_MBK_DB_VERSION 0xB0960014u /* old and new database both present */
#define E_MBK_EI_PARA_SET_EXT 0xB0960015u /* parameter set before, overwrite flag absent */
#define E_MBK_AES_NA 0xB0960016u /* AES module absent */
#define E_MBK_KEY_TYPE 0xB0960017u /* key type unknown */
#define E_MBK_ALLOC 0xB0960018u /* heap exhausted */
#define E_MBK_BAD_DB_FORMAT 0xB0960019u /* database layout wrong */
#define E_MBK_RECORD_EMPTY 0xB096001Au /* card record holds nothing */
#define E_MBK_SC_EMPTY 0xB096001Bu /* card holds no keys */
#define E_MBK_SEMA_REQ 0xB096001Cu /* semaphore not obtained */
#define E_MBK_MAX_KEK 0xB096001Du /* no room for further KEK */
#define E_MBK_FLAGS_INV 0xB096001Eu /* unknown flags */
#define E_MBK_INFO_LB 0xB096001Fu /* bad info length */
#define E_MBK_KEY_EXISTS 0xB0960020u /* slot already occupied */
#define E_MBK_SHARE_LB 0xB0960021u /* key share length wrong */
#define E_MBK_SHARE_CNT 0xB0960022u /* key share count wrong */
#define E_MBK_ECA_NA 0xB0960023u /* ECA module absent */
#define E_MBK_IG_KEY_SHARE_CNT_NM 0xB0960024u /* shares: count differs */
#define E_MBK_KEY_ID_INV 0xB0960025u /* unknown key id */
#define E_MBK_KEY_ID_SAME 0xB0960026u /* same share id twice */
#define E_MBK_KEK_NOT_FOUND 0xB0960027u /* no KEK matches hash */
#define E_MBK_NOT_SUPPORTED 0xB0960028u /* operation unavailable */
#define E_MBK_NO_PP 0xB0960029u /* PP module absent */
#define E_MBK_NO_SC 0xB096002Au /* SC module absent */
#define E_MBK_LENGTH 0xB096002Eu /* argument has wrong length */
#define E_MBK_OVER_UNDER_FLOW 0xB096002Fu /* arithmetic out of range */

#endif
