/* cryptoserversdk/os_crypt.h: random numbers and digests of the OS
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_OS_CRYPT_H
#define CRYPTOSERVERSDK_OS_CRYPT_H

#include "os.h"

#define DRBG_REAL 0
#define DRBG_PSEUDO 1
#define OS_CRYPT_MK_LB 32

typedef struct {
    unsigned int len;
    unsigned char* p_data;
} OS_CRYPT_DATA_CHUNK;

typedef struct SHA512_CTX_ SHA512_CTX;

typedef struct {
    int (*_os_crypt_mkv_get)(const unsigned char*, unsigned int, unsigned char**);
    unsigned int* (*_os_crypt_des_sbox_get)(void);
    int (*_os_crypt_sha1)(unsigned int, OS_CRYPT_DATA_CHUNK*, unsigned char*);
    int (*_os_crypt_rsa)(unsigned int, const unsigned char*, unsigned int, const unsigned char*, unsigned int,
            const unsigned char*, unsigned int, unsigned char*, unsigned int*);
    void (*_os_crypt_des)(unsigned char*, unsigned char*, unsigned int*, const unsigned int*, int);
    void (*_os_crypt_des_key_gen)(unsigned char*, unsigned int*, int);
    int (*_os_crypt_mk_swap_read)(unsigned char*);
    void (*_os_crypt_sha1_core)(unsigned char* data, unsigned char* iv, unsigned char* hash);
    int (*_os_crypt_sha512)(int mode, unsigned int len, unsigned char* data, SHA512_CTX* info, unsigned char*
            hash);
    int (*_os_crypt_cipher512)(unsigned int, unsigned char*, int, unsigned int, unsigned char*, unsigned int,
            unsigned char*, unsigned char*);
    int (*_os_crypt_real_rnd)(unsigned char* rnd, unsigned int len);
    int (*_os_crypt_drbg_rnd)(unsigned int flag, unsigned char* rnd, unsigned int len);
    int (*_os_crypt_drbg_reseed)(unsigned int flag);
    int (*_os_crypt_drbg_hash_generate)(unsigned int flag, unsigned int n_req, unsigned int l_add_in, unsigned
            char* add_in, unsigned char* out);
    int (*_os_crypt_drbg_hash_instantiate)(unsigned int flag, unsigned int l_entr, unsigned char* entr,
            unsigned int l_nonce, unsigned char* nonce, unsigned int l_pers, unsigned char* pers);
    int (*_os_crypt_drbg_hash_reseed)(unsigned int flag, unsigned int l_entr, unsigned char* entr, unsigned
            int l_add_in, unsigned char* add_in);
    int (*_os_crypt_drbg_reseed_2ndentropy)(unsigned int flag, unsigned int len, const void* p_2ndentropy);
} T_OS_CRYPT_TABLE_PUB;

#define os_crypt_mkv_get (((T_OS_CRYPT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_crypt)->_os_crypt_mkv_get)
#define os_crypt_des_sbox_get (((T_OS_CRYPT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_crypt)->_os_crypt_des_sbox_get)
#define os_crypt_sha1 (((T_OS_CRYPT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_crypt)->_os_crypt_sha1)
#define os_crypt_rsa (((T_OS_CRYPT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_crypt)->_os_crypt_rsa)
#define os_crypt_des (((T_OS_CRYPT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_crypt)->_os_crypt_des)
#define os_crypt_des_key_gen (((T_OS_CRYPT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_crypt)->_os_crypt_des_key_gen)
#define os_crypt_mk_swap_read (((T_OS_CRYPT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_crypt)->_os_crypt_mk_swap_read)
#define os_crypt_sha1_core (((T_OS_CRYPT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_crypt)->_os_crypt_sha1_core)
#define os_crypt_sha512 (((T_OS_CRYPT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_crypt)->_os_crypt_sha512)
#define os_crypt_cipher512 (((T_OS_CRYPT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_crypt)->_os_crypt_cipher512)
#define os_crypt_real_rnd (((T_OS_CRYPT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_crypt)->_os_crypt_real_rnd)
#define os_crypt_drbg_rnd (((T_OS_CRYPT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_crypt)->_os_crypt_drbg_rnd)
#define os_crypt_drbg_reseed (((T_OS_CRYPT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_crypt)->_os_crypt_drbg_reseed)
#define os_crypt_drbg_hash_generate (((T_OS_CRYPT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_crypt)->_os_crypt_drbg_hash_generate)
#define os_crypt_drbg_hash_instantiate (((T_OS_CRYPT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_crypt)->_os_crypt_drbg_hash_instantiate)
#define os_crypt_drbg_hash_reseed (((T_OS_CRYPT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_crypt)->_os_crypt_drbg_hash_reseed)
#define os_crypt_drbg_reseed_2ndentropy (((T_OS_CRYPT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_crypt)->_os_crypt_drbg_reseed_2ndentropy)

#endif
