/* cryptoserversdk/ecdsa.h: ECDSA, ECDH, ECIES, EdDSA
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_ECDSA_H
#define CRYPTOSERVERSDK_ECDSA_H

#include "os_mdl.h"
#include "eca.h"

#define ECDSA_FMT_UNCOMP ECA_FMT_UNCOMP
#define ECDSA_FMT_COMP ECA_FMT_COMP
#define ECDSA_MODE_REAL_RND 0x00000000
#define ECDSA_MODE_PSEUDO_RND 0x00000001
#define ECDSA_HASH_MODE_X9_62 0x00000000
#define ECDSA_HASH_MODE_BSI 0x00010000
#define ECDSA_MODE_INIT 0x00000100
#define ECDSA_MODE_CONT 0x00000200
#define ECDSA_MODE_FINAL 0x00000400
#define ECDSA_PRE_HASH 0x00001000
#define ECDSA_KDF_CT_NIST 0x00000800
#define ECDSA_KDF_HASH_R 0x00001000
#define ECDSA_KDF_CT 0x00002000
#define ECDSA_KDF_COF 0x00004000
#define ECDSA_KDF_RAW 0x00008000
#define ECDSA_ECIES_ALGO_MASK 0x00F00000
#define ECDSA_ECIES_XOR 0x00000000
#define ECDSA_ECIES_AES 0x00100000
#define ECDSA_ECIES_DES 0x00200000
#define ECDSA_ECIES_HMAC 0x00300000
#define ECDSA_ECIES_MAC1 0x00400000
#define ECDSA_ECIES_COMPAT_MODE 0x80000000
#define ECDSA_ECIES_AES_LEN_MASK 0x000000FF
#define ECDSA_ECIES_AES_KEYLEN128 0x00000010
#define ECDSA_ECIES_AES_KEYLEN192 0x00000018
#define ECDSA_ECIES_AES_KEYLEN256 0x00000020
#define ECDSA_ECIES_HMAC_ALGO_MASK 0x000000F0
#define ECDSA_ECIES_HMAC_KEYLEN_MASK 0x000FF000
#define ECDSA_ECIES_HMAC_KEYLEN_USEDEF 0x00000000
#define ECDSA_ECIES_MAC1_MACLEN_MASK 0xFF000000
#define ECDSA_ECIES_MAC1_MACLEN_USEDEF 0x00000000
#define ECDSA_ECIES_MAC1_MACLEN_SHIFT 24
#define ECDSA_ECIES_MAC1_MACLEN_MIN 4
#define ECDSA_ECIES_MAC1_SHA256_128 0x10400040
#define ECDSA_ECIES_MAC1_SHA384_192 0x18400060
#define ECDSA_ECIES_MAC1_SHA512_256 0x20400070
#define ECDSA_BULK_MAX 16

typedef struct {
    void* p_data;
    int (*start)(T_OS_MDL_HDL smos, void* file, void* coff_mem);
    int (*stop)(void);
    int (*pre_replace)(void);
    int (*pre_delete)(void);
    const void* reserved;
    const void* p_module_info;
    int (*_ecdsa_sign)(ECDP* dp, unsigned int flags, unsigned int l_x, unsigned char* x, unsigned int l_hash,
            unsigned char* hash, unsigned int* l_sign, unsigned char* sign);
    int (*_ecdsa_verify)(ECDP* dp, unsigned int l_y, unsigned char* y, ECPCP* pcP, unsigned int l_hash,
            unsigned char* hash, unsigned int l_sign_r, unsigned char* sign_r, unsigned int l_sign_s, unsigned
            char* sign_s);
    void (*_ecdsa_free_pcpk)(ECPCP* pcp);
    int (*_ecdsa_calc_pcpk)(ECDP* dp, unsigned int l_y, unsigned char* y, ECPCP** pcp);
    int (*_ecdsa_keygen)(ECDP* dp, unsigned int flags, unsigned int* l_x, unsigned char** x, unsigned int*
            l_y, unsigned char** y);
    int (*_ecdsa_keychk)(ECDP* dp, unsigned int l_x, unsigned char* x, unsigned int l_y, unsigned char* y);
    int (*_ecdsa_sign_decode)(unsigned int l_sign, unsigned char* sign, unsigned int* l_r, unsigned char** r,
            unsigned int* l_s, unsigned char** s);
    int (*_ecdsa_sign_encode)(unsigned int l_r, unsigned char* r, unsigned int l_s, unsigned char* s, unsigned
            int* l_sign, unsigned char* sign);
    int (*_ecdsa_key_decode)(unsigned int, unsigned char*, void*, unsigned int*, unsigned char**, unsigned
            int*, unsigned char**, unsigned int*, unsigned char**);
    int (*_ecdsa_key_encode)(unsigned int, unsigned char*, unsigned int, unsigned char*, unsigned int,
            unsigned char*, void*, unsigned int*, unsigned char*);
    int (*_ecdsa_dh)(ECDP* dp, unsigned int l_r, unsigned char* r, unsigned int l_x, unsigned char* x,
            unsigned int l_y, unsigned char* y, unsigned int flags, unsigned int l_secret, unsigned char*
            secret);
    int (*_ecdsa_dh_gen)(ECDP* dp, unsigned int l_y, unsigned char* y, ECPCP* pcP, unsigned int flags,
            unsigned int l_secret, unsigned char* secret, unsigned int* l_r, unsigned char** r);
    int (*_ecdsa_dh_ex)(ECDP* dp, unsigned int l_r, unsigned char* r, unsigned int l_x, unsigned char* x,
            unsigned int l_y, unsigned char* y, unsigned int flags, unsigned int l_shsec, unsigned char*
            shsec, unsigned int l_secret, unsigned char* secret);
    int (*_ecdsa_dh_gen_ex)(ECDP* dp, unsigned int l_y, unsigned char* y, ECPCP* pcP, unsigned int flags,
            unsigned int l_shsec, unsigned char* shsec, unsigned int l_secret, unsigned char* secret, unsigned
            int* l_r, unsigned char** r);
    int (*_ecdsa_ecies_encrypt)(ECDP* dp, unsigned int l_y, unsigned char* y, ECPCP* pcP, unsigned int
            ecdsa_keyflags, unsigned int dh_mode, unsigned int hash_algo, unsigned int crypt_algo, unsigned
            int mac_algo, unsigned int l_shsec1, unsigned char* shsec1, unsigned int l_shsec2, unsigned char*
            shsec2, unsigned int l_indat, unsigned char* indat, unsigned int* l_outdat, unsigned char**
            outdat);
    int (*_ecdsa_ecies_decrypt)(ECDP* dp, unsigned int l_x, unsigned char* x, unsigned int dh_mode, unsigned
            int hash_algo, unsigned int crypt_algo, unsigned int mac_algo, unsigned int l_shsec1, unsigned
            char* shsec1, unsigned int l_shsec2, unsigned char* shsec2, unsigned int l_indat, unsigned char*
            indat, unsigned int* l_outdat, unsigned char** outdat);
    int (*_ecdsa_bulk_sign)(ECDP* dp, unsigned int flags, unsigned int l_x, unsigned char* x, unsigned int ct,
            unsigned int* l_hash, unsigned char** hash, unsigned int l_sign, unsigned char** sign);
    int (*_ecdsa_tokengen)(ECDP* dp, unsigned int flags, unsigned int* l_x, unsigned char* x, unsigned int*
            l_y, unsigned char* y);
    int (*_ecdsa_sign_edwards)(ECDP* dp, unsigned int flags, unsigned int l_x, unsigned char* x, unsigned int
            l_y, unsigned char* y, unsigned int l_msg, unsigned char* msg, unsigned int l_c, unsigned char* c,
            void* info1, void* info2, unsigned int* l_sign, unsigned char* sign);
    int (*_ecdsa_verify_edwards)(ECDP* dp, unsigned int flags, unsigned int l_y, unsigned char* y, unsigned
            int l_msg, unsigned char* msg, unsigned int l_c, unsigned char* c, unsigned int l_sign_r, unsigned
            char* sign_r, unsigned int l_sign_s, unsigned char* sign_s, void* reserved, void* info);
    int (*_ecdsa_key_encode_rfc8410)(unsigned int l_x, unsigned char* x, unsigned int* l_key, unsigned char*
            key);
    int (*_ecdsa_key_decode_rfc8410)(unsigned int l_key, unsigned char* key, unsigned int* l_x, unsigned
            char** x);
    int (*_ecdsa_agree_secret_tr03111)(ECDP* dp, unsigned int l_y, unsigned char* y, unsigned int l_x,
            unsigned char* x, unsigned int l_secret_point, unsigned char* secret_point, unsigned int
            l_secret_value, unsigned char* secret_value);
} T_ECDSA_TABLE_PUB;

extern T_OS_MDL_HDL P_ECDSA;

#define ecdsa_sign (((T_ECDSA_TABLE_PUB*)P_ECDSA)->_ecdsa_sign)
#define ecdsa_verify (((T_ECDSA_TABLE_PUB*)P_ECDSA)->_ecdsa_verify)
#define ecdsa_free_pcpk (((T_ECDSA_TABLE_PUB*)P_ECDSA)->_ecdsa_free_pcpk)
#define ecdsa_calc_pcpk (((T_ECDSA_TABLE_PUB*)P_ECDSA)->_ecdsa_calc_pcpk)
#define ecdsa_keygen (((T_ECDSA_TABLE_PUB*)P_ECDSA)->_ecdsa_keygen)
#define ecdsa_keychk (((T_ECDSA_TABLE_PUB*)P_ECDSA)->_ecdsa_keychk)
#define ecdsa_sign_decode (((T_ECDSA_TABLE_PUB*)P_ECDSA)->_ecdsa_sign_decode)
#define ecdsa_sign_encode (((T_ECDSA_TABLE_PUB*)P_ECDSA)->_ecdsa_sign_encode)
#define ecdsa_key_decode (((T_ECDSA_TABLE_PUB*)P_ECDSA)->_ecdsa_key_decode)
#define ecdsa_key_encode (((T_ECDSA_TABLE_PUB*)P_ECDSA)->_ecdsa_key_encode)
#define ecdsa_dh (((T_ECDSA_TABLE_PUB*)P_ECDSA)->_ecdsa_dh)
#define ecdsa_dh_gen (((T_ECDSA_TABLE_PUB*)P_ECDSA)->_ecdsa_dh_gen)
#define ecdsa_dh_ex (((T_ECDSA_TABLE_PUB*)P_ECDSA)->_ecdsa_dh_ex)
#define ecdsa_dh_gen_ex (((T_ECDSA_TABLE_PUB*)P_ECDSA)->_ecdsa_dh_gen_ex)
#define ecdsa_ecies_encrypt (((T_ECDSA_TABLE_PUB*)P_ECDSA)->_ecdsa_ecies_encrypt)
#define ecdsa_ecies_decrypt (((T_ECDSA_TABLE_PUB*)P_ECDSA)->_ecdsa_ecies_decrypt)
#define ecdsa_bulk_sign (((T_ECDSA_TABLE_PUB*)P_ECDSA)->_ecdsa_bulk_sign)
#define ecdsa_tokengen (((T_ECDSA_TABLE_PUB*)P_ECDSA)->_ecdsa_tokengen)
#define ecdsa_sign_edwards (((T_ECDSA_TABLE_PUB*)P_ECDSA)->_ecdsa_sign_edwards)
#define ecdsa_verify_edwards (((T_ECDSA_TABLE_PUB*)P_ECDSA)->_ecdsa_verify_edwards)
#define ecdsa_key_encode_rfc8410 (((T_ECDSA_TABLE_PUB*)P_ECDSA)->_ecdsa_key_encode_rfc8410)
#define ecdsa_key_decode_rfc8410 (((T_ECDSA_TABLE_PUB*)P_ECDSA)->_ecdsa_key_decode_rfc8410)
#define ecdsa_agree_secret_tr03111 (((T_ECDSA_TABLE_PUB*)P_ECDSA)->_ecdsa_agree_secret_tr03111)

#define E_ECDSA_MEM 0xB09C0001u /* heap exhausted */
#define E_ECDSA_R_S_IS_NULL 0xB09C0002u /* r or s is zero */
#define E_ECDSA_INV_FLAG 0xB09C0003u /* unknown flags */
#define E_ECDSA_BAD_KEY 0xB09C0004u /* key halves do not match */
#define E_ECDSA_BAD_PKEY 0xB09C0005u /* public key unusable */
#define E_ECDSA_BAD_SKEY 0xB09C0006u /* private key unusable */
#define E_ECDSA_VERIFY_FAILED 0xB09C0007u /* signature mismatch */
#define E_ECDSA_BAD_SIGN_FMT 0xB09C0008u /* signature malformed */
#define E_ECDSA_NO_ASN1 0xB09C0009u /* ASN1 module absent */
#define E_ECDSA_BUFF_TOO_SMALL 0xB09C000Au /* output buffer short */
#define E_ECDSA_BAD_KEY_FMT 0xB09C000Bu /* DER key pair malformed */
#define E_ECDSA_ECIES_PARAM 0xB09C000Cu /* ECIES argument wrong */
#define E_ECDSA_ECIES_MAC_CHECK 0xB09C000Du /* ECIES MAC mismatch */
#define E_ECDSA_NO_AES 0xB09C000Eu /* AES module absent */
#define E_ECDSA_KEYGEN_TEST 0xB09C000Fu /* new pair failed consistency test */
#define E_ECDSA_ZERO_LEN 0xB09C0010u /* empty input refused */
#define E_ECDSA_NO_SEC_MODE 0xB09C0011u /* no secure mode for curve */
#define E_ECDSA_BULK_MAX 0xB09C0012u /* more than 16 bulk signatures */
#define E_ECDSA_BAD_HASH_ALGO 0xB09C0013u /* hash id unknown */
#define E_ECDSA_BAD_MAC1_MAC_LEN 0xB09C0014u /* MAC1 length out of range */
#define E_ECDSA_NO_DEFAULT_LEN 0xB09C0015u /* SHAKE needs explicit length */
#define E_ECDSA_BAD_PARAM 0xB09C0016u /* argument not acceptable */
#define E_ECDSA_WRONG_DATA_SIZE 0xB09C0017u /* buffer size differs from needed */
#define E_ECDSA_NOT_SUPP 0xB09C0018u /* operation unavailable */
#define E_ECDSA_OBSOLETE 0xB09C0019u /* retired function */
#define E_ECDSA_ALL_ZERO 0xB09C001Au /* result is all zero */
#define E_ECDSA_KGEN_FAILED 0xB09C001Bu /* key pair not produced */

#endif
