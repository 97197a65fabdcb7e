/* cryptoserversdk/cxi.h: keys of CXI
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_CXI_H
#define CRYPTOSERVERSDK_CXI_H

#include "cxi_defs.h"
#include "hash.h"
#include "db.h"
#include "os_mem.h"

#define CONST const

typedef struct {
    unsigned int prop;
    unsigned int l_value;
    unsigned char* p_value;
} T_CXI_PROP;

typedef struct {
    unsigned char* p_exp;
    unsigned int l_exp;
    unsigned char* p_mod;
    unsigned int l_mod;
    unsigned char* p_p;
    unsigned int l_p;
    unsigned char* p_q;
    unsigned int l_q;
    unsigned char* p_dp;
    unsigned int l_dp;
    unsigned char* p_dq;
    unsigned int l_dq;
    unsigned char* p_u;
    unsigned int l_u;
    unsigned char* p_exp2;
    unsigned int l_exp2;
} T_CXI_RSA_COMP;

typedef struct {
    unsigned char* p_curve;
    unsigned int l_curve;
    unsigned char* p_pub;
    unsigned int l_pub;
    unsigned char* p_sec;
    unsigned int l_sec;
} T_CXI_ECC_COMP;

typedef struct {
    unsigned char* p_p;
    unsigned int l_p;
    unsigned char* p_q;
    unsigned int l_q;
    unsigned char* p_g;
    unsigned int l_g;
    unsigned char* p_pub;
    unsigned int l_pub;
    unsigned char* p_sec;
    unsigned int l_sec;
} T_CXI_DSA_COMP;

typedef struct {
    unsigned char* p_val;
    unsigned int l_val;
} T_CXI_SYM_COMP;

typedef struct {
    unsigned int algo;
    union { T_CXI_RSA_COMP rsa; T_CXI_ECC_COMP ecc; T_CXI_DSA_COMP dsa; T_CXI_SYM_COMP sym; } u;
} T_CXI_KEY_COMP;

typedef void T_CXI_DB;

typedef struct vdmCallback T_CXI_VDM_CB;

typedef struct T_CXI_CTX_ T_CXI_CTX;

typedef struct T_CXI_INFO_ T_CXI_INFO;

typedef struct T_CXI_ATTR_ T_CXI_ATTR;

typedef struct T_CXI_ATTRSET_ T_CXI_ATTRSET;

typedef struct T_CXI_ITEM_ T_CXI_ITEM;

typedef struct T_CXI_MECH_ T_CXI_MECH;

typedef struct T_CXI_DP_FIPS_PARA_ T_CXI_DP_FIPS_PARA;

typedef struct {
    void* p_data;
    int (*start)(T_OS_MDL_HDL smos, void* file, void* coff_mem);
    int (*stop)(void);
    int (*pre_replace)(void);
    int (*pre_delete)(void);
    const void* reserved;
    const void* p_module_info;
    int (*_cxi_int_key_import)(unsigned int flags, T_CXI_PROP* prop_tab, unsigned int nprops, T_CXI_KEY_COMP*
            key_comp);
    int (*_cxi_int_key_export)(unsigned int flags, T_CXI_PROP* prop_tab, unsigned int nprops, T_CXI_KEY_COMP*
            key_comp);
    int (*_cxi_int_free_key_comp)(T_CXI_KEY_COMP* key_comp);
    int (*_cxi_int_key_import_ex)(unsigned int flags, T_CXI_PROP* prop_tab, unsigned int nprops,
            T_CXI_KEY_COMP* key_comp, unsigned char** key_obj, unsigned int* l_key_obj);
    int (*_cxi_int_key_export_ex)(unsigned int flags, unsigned char* key_obj, unsigned int l_key_obj,
            T_CXI_PROP* id, unsigned int nids, T_CXI_PROP* prop_tab, unsigned int nprops, T_CXI_KEY_COMP*
            key_comp);
    int (*_cxi_int_cxidb_alloc)(DB* db, char* psz_db_name, T_CXI_DB** cxidb, char* kuu_name);
    void (*_cxi_int_cxidb_free)(T_CXI_DB** cxidb);
    int (*_cxi_int_item_alloc)(unsigned int size, T_OS_MEM_TYPE type, T_CXI_ITEM* ba);
    void (*_cxi_int_item_free)(T_CXI_ITEM* ba);
    void (*_cxi_int_attrset_free)(T_CXI_ATTRSET* attrset);
    int (*_cxi_int_attrset_copy)(const T_CXI_ATTRSET* attrset_src, const T_CXI_ATTR* attr_src, T_CXI_ATTRSET*
            attrset_dst);
    int (*_cxi_int_attr_type)(unsigned int attr_id, unsigned int* type);
    const T_CXI_PROP* (*_cxi_int_attr_map)(const char* name, int id);
    int (*_cxi_int_attr_set)(T_CXI_ATTRSET* attrset, unsigned int attr_id, unsigned char* val, unsigned int
            len);
    int (*_cxi_int_attr_exists)(T_CXI_ATTRSET* attrset, unsigned int attr_id);
    int (*_cxi_int_attr_get_byte_buffer)(T_CXI_ATTRSET* attrset, unsigned int attr_id, unsigned char* buf,
            unsigned int* len);
    int (*_cxi_int_attr_set_int)(T_CXI_ATTRSET* ttrset, unsigned int attr_id, unsigned int val);
    int (*_cxi_int_attr_get_int)(T_CXI_ATTRSET* attrset, unsigned int attr_id, unsigned int* val);
    int (*_cxi_int_attr_set_bool)(T_CXI_ATTRSET* attrset, unsigned int attr_id, unsigned char val);
    int (*_cxi_int_attr_get_bool)(T_CXI_ATTRSET* attrset, unsigned int attr_id, unsigned char* val);
    int (*_cxi_int_attr_set_date)(T_CXI_ATTRSET* attrset, unsigned int attr_id, unsigned int time);
    int (*_cxi_int_attr_get_date)(T_CXI_ATTRSET* attrset, unsigned int attr_id, unsigned int* time);
    int (*_cxi_int_get_info)(T_CXI_CTX* ctx, T_CXI_INFO* info);
    int (*_cxi_int_key_dsa_xgen)(T_CXI_CTX* ctx, T_CXI_MECH* mech, unsigned int psize, unsigned int qsize,
            unsigned char* p, unsigned char* q, unsigned char* g);
    int (*_cxi_int_key_backup)(T_CXI_CTX* ctx, T_CXI_ITEM* key, T_CXI_ITEM* res_blob);
    int (*_cxi_int_key_restore)(T_CXI_CTX* ctx, unsigned int flags, T_CXI_ITEM* blob, T_CXI_ATTRSET* attrset,
            T_CXI_ITEM* res_key);
    int (*_cxi_int_key_list)(T_CXI_CTX* ctx, unsigned char* skey, T_CXI_ATTRSET* filter_attrset, unsigned int*
            n_key_attrset, T_CXI_ATTRSET* key_attrset);
    int (*_cxi_int_key_generate)(T_CXI_CTX* ctx, unsigned int flags, T_CXI_MECH* mech, T_CXI_ATTRSET*
            key_attrset, T_CXI_ITEM* res_key);
    int (*_cxi_int_key_open)(T_CXI_CTX* ctx, unsigned int flags, T_CXI_ATTRSET* key_attrset, T_CXI_ITEM*
            res_key);
    int (*_cxi_int_key_delete)(T_CXI_CTX* ctx, T_CXI_ITEM* key, T_CXI_ATTRSET* attrset);
    int (*_cxi_int_key_prop_get)(T_CXI_CTX* ctx, T_CXI_ITEM* key, T_CXI_ATTRSET* attrset_desired,
            T_CXI_ATTRSET* attrset_output);
    int (*_cxi_int_key_prop_set)(T_CXI_CTX* ctx, T_CXI_ITEM* key, T_CXI_ATTRSET* attrset, T_CXI_ITEM*
            res_key);
    int (*_cxi_int_key_export_ext)(T_CXI_CTX* ctx, unsigned int type, T_CXI_MECH* mech, T_CXI_ITEM* key,
            T_CXI_ITEM* kek, T_CXI_ITEM* res_blob);
    int (*_cxi_int_key_import_ext)(T_CXI_CTX* ctx, unsigned int flags, unsigned int type, T_CXI_MECH* mech,
            T_CXI_ATTRSET* attrset, T_CXI_ITEM* blob, T_CXI_ITEM* kek, T_CXI_ITEM* res_key);
    int (*_cxi_int_hash_compute)(T_CXI_CTX* ctx, unsigned int flags, T_CXI_ITEM* key, T_CXI_MECH* mech,
            T_CXI_ITEM* secret, T_CXI_ITEM* data, T_CXI_ITEM* prepend, T_CXI_ITEM* append, T_CXI_ITEM* hash,
            unsigned int* hash_size, T_CXI_ITEM* res);
    int (*_cxi_int_crypt)(T_CXI_CTX* ctx, unsigned int flags, T_CXI_ITEM* key, T_CXI_MECH* mech, const
            unsigned int nitems, T_CXI_ITEM* in, unsigned int* size_out, T_CXI_ITEM* out, T_CXI_ITEM* iv_out,
            T_CXI_ITEM* at_out, T_CXI_ITEM* ic_out, T_CXI_ITEM* ii_out, T_CXI_ITEM* tk_out, T_CXI_ITEM*
            ti_out);
    int (*_cxi_int_sign)(T_CXI_CTX* ctx, unsigned int flags, T_CXI_ITEM* key, T_CXI_MECH* mech, unsigned int
            nitems, T_CXI_ITEM* in, unsigned int* size_out, T_CXI_ITEM* out, T_CXI_ITEM* ii_out);
    int (*_cxi_int_verify)(T_CXI_CTX* ctx, unsigned int flags, T_CXI_ITEM* key, T_CXI_MECH* mech, T_CXI_ITEM*
            in, T_CXI_ITEM* sign_in, unsigned int* size_out, T_CXI_ITEM* out);
    int (*_cxi_int_secret_agree)(T_CXI_CTX* ctx, unsigned int flags, T_CXI_MECH* mech, T_CXI_ITEM* key_prv,
            T_CXI_ITEM* key_pub, T_CXI_ITEM* secret_out);
    int (*_cxi_int_key_derive)(T_CXI_CTX* ctx, unsigned int flags, T_CXI_ITEM* key, T_CXI_MECH* mech,
            T_CXI_ATTRSET* attrset, T_CXI_ITEM* res_key);
    int (*_cxi_int_key_dsa_pqgen)(T_CXI_CTX* ctx, T_CXI_MECH* mech, T_CXI_DP_FIPS_PARA* dp_fips_para, unsigned
            int psize, unsigned int qsize, T_CXI_ITEM* seed_out, T_CXI_ITEM* out, T_CXI_ITEM* q_out);
    int (*_cxi_int_key_dsa_ggen)(T_CXI_CTX* ctx, T_CXI_DP_FIPS_PARA* dp_fips_para, unsigned int l_p, unsigned
            char* p, unsigned int l_q, unsigned char* q, unsigned char* g);
    int (*_cxi_int_key_split)(T_CXI_CTX* ctx, T_CXI_ITEM* key, unsigned int nitems, unsigned int const* flags,
            unsigned int const* offset, T_CXI_ATTRSET* attrset, T_CXI_ITEM* res_key);
    int (*_cxi_int_register_vdm)(T_CXI_VDM_CB* pVDMCallback, char priority);
} T_CXI_TABLE_PUB;

extern T_OS_MDL_HDL P_CXI;

#define cxi_int_free_key_comp (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_free_key_comp)
#define cxi_int_key_import_ex (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_key_import_ex)
#define cxi_int_key_export_ex (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_key_export_ex)
/* From here to cxi_int_key_split: not offered. They take structures that no public header lays out, or answer
 * in numbers that nothing public gives; each answers E_CXI_NOT_SUPPORTED, or NULL. */
