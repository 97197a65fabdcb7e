/* cryptoserversdk/hash.h: digests, HMAC, key derivation
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_HASH_H
#define CRYPTOSERVERSDK_HASH_H

#include "os_mdl.h"

#define HASH_CONT 0x00000001
#define HASH_SHA1 0x00000010
#define HASH_RMD160 0x00000020
#define HASH_SHA224 0x00000030
#define HASH_SHA256 0x00000040
#define HASH_MD5 0x00000050
#define HASH_SHA384 0x00000060
#define HASH_SHA512 0x00000070
#define HASH_SHA3_224 0x00000080
#define HASH_SHA3_256 0x00000090
#define HASH_SHA3_384 0x000000A0
#define HASH_SHA3_512 0x000000B0
#define HASH_SHAKE128 0x000000C0
#define HASH_SHAKE256 0x000000D0
#define HASH_RAW_SHAKE128 0x000000E0
#define HASH_RAW_SHAKE256 0x000000F0
#define HASH_ALGO 0x000000F0
#define KDF_PRF_MASK 0x00000F00
#define KDF_PRF_HMAC 0x00000100
#define KDF_PRF_CMAC 0x00000200
#define KDF_MOD_MASK 0x0000F000
#define KDF_MOD_CM 0x00001000
#define KDF_MOD_2PIPELINE 0x00002000
#define KDF_MOD_FEEDBACK 0x00003000
#define RIPEMD160_DATASIZE 64
#define RIPEMD160_DIGESTSIZE 20
#define SHA_DATASIZE 64
#define SHA_DIGESTSIZE 20
#define SHA224_DIGESTSIZE 28
#define SHA256_DIGESTSIZE 32
#define SHA384_DIGESTSIZE 48
#define SHA512_DIGESTSIZE 64
#define SHA_LBLOCK 16
#define SHA512_CBLOCK (SHA_LBLOCK*8)
#define SHA3_224_DIGESTSIZE 28
#define SHA3_256_DIGESTSIZE 32
#define SHA3_384_DIGESTSIZE 48
#define SHA3_512_DIGESTSIZE 64
#define MD5_DIGESTSIZE 16

typedef struct {
    unsigned int digest[5];
    unsigned int countLo, countHi;
    unsigned char data[RIPEMD160_DATASIZE];
} HASH_RMD160_INFO;

typedef struct {
    unsigned char digest[20];
    unsigned int countLo, countHi;
    unsigned char dataBuffer[SHA_DATASIZE];
} HASH_SHA1_INFO;

typedef struct {
    unsigned int count[2];
    unsigned int state[8];
    unsigned char buf[128];
} HASH_SHA256_INFO;

typedef HASH_SHA256_INFO HASH_SHA224_INFO;

typedef struct {
    unsigned long long h[8];
    unsigned long long Nl, Nh;
    unsigned long long d[SHA_LBLOCK];
    unsigned int num, md_len;
} HASH_SHA512_INFO;

typedef HASH_SHA512_INFO HASH_SHA384_INFO;

typedef struct {
    unsigned long long state[25];
    unsigned char buf[168];
    unsigned int cnt;
} HASH_SHA3_INFO;

typedef struct {
    unsigned int count[2];
    unsigned int abcd[4];
    unsigned char buf[64];
} HASH_MD5_INFO;

typedef union {
    HASH_SHA1_INFO sha1_info;
    HASH_SHA224_INFO sha224_info;
    HASH_SHA256_INFO sha256_info;
    HASH_RMD160_INFO rmd160_info;
    HASH_MD5_INFO md5_info;
    HASH_SHA384_INFO sha384_info;
    HASH_SHA512_INFO sha512_info;
    HASH_SHA3_INFO sha3_info;
} HASH_INFO;

typedef struct {
    int hash_algo;
    HASH_INFO ihash;
    HASH_INFO ohash;
} HASH_HMAC_INFO;

typedef struct {
    void* p_data;
    int (*start)(T_OS_MDL_HDL smos, void* file, void* coff_mem);
    int (*stop)(void);
    int (*pre_replace)(void);
    int (*pre_delete)(void);
    const void* reserved;
    const void* p_module_info;
    int (*_hash_hash)(int mode, unsigned int len, unsigned char* data, void* info, unsigned char* hash,
            unsigned int* l_hash);
    int (*_hash_sha1)(int mode, unsigned int len, unsigned char* data, HASH_SHA1_INFO* info, unsigned char*
            hash);
    int (*_hash_rmd160)(int mode, unsigned int len, unsigned char* data, HASH_RMD160_INFO* info, unsigned
            char* hash);
    int (*_hash_sha224)(int mode, unsigned int len, unsigned char* data, HASH_SHA224_INFO* info, unsigned
            char* hash);
    int (*_hash_sha256)(int mode, unsigned int len, unsigned char* data, HASH_SHA256_INFO* info, unsigned
            char* hash);
    int (*_hash_md5)(int mode, unsigned int len, unsigned char* data, HASH_MD5_INFO* info, unsigned char*
            hash);
    int (*_hash_sha384)(int mode, unsigned int len, unsigned char* data, HASH_SHA384_INFO* info, unsigned
            char* hash);
    int (*_hash_sha512)(int mode, unsigned int len, unsigned char* data, HASH_SHA512_INFO* info, unsigned
            char* hash);
    int (*_hash_hmac)(int mode, unsigned int l_key, unsigned char* key, unsigned int l_data, unsigned char*
            data, HASH_HMAC_INFO* info, unsigned char* hash, unsigned int* l_hash);
    int (*_hash_get_oid)(int algorithm, unsigned int* l_oid, unsigned char** oid);
    int (*_hash_get_info)(int algorithm, unsigned int* hlen, unsigned int* l_oid, unsigned char** oid);
    int (*_hash_kdf_sp800108)(int algorithm, unsigned int l_ki, unsigned char* ki, unsigned int l_iv, unsigned
            char* iv, unsigned int l_fixdat, unsigned char* fixdat, unsigned int length, unsigned char** ko);
    int (*_hash_sha3_224)(int mode, unsigned int len, unsigned char* data, HASH_SHA3_INFO* info, unsigned
            char* hash);
    int (*_hash_sha3_256)(int mode, unsigned int len, unsigned char* data, HASH_SHA3_INFO* info, unsigned
            char* hash);
    int (*_hash_sha3_384)(int mode, unsigned int len, unsigned char* data, HASH_SHA3_INFO* info, unsigned
            char* hash);
    int (*_hash_sha3_512)(int mode, unsigned int len, unsigned char* data, HASH_SHA3_INFO* info, unsigned
            char* hash);
    int (*_hash_shake128)(int mode, unsigned int len, unsigned char* data, HASH_SHA3_INFO* info, unsigned int
            l_hash, unsigned char* hash);
    int (*_hash_shake256)(int mode, unsigned int len, unsigned char* data, HASH_SHA3_INFO* info, unsigned int
            l_hash, unsigned char* hash);
    int (*_hash_raw_shake128)(int mode, unsigned int len, unsigned char* data, HASH_SHA3_INFO* info, unsigned
            int l_hash, unsigned char* hash);
    int (*_hash_raw_shake256)(int mode, unsigned int len, unsigned char* data, HASH_SHA3_INFO* info, unsigned
            int l_hash, unsigned char* hash);
} T_HASH_TABLE_PUB;

extern T_OS_MDL_HDL P_HASH;

#define hash_hash (((T_HASH_TABLE_PUB*)P_HASH)->_hash_hash)
#define hash_sha1 (((T_HASH_TABLE_PUB*)P_HASH)->_hash_sha1)
#define hash_rmd160 (((T_HASH_TABLE_PUB*)P_HASH)->_hash_rmd160)
#define hash_sha224 (((T_HASH_TABLE_PUB*)P_HASH)->_hash_sha224)
#define hash_sha256 (((T_HASH_TABLE_PUB*)P_HASH)->_hash_sha256)
#define hash_md5 (((T_HASH_TABLE_PUB*)P_HASH)->_hash_md5)
#define hash_sha384 (((T_HASH_TABLE_PUB*)P_HASH)->_hash_sha384)
#define hash_sha512 (((T_HASH_TABLE_PUB*)P_HASH)->_hash_sha512)
#define hash_hmac (((T_HASH_TABLE_PUB*)P_HASH)->_hash_hmac)
#define hash_get_oid (((T_HASH_TABLE_PUB*)P_HASH)->_hash_get_oid)
#define hash_get_info (((T_HASH_TABLE_PUB*)P_HASH)->_hash_get_info)
#define hash_kdf_sp800108 (((T_HASH_TABLE_PUB*)P_HASH)->_hash_kdf_sp800108)
#define hash_sha3_224 (((T_HASH_TABLE_PUB*)P_HASH)->_hash_sha3_224)
#define hash_sha3_256 (((T_HASH_TABLE_PUB*)P_HASH)->_hash_sha3_256)
#define hash_sha3_384 (((T_HASH_TABLE_PUB*)P_HASH)->_hash_sha3_384)
#define hash_sha3_512 (((T_HASH_TABLE_PUB*)P_HASH)->_hash_sha3_512)
#define hash_shake128 (((T_HASH_TABLE_PUB*)P_HASH)->_hash_shake128)
#define hash_shake256 (((T_HASH_TABLE_PUB*)P_HASH)->_hash_shake256)
#define hash_raw_shake128 (((T_HASH_TABLE_PUB*)P_HASH)->_hash_raw_shake128)
#define hash_raw_shake256 (((T_HASH_TABLE_PUB*)P_HASH)->_hash_raw_shake256)

#define E_HASH_MEM 0xB0890001u /* heap failure */
#define E_HASH_PARAMETER 0xB0890002u /* argument not acceptable */
#define E_HASH_LEN 0xB0890003u /* length out of range */
#define E_HASH_MODE 0xB0890004u /* mode value unknown */
#define E_HASH_FUNCTION 0xB0890005u /* algorithm unavailable */

#endif
