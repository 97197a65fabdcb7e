/* cryptoserversdk/vrsa.h: RSA
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_VRSA_H
#define CRYPTOSERVERSDK_VRSA_H

#include "os_mdl.h"

#define VRSA_MODE_PUBLIC 0x01
#define VRSA_MODE_PRIVATE 0x02
#define VRSA_BLIND_NO_BL 0
#define VRSA_BLIND_BME_BL 1
#define VRSA_MODE_REAL_RND 0x00
#define VRSA_MODE_PSEUDO_RND 0x01
#define VRSA_MODE_PROB_PRIME 0x00
#define VRSA_MODE_PROV_PRIME 0x02
#define VRSA_MODE_ANSI_PRIME 0x04
#define VRSA_MODE_FIPS_PRIME 0x08
#define VRSA_MODE_MASK 0x0e
#define VRSA_FLAG_P_GREATER_Q 0x10
#define VRSA_KC_MOD 0x01
#define VRSA_KC_EXP 0x02
#define VRSA_KC_EXP2 0x04
#define VRSA_KC_P 0x08
#define VRSA_KC_Q 0x10
#define VRSA_KC_U 0x20
#define VRSA_KC_DP 0x40
#define VRSA_KC_DQ 0x80
#define VRSA_KC_END 0x00
#define VRSA_KC_ALL 0xFF
#define VRSA_KC_PUB ( VRSA_KC_MOD | VRSA_KC_EXP )
#define VRSA_KC_PRV ( VRSA_KC_P | VRSA_KC_Q | VRSA_KC_U | VRSA_KC_DP | VRSA_KC_DQ | VRSA_KC_EXP2 )
#define VRSA_KC_PRV_SHORTCUT ( VRSA_KC_P | VRSA_KC_Q | VRSA_KC_U | VRSA_KC_DP | VRSA_KC_DQ )

typedef struct VRSA_BL_DATA_ VRSA_BL_DATA;

typedef struct {
    void* p_data;
    int (*start)(T_OS_MDL_HDL smos, void* file, void* coff_mem);
    int (*stop)(void);
    int (*pre_replace)(void);
    int (*pre_delete)(void);
    const void* reserved;
    const void* p_module_info;
    int (*_vrsa_scrypt)(unsigned int l_mod, unsigned char* mod, unsigned int l_exp, unsigned char* exp,
            unsigned int l_data, unsigned char* data, unsigned int l_max_res, unsigned int* l_res, unsigned
            char* res);
    int (*_vrsa_xcrypt)(unsigned int l_p, unsigned char* p, unsigned int l_q, unsigned char* q, unsigned int
            l_u, unsigned char* u, unsigned int l_dp, unsigned char* dp, unsigned int l_dq, unsigned char* dq,
            unsigned int l_data, unsigned char* data, unsigned int l_max_res, unsigned int* l_res, unsigned
            char* res);
    int (*_vrsa_tcrypt)(unsigned char* keyt, int flags, unsigned int l_data, unsigned char* data, unsigned int
            l_max_res, unsigned int* l_res, unsigned char* res);
    int (*_vrsa_xgen)(unsigned int size, unsigned int pq_diff, unsigned int mode, unsigned int l_exp, unsigned
            char* exp, unsigned int* l_mod, unsigned char* mod, unsigned int* l_exp2, unsigned char* exp2,
            unsigned int* l_p, unsigned char* p, unsigned int* l_q, unsigned char* q, unsigned int* l_u,
            unsigned char* u, unsigned int* l_dp, unsigned char* dp, unsigned int* l_dq, unsigned char* dq);
    int (*_vrsa_tgen)(unsigned int size, unsigned int pq_diff, unsigned int mode, unsigned int l_exp, unsigned
            char* exp, int flags, unsigned char** pubkeyt, unsigned char** seckeyt);
    int (*_vrsa_get_comp)(int component, unsigned char* keyt, unsigned int* l_component, unsigned char**
            component_);
    int (*_vrsa_mk_token)(unsigned char** keyt, int memtype, ...);
    int (*_vrsa_get_size)(unsigned char* keyt);
    int (*_dumy1)(void);
    int (*_vrsa_tchk)(unsigned char* keyt, int flags);
    int (*_vrsa_pkcs1_sign)(unsigned char* keyt, int hash_algo, unsigned char* hash, unsigned int l_max_sign,
            unsigned int* l_sign, unsigned char* sign);
    int (*_vrsa_pkcs1_verify)(unsigned char* keyt, int hash_algo, unsigned char* hash, unsigned int l_sign,
            unsigned char* sign);
    int (*_vrsa_xget_keysize)(unsigned int l_p, unsigned char* p, unsigned int l_q, unsigned char* q, unsigned
            int* keysize);
    int (*_vrsa_tget_keysize)(unsigned char* keytoken, unsigned int* keysize);
    int (*_vrsa_xchk)(unsigned int l_mod, unsigned char* mod, unsigned int l_exp, unsigned char* exp, unsigned
            int l_exp2, unsigned char* exp2, unsigned int l_p, unsigned char* p, unsigned int l_q, unsigned
            char* q, unsigned int l_u, unsigned char* u, unsigned int l_dp, unsigned char* dp, unsigned int
            l_dq, unsigned char* dq);
    int (*_vrsa_tchk2)(unsigned char* keyt1, unsigned char* keyt2, int flags);
    int (*_vrsa_tcrypt2)(unsigned char* keyt1, unsigned char* keyt2, int flags, unsigned int l_data, unsigned
            char* data, unsigned int l_max_res, unsigned int* l_res, unsigned char* res);
    int (*_vrsa_bv_xgen)(unsigned int, unsigned int, unsigned char*, unsigned int, unsigned char*, unsigned
            int, unsigned char*, unsigned int, unsigned char*, unsigned int**);
    int (*_vrsa_bv_tgen)(unsigned int mode, unsigned char* keyt1, unsigned char* keyt2, unsigned int** bv);
    int (*_vrsa_scrypt_bl)(unsigned int l_mod, unsigned char* mod, unsigned int l_exp, unsigned char* exp,
            unsigned int l_data, unsigned char* data, unsigned int l_max_res, unsigned int* l_res, unsigned
            char* res, unsigned int* bv);
    int (*_vrsa_xcrypt_bl)(unsigned int l_p, unsigned char* p, unsigned int l_q, unsigned char* q, unsigned
            int l_u, unsigned char* u, unsigned int l_dp, unsigned char* dp, unsigned int l_dq, unsigned char*
            dq, unsigned int l_data, unsigned char* data, unsigned int l_max_res, unsigned int* l_res,
            unsigned char* res, unsigned int* bv);
    int (*_vrsa_tcrypt_bl)(unsigned char* keyt, int flags, unsigned int l_data, unsigned char* data, unsigned
            int l_max_res, unsigned int* l_res, unsigned char* res, unsigned int* bv);
    int (*_vrsa_tcrypt2_bl)(unsigned char* keyt1, unsigned char* keyt2, int flags, unsigned int l_data,
            unsigned char* data, unsigned int l_max_res, unsigned int* l_res, unsigned char* res, unsigned
            int* bv);
    int (*_vrsa_pkcs1_sign_bl)(unsigned char* keyt, int hash_algo, unsigned char* hash, unsigned int
            l_max_sign, unsigned int* l_sign, unsigned char* sign, unsigned int* bv);
    int (*_vrsa_x9_31_sign)(unsigned char* keyt, int hash_algo, unsigned char* hash, unsigned int l_max_sign,
            unsigned int* l_sign, unsigned char* sign);
    int (*_vrsa_x9_31_verify)(unsigned char* keyt, int hash_algo, unsigned char* hash, unsigned int l_sign,
            unsigned char* sign);
    int (*_vrsa_x9_31_sign_bl)(unsigned char* keyt, int hash_algo, unsigned char* hash, unsigned int
            l_max_sign, unsigned int* l_sign, unsigned char* sign, unsigned int* bv);
    int (*_vrsa_pkcs1_encrypt)(unsigned char* keyt, unsigned int l_data, unsigned char* data, unsigned int
            l_max_crypto, unsigned int* l_crypto, unsigned char* crypto);
    int (*_vrsa_pkcs1_decrypt)(unsigned char* keyt, unsigned int l_crypto, unsigned char* crypto, unsigned
            int* l_data, unsigned char** data);
    int (*_vrsa_pkcs1_decrypt_bl)(unsigned char* keyt, unsigned int l_crypto, unsigned char* crypto, unsigned
            int* l_data, unsigned char** data, unsigned int* bv);
    int (*_vrsa_chk_size)(unsigned char* keyt, unsigned int max, unsigned int* len);
    int (*_vrsa_pkcs1_eme_oaep_encrypt)(unsigned char* keyt, int hash_algo, int mgf_hash, unsigned int
            l_label, unsigned char* label, unsigned int l_data, unsigned char* data, unsigned int l_max_res,
            unsigned int* l_res, unsigned char* res);
    int (*_vrsa_pkcs1_eme_oaep_decrypt)(unsigned char* keyt, int hash_algo, int mgf_hash, unsigned int
            l_label, unsigned char* label, unsigned int l_enc_data, unsigned char* enc_data, unsigned int
            l_max_data, unsigned int* l_data, unsigned char* data);
    int (*_vrsa_pkcs1_pss_sign)(unsigned char* keyt, int hash_algo, int mgf_hash, unsigned int l_hash,
            unsigned char* hash, unsigned int l_salt, unsigned int l_max_sign, unsigned int* l_sign, unsigned
            char* sign);
    int (*_vrsa_pkcs1_pss_verify)(unsigned char* keyt, int hash_algo, int mgf_hash, unsigned int l_hash,
            unsigned char* hash, unsigned int l_salt, unsigned int l_sign, unsigned char* sign);
    int (*_vrsa_pkcs1_eme_oaep_decrypt_bl)(unsigned char* keyt, int hash_algo, int mgf_hash, unsigned int
            l_label, unsigned char* label, unsigned int l_enc_data, unsigned char* enc_data, unsigned int
            l_max_data, unsigned int* l_data, unsigned char* data, unsigned int* bv);
    int (*_vrsa_pkcs1_pss_sign_bl)(unsigned char* keyt, int hash_algo, int mgf_hash, unsigned int l_hash,
            unsigned char* hash, unsigned int l_salt, unsigned int l_max_sign, unsigned int* l_sign, unsigned
            char* sign, unsigned int* bv);
    int (*_vrsa_calc_xkey)(unsigned int mode, unsigned int l_exp, unsigned char* exp, unsigned int l_p,
            unsigned char* p, unsigned int l_q, unsigned char* q, unsigned int* l_mod, unsigned char* mod,
            unsigned int* l_exp2, unsigned char* exp2, unsigned int* l_u, unsigned char* u, unsigned int*
            l_dp, unsigned char* dp, unsigned int* l_dq, unsigned char* dq);
    int (*_vrsa_bulk_tcrypt)(unsigned char* keyt, unsigned int flags, unsigned int ct, unsigned int* l_data,
            unsigned char** data_in, unsigned int l_out, unsigned char** data_out);
    int (*_vrsa_bulk_pkcs1_sign)(unsigned char* keyt, int hash_algo, unsigned int ct, unsigned char** hash,
            unsigned int l_out, unsigned char** data_out);
    int (*_vrsa_xcrypt_blind)(unsigned int l_p, unsigned char* p, unsigned int l_q, unsigned char* q, unsigned
            int l_u, unsigned char* u, unsigned int l_dp, unsigned char* dp, unsigned int l_dq, unsigned char*
            dq, unsigned int l_data, unsigned char* data, unsigned int l_max_res, unsigned int* l_res,
            unsigned char* res);
    int (*_vrsa_scrypt_blind)(unsigned int l_mod, unsigned char* mod, unsigned int l_exp, unsigned char* exp,
            unsigned int l_data, unsigned char* data, unsigned int l_max_res, unsigned int* l_res, unsigned
            char* res);
    int (*_vrsa_tcrypt_blind)(unsigned char* keyt, int flags, unsigned int l_data, unsigned char* data,
            unsigned int l_max_res, unsigned int* l_res, unsigned char* res);
    int (*_vrsa_tcrypt2_blind)(unsigned char* keyt1, unsigned char* keyt2, int flags, unsigned int l_data,
            unsigned char* data, unsigned int l_max_res, unsigned int* l_res, unsigned char* res);
    int (*_vrsa_scrypt_ex)(unsigned int l_mod, unsigned char* mod, unsigned int l_exp, unsigned char* exp,
            unsigned int l_data, unsigned char* data, void* bl, unsigned int l_max_res, unsigned int* l_res,
            unsigned char* res);
    int (*_vrsa_xcrypt_ex)(unsigned int l_p, unsigned char* p, unsigned int l_q, unsigned char* q, unsigned
            int l_u, unsigned char* u, unsigned int l_dp, unsigned char* dp, unsigned int l_dq, unsigned char*
            dq, unsigned int l_data, unsigned char* data, void* bl, unsigned int l_max_res, unsigned int*
            l_res, unsigned char* res);
    int (*_vrsa_tcrypt_ex)(unsigned char* keyt, int flags, unsigned int l_data, unsigned char* data, void* bl,
            unsigned int l_max_res, unsigned int* l_res, unsigned char* res);
    int (*_vrsa_tcrypt2_ex)(unsigned char* keyt1, unsigned char* keyt2, int flags, unsigned int l_data,
            unsigned char* data, void* bl, unsigned int l_max_res, unsigned int* l_res, unsigned char* res);
    int (*_vrsa_pkcs1_sign_ex)(unsigned char* keyt, int hash_algo, unsigned char* hash, void* bl, unsigned int
            l_max_sign, unsigned int* l_sign, unsigned char* sign);
    int (*_vrsa_x9_31_sign_ex)(unsigned char* keyt, int hash_algo, unsigned char* hash, void* bl, unsigned int
            l_max_sign, unsigned int* l_sign, unsigned char* sign);
    int (*_vrsa_pkcs1_decrypt_ex)(unsigned char* keyt, unsigned int l_crypto, unsigned char* crypto, void* bl,
            unsigned int* l_data, unsigned char** data);
    int (*_vrsa_pkcs1_eme_oaep_decrypt_ex)(unsigned char* keyt, int hash_algo, int mgf_hash, unsigned int
            l_label, unsigned char* label, unsigned int l_enc_data, unsigned char* enc_data, void* bl,
            unsigned int l_max_data, unsigned int* l_data, unsigned char* data);
    int (*_vrsa_pkcs1_pss_sign_ex)(unsigned char* keyt, int hash_algo, int mgf_hash, unsigned int l_hash,
            unsigned char* hash, unsigned int l_salt, void* bl, unsigned int l_max_sign, unsigned int* l_sign,
            unsigned char* sign);
    int (*_vrsa_tokengen)(const unsigned int size, unsigned int pq_diff, const unsigned int mode, unsigned int
            l_exp, unsigned char* exp, int flags, unsigned int* l_pubkeyt, unsigned char* pubkeyt, unsigned
            int* l_seckeyt, unsigned char* seckeyt);
} T_VRSA_TABLE_PUB;

extern T_OS_MDL_HDL P_VRSA;

#define vrsa_scrypt (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_scrypt)
#define vrsa_xcrypt (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_xcrypt)
#define vrsa_tcrypt (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_tcrypt)
#define vrsa_xgen (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_xgen)
#define vrsa_tgen (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_tgen)
#define vrsa_get_comp (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_get_comp)
#define vrsa_mk_token (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_mk_token)
#define vrsa_get_size (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_get_size)
#define vrsa_tchk (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_tchk)
#define vrsa_pkcs1_sign (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_pkcs1_sign)
#define vrsa_pkcs1_verify (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_pkcs1_verify)
#define vrsa_xget_keysize (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_xget_keysize)
#define vrsa_tget_keysize (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_tget_keysize)
#define vrsa_xchk (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_xchk)
#define vrsa_tchk2 (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_tchk2)
#define vrsa_tcrypt2 (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_tcrypt2)
#define vrsa_bv_xgen (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_bv_xgen)
#define vrsa_bv_tgen (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_bv_tgen)
#define vrsa_scrypt_bl (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_scrypt_bl)
#define vrsa_xcrypt_bl (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_xcrypt_bl)
#define vrsa_tcrypt_bl (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_tcrypt_bl)
#define vrsa_tcrypt2_bl (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_tcrypt2_bl)
#define vrsa_pkcs1_sign_bl (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_pkcs1_sign_bl)
#define vrsa_x9_31_sign (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_x9_31_sign)
#define vrsa_x9_31_verify (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_x9_31_verify)
#define vrsa_x9_31_sign_bl (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_x9_31_sign_bl)
#define vrsa_pkcs1_encrypt (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_pkcs1_encrypt)
#define vrsa_pkcs1_decrypt (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_pkcs1_decrypt)
#define vrsa_pkcs1_decrypt_bl (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_pkcs1_decrypt_bl)
#define vrsa_chk_size (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_chk_size)
#define vrsa_pkcs1_eme_oaep_encrypt (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_pkcs1_eme_oaep_encrypt)
#define vrsa_pkcs1_eme_oaep_decrypt (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_pkcs1_eme_oaep_decrypt)
#define vrsa_pkcs1_pss_sign (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_pkcs1_pss_sign)
#define vrsa_pkcs1_pss_verify (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_pkcs1_pss_verify)
#define vrsa_pkcs1_eme_oaep_decrypt_bl (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_pkcs1_eme_oaep_decrypt_bl)
#define vrsa_pkcs1_pss_sign_bl (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_pkcs1_pss_sign_bl)
#define vrsa_calc_xkey (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_calc_xkey)
#define vrsa_bulk_tcrypt (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_bulk_tcrypt)
#define vrsa_bulk_pkcs1_sign (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_bulk_pkcs1_sign)
#define vrsa_xcrypt_blind (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_xcrypt_blind)
#define vrsa_scrypt_blind (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_scrypt_blind)
#define vrsa_tcrypt_blind (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_tcrypt_blind)
#define vrsa_tcrypt2_blind (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_tcrypt2_blind)
#define vrsa_scrypt_ex (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_scrypt_ex)
#define vrsa_xcrypt_ex (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_xcrypt_ex)
#define vrsa_tcrypt_ex (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_tcrypt_ex)
#define vrsa_tcrypt2_ex (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_tcrypt2_ex)
#define vrsa_pkcs1_sign_ex (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_pkcs1_sign_ex)
#define vrsa_x9_31_sign_ex (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_x9_31_sign_ex)
#define vrsa_pkcs1_decrypt_ex (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_pkcs1_decrypt_ex)
#define vrsa_pkcs1_eme_oaep_decrypt_ex (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_pkcs1_eme_oaep_decrypt_ex)
#define vrsa_pkcs1_pss_sign_ex (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_pkcs1_pss_sign_ex)
#define vrsa_tokengen (((T_VRSA_TABLE_PUB*)P_VRSA)->_vrsa_tokengen)

#define E_VRSA_MEM 0xB0840001u /* heap exhausted */
#define E_VRSA_BUFF_TOO_SMALL 0xB0840002u /* output buffer short */
#define E_VRSA_BAD_DATA 0xB0840003u /* input number unusable */
#define E_VRSA_BAD_MODULUS 0xB0840004u /* n differs from p*q */
#define E_VRSA_BAD_U 0xB0840009u /* CRT coefficient wrong */
#define E_VRSA_BAD_DP 0xB084000Au /* dP wrong */
#define E_VRSA_BAD_DQ 0xB084000Bu /* dQ wrong */
#define E_VRSA_NO_KEYTOKEN 0xB084000Cu /* input is no key token */
#define E_VRSA_NO_COMP 0xB084000Du /* token lacks component */
#define E_VRSA_DOUBLE_COMP 0xB084000Eu /* component added twice */
#define E_VRSA_INVALID_FLAG 0xB084000Fu /* unknown flags */
#define E_VRSA_HASH_ALGO 0xB0840010u /* hash id unknown */
#define E_VRSA_VERIFY_FAILED 0xB0840011u /* signature mismatch */
#define E_VRSA_KEY_TOO_SMALL 0xB0840012u /* key (or message room) too short */
#define E_VRSA_PQDIFF_TOO_LARGE 0xB0840013u /* pq_diff out of range */
#define E_VRSA_MOD_TOO_SMALL 0xB0840014u /* modulus too short */
#define E_VRSA_BAD_KEY 0xB0840015u /* p and q unusable */
#define E_VRSA_DATA_LEN 0xB0840016u /* input exceeds modulus */
#define E_VRSA_MISS_COMP 0xB0840017u /* needed component absent */
#define E_VRSA_INV_PARAM 0xB0840018u /* argument not acceptable */
#define E_VRSA_BAD_PEXP 0xB0840019u /* e shares factor with p-1/q-1 */
#define E_VRSA_BAD_SEXP 0xB084001Au /* d does not invert e */
#define E_VRSA_OBSOLETE 0xB084001Bu /* retired function */
#define E_VRSA_KGEN_FAILED 0xB084001Cu /* key pair not produced */
#define E_VRSA_BAD_BLINDING 0xB084001Du /* blinding value unusable */
#define E_VRSA_BVGEN_FAILED 0xB084001Eu /* no blinding value produced */
#define E_VRSA_DECRYPT_FAILED 0xB084001Fu /* PKCS#1 unpadding failed */
#define E_VRSA_INV_PEXP 0xB0840020u /* public exponent unusable */
#define E_VRSA_KEYT_LEN 0xB0840021u /* key token length wrong */
#define E_VRSA_ENCODING 0xB0840022u /* PKCS#1 padding failed */
#define E_VRSA_PAIRWISE_CONSISTENCY 0xB0840023u /* new pair failed consistency test */
#define E_VRSA_FUNC_NOT_AVAILABLE 0xB0840024u /* operation unavailable */
#define E_VRSA_BAD_BLINDING_MECH 0xB0840025u /* blinding mode unknown */
#define E_VRSA_INP_BUFF_TOO_SMALL 0xB0840026u /* input buffer short */
#define E_VRSA_BAD_KEYT 0xB0840100u /* command holds bad token */
#define E_VRSA_RND_SYNC 0xB0840101u /* FIPS test random mismatch */

#endif