#define cxi_int_cxidb_alloc (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_cxidb_alloc)
#define cxi_int_cxidb_free (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_cxidb_free)
#define cxi_int_item_alloc (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_item_alloc)
#define cxi_int_item_free (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_item_free)
#define cxi_int_attrset_free (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_attrset_free)
#define cxi_int_attrset_copy (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_attrset_copy)
#define cxi_int_attr_type (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_attr_type)
#define cxi_int_attr_map (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_attr_map)
#define cxi_int_attr_set (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_attr_set)
#define cxi_int_attr_exists (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_attr_exists)
#define cxi_int_attr_get_byte_buffer (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_attr_get_byte_buffer)
#define cxi_int_attr_set_int (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_attr_set_int)
#define cxi_int_attr_get_int (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_attr_get_int)
#define cxi_int_attr_set_bool (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_attr_set_bool)
#define cxi_int_attr_get_bool (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_attr_get_bool)
#define cxi_int_attr_set_date (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_attr_set_date)
#define cxi_int_attr_get_date (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_attr_get_date)
#define cxi_int_get_info (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_get_info)
#define cxi_int_key_dsa_xgen (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_key_dsa_xgen)
#define cxi_int_key_backup (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_key_backup)
#define cxi_int_key_restore (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_key_restore)
#define cxi_int_key_list (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_key_list)
#define cxi_int_key_generate (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_key_generate)
#define cxi_int_key_open (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_key_open)
#define cxi_int_key_delete (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_key_delete)
#define cxi_int_key_prop_get (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_key_prop_get)
#define cxi_int_key_prop_set (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_key_prop_set)
#define cxi_int_key_export_ext (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_key_export_ext)
#define cxi_int_key_import_ext (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_key_import_ext)
#define cxi_int_hash_compute (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_hash_compute)
#define cxi_int_crypt (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_crypt)
#define cxi_int_sign (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_sign)
#define cxi_int_verify (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_verify)
#define cxi_int_secret_agree (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_secret_agree)
#define cxi_int_key_derive (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_key_derive)
#define cxi_int_key_dsa_pqgen (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_key_dsa_pqgen)
#define cxi_int_key_dsa_ggen (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_key_dsa_ggen)
#define cxi_int_key_split (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_key_split)
#define cxi_int_register_vdm (((T_CXI_TABLE_PUB*)P_CXI)->_cxi_int_register_vdm)

#define E_CXI_MALLOC 0xB0680000u /* heap exhausted */
#define E_CXI_PERMISSION_DENIED 0xB0680001u /* caller not permitted */
#define E_CXI_BUF_SIZE 0xB0680002u /* output buffer short */
#define E_CXI_NOT_SUPPORTED 0xB0680003u /* operation unavailable */
#define E_CXI_MBK_NOT_LOADED 0xB0680004u /* MBK module absent */
#define E_CXI_INVALID_PARAM_TAG 0xB0680005u /* command parameter: wrong tag */
#define E_CXI_INVALID_PARAM_LEN 0xB0680006u /* command parameter: wrong length */
#define E_CXI_INVALID_PARAM_VAL 0xB0680007u /* command parameter: wrong value */
#define E_CXI_INVALID_FLAGS 0xB0680008u /* unknown flags */
#define E_CXI_SFC_RFU 0xB0680009u /* unassigned function code */
#define E_CXI_INTERNAL 0xB068000Au /* unexpected internal failure */
#define E_CXI_MBK_TYPE 0xB068000Bu /* MBK not of needed type */
#define E_CXI_VALIDITY_PERIOD 0xB068000Cu /* key outside its dates */
#define E_CXI_SMOS_VERSION 0xB068000Du /* OS version insufficient */
#define E_CXI_PROP_ABSENT 0xB0680010u /* property must not be given */
#define E_CXI_PROP_UNKNOWN 0xB0680011u /* no such property id */
#define E_CXI_PROP_NOT_FOUND 0xB0680012u /* object lacks this property */
#define E_CXI_PROP_EXISTS 0xB0680013u /* property given twice */
#define E_CXI_PROP_READONLY 0xB0680014u /* property cannot be changed */
#define E_CXI_PROP_PROTECTED 0xB0680015u /* property guarded against change */
#define E_CXI_PROP_TAG 0xB0680016u /* wrong tag in property list */
#define E_CXI_PROP_VAL 0xB0680017u /* wrong property contents */
#define E_CXI_PROP_LEN 0xB0680018u /* wrong property size */
#define E_CXI_PROP_SENSITIVE 0xB0680019u /* secret property, not readable */
#define E_CXI_PROP_COMPARE 0xB068001Au /* differs from template */
#define E_CXI_PROP_LOCAL_ONLY 0xB068001Bu /* allowed only for grouped objects */
#define E_CXI_KEY_INVALID_ALGO 0xB0680020u /* algorithm id unknown */
#define E_CXI_KEY_INVALID_SIZE 0xB0680021u /* key size out of range */
#define E_CXI_KEY_INVALID_TAG 0xB0680022u /* wrong tag in key object */
#define E_CXI_KEY_INVALID_COMP 0xB0680023u /* key component unusable */
#define E_CXI_KEY_BLOB_FORMAT 0xB0680024u /* key blob malformed */
#define E_CXI_KEY_TYPE 0xB0680025u /* wrong kind of key */
#define E_CXI_KEY_BLOB_MAC 0xB0680026u /* key blob MAC mismatch */
#define E_CXI_KEY_INVALID_NAME 0xB0680027u /* key name unusable */
#define E_CXI_KEY_INVALID_TOKEN 0xB0680028u /* key token unusable */
#define E_CXI_KEY_MISSING_COMP 0xB0680029u /* key component absent */
#define E_CXI_KEY_EXTERNAL_ONLY 0xB068002Au /* internal keys switched off */
#define E_CXI_KEY_EXPORT_DENIED 0xB068002Bu /* export not granted */
#define E_CXI_KEY_IMPORT_DENIED 0xB068002Cu /* import not granted */
#define E_CXI_KEY_MECH_NOT_ALLOWED 0xB068002Du /* mechanism outside key's list */
#define E_CXI_KEY_INVALID_BLEN 0xB068002Eu /* block length unusable */
#define E_CXI_KEY_USAGE 0xB068002Fu /* usage bit missing */
#define E_CXI_CRYPT_PADDING 0xB0680030u /* padding check failed */
#define E_CXI_CRYPT_MECH 0xB0680031u /* mechanism unsuitable */
#define E_CXI_CRYPT_IV_LEN 0xB0680032u /* IV has wrong length */
#define E_CXI_CRYPT_SIGN_VERIFY 0xB0680033u /* signature mismatch */
#define E_CXI_CRYPT_DATA_LEN 0xB0680034u /* input data length wrong */
#define E_CXI_CRYPT_MECH_PARA 0xB0680035u /* mechanism parameter unusable */
#define E_CXI_ITEM_NOT_FOUND 0xB0680040u /* list item absent */
#define E_CXI_ITEM_TAG 0xB0680041u /* list item: wrong tag */
#define E_CXI_ITEM_LEN 0xB0680042u /* list item: wrong length */
#define E_CXI_ITEM_VAL 0xB0680043u /* list item: wrong value */
#define E_CXI_ITEM_COUNT 0xB0680044u /* list has wrong item count */
#define E_CXI_FILE_SIZE 0xB0680050u /* file has wrong size */
#define E_CXI_ABORT_ENUM 0xB0680060u /* listing stopped by callback */
#define E_CXI_INVALID_IN_PARAM 0xB0680061u /* internal API: argument wrong */
#define E_CXI_INTERNAL_INPUT_ONLY 0xB0680062u /* external object refused here */
#define E_CXI_OVERWRITE 0xB0680063u /* overwrite flag not usable here */
#define E_CXI_VDM_CB_NOT_REGISTERED 0xB0680070u /* VDM: no callback */
#define E_CXI_VDM_MECH_NOT_HANDLED 0xB0680071u /* VDM: mechanism left unhandled */
#define E_CXI_VDM_CB_DATA_INCONSISTENT 0xB0680072u /* VDM: callback overran its buffer */
#define E_CXI_VDM_CB_STATE_INVALID 0xB0680073u /* VDM: wrong state buffer returned */
#define E_CXI_VDM_CB_BUF_LEN_ZERO 0xB0680074u /* VDM: empty buffer returned */
#define E_CXI_BB_WRONG_MBK 0xB0680080u /* backup made under other MBK */
#define E_CXI_BB_TBK_PASSPHRASE 0xB0680081u /* backup passphrase wrong */
#define E_CXI_FIPS_BLOCKED 0xB0680100u /* FIPS: function locked */
#define E_CXI_FIPS_MECH 0xB0680101u /* FIPS: mechanism refused */
#define E_CXI_FIPS_OBJ_TYPE 0xB0680102u /* FIPS: object type refused */
#define E_CXI_FIPS_ALGO 0xB0680103u /* FIPS: algorithm refused */
#define E_CXI_FIPS_KEY_SIZE 0xB0680104u /* FIPS: key size refused */
#define E_CXI_FIPS_KEY_IMPORT 0xB0680105u /* FIPS: plain import refused */
#define E_CXI_FIPS_KEY_EXPORT 0xB0680106u /* FIPS: plain export refused */
#define E_CXI_FIPS_PROP 0xB0680107u /* FIPS: property refused */
#define E_CXI_NO_FIPS_CURVE 0xB0680108u /* FIPS: curve refused */
#define E_CXI_FIPS_KEY_USAGE 0xB0680109u /* FIPS: usage limited */
#define E_CXI_FIPS_USAGE_NOT_SET 0xB0680110u /* FIPS: first usage not fixed */
#define E_CXI_FIPS_PAD_MECH_WRONG 0xB0680111u /* FIPS: padding mismatch */
#define E_CXI_SECURE_PROP_DECRYPT 0xB0680200u /* secure: decrypt=true refused */
#define E_CXI_SECURE_PROP_ENCRYPT 0xB0680201u /* secure: encrypt=true refused */
#define E_CXI_SECURE_PROP_ALWAYS_SENSITIVE_FALSE 0xB0680202u /* secure: always_sensitive=false refused */
#define E_CXI_SECURE_PROP_SENSITIVE_FALSE 0xB0680203u /* secure: sensitive=false refused */
#define E_CXI_SECURE_PROP_WRAP 0xB0680204u /* secure: wrap=true refused */
#define E_CXI_SECURE_PUBLIC_WRAPPING 0xB0680205u /* secure: public wrapping key refused */
#define E_CXI_SECURE_PROP_CHECK_VALUE 0xB0680206u /* secure: check value absent or wrong */
#define E_CXI_CC_BLOCKED 0xB0680300u /* CC: function locked */
#define E_CXI_CC_MECH 0xB0680301u /* CC: mechanism refused */
#define E_CXI_CC_ALGO 0xB0680302u /* CC: algorithm refused */
#define E_CXI_CC_PADDING 0xB0680303u /* CC: padding refused */
#define E_CXI_CC_KEY_SIZE 0xB0680304u /* CC: key size refused */
#define E_CXI_CC_KEY_PROP 0xB0680305u /* CC: key property refused */
#define E_CXI_CC_MECH_PARA 0xB0680306u /* CC: mechanism parameter refused */
#define E_CXI_CC_EXTERNAL_KEYS 0xB0680307u /* CC: external keys refused */
#define E_CXI_CC_KEY_BLOCKED 0xB0680308u /* CC: key locked after failures */
#define E_CXI_CC_KEY_NOT_INITIALISED 0xB0680309u /* CC: key not yet initialised */
#define E_CXI_CC_KEY_NOT_AUTHORISED 0xB068030Au /* CC: key not yet authorised */
#define E_CXI_CC_KEY_AUTH_FAILED 0xB068030Bu /* CC: key authorisation rejected */
#define E_CXI_CC_KEY_AUTH_PUBLIC 0xB068030Cu /* CC: public key cannot be authorised */
#define E_CXI_CC_KEY_NOT_BLOCKED 0xB068030Du /* CC: unblock of unlocked key */
#define E_CXI_CC_ASSIGNED_KEY_PUBLIC 0xB068030Eu /* CC: public key cannot be assigned */
#define E_CXI_CC_ASSIGNED_KEY_EXPORT 0xB068030Fu /* CC: assigned key cannot move */
#define E_CXI_CC_OVERWRITE 0xB0680310u /* CC: overwrite flag refused */
#define E_CXI_CC_IMPORT_PLAIN 0xB0680311u /* CC: plain secret import refused */
#define E_CXI_CC_EXPORT_PLAIN 0xB0680312u /* CC: plain secret export refused */
#define E_CXI_CC_KEY_ALREADY_INITIALISED 0xB0680313u /* CC: key initialised before */
#define E_CXI_CC_KRAD_INTEGRITY_FAILED 0xB0680314u /* CC: public key signature wrong */
#define E_CXI_CC_MS_SECRET_BLOB 0xB0680315u /* CC: CSP/CNG secret blobs refused */

#endif
