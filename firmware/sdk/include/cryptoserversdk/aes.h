/* cryptoserversdk/aes.h: AES
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_AES_H
#define CRYPTOSERVERSDK_AES_H

#include "os_mdl.h"
#include "os_mem.h"
#include "stype.h"

#define AES_CMAC_AD 0x00100000
#define AES_CMAC_DATA 0x00200000
#define AES_CMAC_END 0x00400000
#define AES_CMAC_ADDATA 0x00300000
#define AES_CMAC_ADEND 0x00500000
#define AES_CMAC_DATAEND 0x00600000
#define AES_CMAC_ALL 0x00700000
#define AES_CMAC_MASK 0x00F00000
#define AES_NOENC 0x00000000
#define AES_ENC 0x00020000
#define AES_DEC 0x00040000
#define AES_CRYPT_MASK 0x000F0000
#define AES_ECB 0x00002000
#define AES_CBC 0x00004000
#define AES_CFB1 0x00006000
#define AES_OFB 0x00008000
#define AES_MODE_MASK 0x0000F000
#define AES_MAX_ROUNDS 14
#define AES_BLOCK_SIZE 16
#define AES_PAD_PKCS 0x100
#define AES_PAD_ISO7816 0x200
#define AES_PAD_ISO10126 0x300
#define AES_USE_REAL_RND 0
#define AES_USE_PSEUDO_RND 0x100
#define AES_KEYWRAP_BLOCK_SIZE 8
#define AES_KEYWRAP_ICV_LEN 8
#define AES_KEYWRAP_PAD_ICV_LEN 4

typedef struct {
    int flags;
    int error;
    unsigned int rd_key[4* (AES_MAX_ROUNDS + 1)];
} AES_KEY;

typedef struct T_aes_ccm_state_ T_aes_ccm_state;

typedef struct {
    void* p_data;
    int (*start)(T_OS_MDL_HDL smos, void* file, void* coff_mem);
    int (*stop)(void);
    int (*pre_replace)(void);
    int (*pre_delete)(void);
    const void* reserved;
    const void* p_module_info;
    const void* _global_key;
    int (*_aes_mkkey)(int keylen, unsigned char* key, int mode, AES_KEY* key_, AES_KEY** key_buff);
    AES_KEY* (*_aes_pkey)(int keylen, unsigned char* key, int mode, AES_KEY* key_);
    int (*_aes_free)(AES_KEY* key);
    int (*_aes_keyerror)(AES_KEY* key);
    int (*_aes_gen_key)(int keylen, unsigned char* key);
    int (*_aes_ecb)(AES_KEY* key, int mode, unsigned int len, unsigned char* in, unsigned char* out);
    int (*_aes_cbc)(AES_KEY* key, int mode, unsigned char* iv_in, unsigned int len, unsigned char* in,
            unsigned char* out, unsigned char* iv_out);
    int (*_aes_cbc_pad)(AES_KEY* key, int mode, unsigned char* iv_in, unsigned int len, unsigned char* in,
            unsigned char pad, unsigned char* out);
    int (*_aes_cfb1)(AES_KEY* key, int mode, unsigned char* iv_in, unsigned int len, unsigned char* in,
            unsigned char* out, unsigned char* iv_out);
    int (*_aes)(AES_KEY* key, int mode, unsigned char* iv_in, unsigned int len, unsigned char* in, unsigned
            char* out, unsigned char* iv_out);
    int (*_aes_mac)(AES_KEY* key, unsigned int len, unsigned char* data, unsigned char pad_value, unsigned
            char* iv, unsigned char* mac);
    int (*_aes_cbc_xpad)(AES_KEY* key, int mode, unsigned int padding, unsigned char* iv_in, unsigned int len,
            unsigned char* in, unsigned char* out);
    int (*_aes_padding_length)(unsigned int padding, unsigned int l_data, unsigned char* data, unsigned int*
            l_pad);
    int (*_aes_unpad)(unsigned int padding, unsigned int* l_data, unsigned char* data);
    const void* _os_mkv_enc;
    const void* _os_mkv_dec;
    int (*_aes_cmac)(AES_KEY* key, unsigned int len, unsigned char* data, unsigned char* mac);
    int (*_aes_gcm)(int mode, unsigned char* in_buff, unsigned char* out_buff, unsigned char* ad, unsigned
            char* j0, AES_KEY* key, unsigned char* tag, unsigned char* j0_out, unsigned int data_len, unsigned
            int ad_len);
    int (*_aes_gcm_prepare_j0)(unsigned char* j0, unsigned char* iv, AES_KEY* key, unsigned int iv_len);
    int (*_aes_cmac_ex)(AES_KEY* key, unsigned int mode, unsigned int len, unsigned char* data, unsigned char*
            mac);
    int (*_aes_ofb)(AES_KEY* key, unsigned int mode, unsigned char* iv_in, unsigned int len, unsigned char*
            in, unsigned char* out, unsigned char* iv_out);
    int (*_aes_ccm)(int mode, unsigned char* in_buff, unsigned char* out_buff, unsigned char* ad, AES_KEY*
            key, unsigned char* tag, unsigned int buff_len, unsigned int ad_len, T_aes_ccm_state* ccm_state);
    int (*_aes_ccm_init)(unsigned char* iv, unsigned char* tag, AES_KEY* key, unsigned int iv_len, unsigned
            int data_len, unsigned int ad_len, unsigned int tag_len, T_aes_ccm_state* ccm_state);
    int (*_aes_ctr)(AES_KEY* key, unsigned int mode, unsigned int cbits, const unsigned char* iv_in, unsigned
            int len, const unsigned char* in, unsigned char* out, unsigned char* iv_out);
    int (*_aes_ccm_init_sl)(AES_KEY* key, unsigned int l_nonce, unsigned int l_ad, unsigned int l_data,
            unsigned int l_tag, unsigned char* ctr, unsigned char* hash, unsigned int* pl_first_ad);
    int (*_aes_ccm_ad)(AES_KEY* key, unsigned int l_total_ad, unsigned int l_ad, const unsigned char* ad,
            unsigned char* hash);
    int (*_aes_ccm_data)(AES_KEY* key, int mode, unsigned int l_data, const unsigned char* in, unsigned char*
            ctr, unsigned char* hash, unsigned char* out);
    int (*_aes_ccm_final)(AES_KEY* key, int mode, unsigned char* ctr, unsigned char* hash, unsigned int l_tag,
            unsigned char* tag);
    int (*_aes_gcm_init)(AES_KEY* key, unsigned int l_iv, unsigned char* iv, unsigned char* ctr);
    int (*_aes_gcm_ad)(AES_KEY* key, unsigned int l_ad, const unsigned char* ad, unsigned char* hash);
    int (*_aes_gcm_data)(AES_KEY* key, int mode, unsigned int l_data, const unsigned char* in, unsigned char*
            ctr, unsigned char* hash, unsigned char* out);
    int (*_aes_gcm_final)(AES_KEY* key, int mode, unsigned int l_ad, unsigned int l_data, unsigned char*
            init_ctr, unsigned char* hash, unsigned int l_tag, unsigned char* tag);
    int (*_aes_key_wrap)(const AES_KEY* kek, int mode, const unsigned char* in, unsigned int data_in_len,
            unsigned char* out, unsigned int* data_out_len, const unsigned char* icv, unsigned int icv_len);
    int (*_aes_key_wrap_pad)(const AES_KEY* kek, int mode, const unsigned char* in, unsigned int data_in_len,
            unsigned char* out, unsigned int* data_out_len, const unsigned char* icv, unsigned int icv_len);
} T_AES_TABLE_PUB;

extern T_OS_MDL_HDL P_AES;

#define aes_mkkey (((T_AES_TABLE_PUB*)P_AES)->_aes_mkkey)
#define aes_pkey (((T_AES_TABLE_PUB*)P_AES)->_aes_pkey)
#define aes_free (((T_AES_TABLE_PUB*)P_AES)->_aes_free)
#define aes_keyerror (((T_AES_TABLE_PUB*)P_AES)->_aes_keyerror)
#define aes_gen_key (((T_AES_TABLE_PUB*)P_AES)->_aes_gen_key)
#define aes_ecb (((T_AES_TABLE_PUB*)P_AES)->_aes_ecb)
#define aes_cbc (((T_AES_TABLE_PUB*)P_AES)->_aes_cbc)
#define aes_cbc_pad (((T_AES_TABLE_PUB*)P_AES)->_aes_cbc_pad)
#define aes_cfb1 (((T_AES_TABLE_PUB*)P_AES)->_aes_cfb1)
#define aes (((T_AES_TABLE_PUB*)P_AES)->_aes)
#define aes_mac (((T_AES_TABLE_PUB*)P_AES)->_aes_mac)
#define aes_cbc_xpad (((T_AES_TABLE_PUB*)P_AES)->_aes_cbc_xpad)
#define aes_padding_length (((T_AES_TABLE_PUB*)P_AES)->_aes_padding_length)
#define aes_unpad (((T_AES_TABLE_PUB*)P_AES)->_aes_unpad)
#define aes_cmac (((T_AES_TABLE_PUB*)P_AES)->_aes_cmac)
#define aes_cmac_ex (((T_AES_TABLE_PUB*)P_AES)->_aes_cmac_ex)
#define aes_ofb (((T_AES_TABLE_PUB*)P_AES)->_aes_ofb)
#define aes_ctr (((T_AES_TABLE_PUB*)P_AES)->_aes_ctr)
#define aes_ccm_init_sl (((T_AES_TABLE_PUB*)P_AES)->_aes_ccm_init_sl)
#define aes_ccm_ad (((T_AES_TABLE_PUB*)P_AES)->_aes_ccm_ad)
#define aes_ccm_data (((T_AES_TABLE_PUB*)P_AES)->_aes_ccm_data)
#define aes_ccm_final (((T_AES_TABLE_PUB*)P_AES)->_aes_ccm_final)
#define aes_gcm_init (((T_AES_TABLE_PUB*)P_AES)->_aes_gcm_init)
#define aes_gcm_ad (((T_AES_TABLE_PUB*)P_AES)->_aes_gcm_ad)
#define aes_gcm_data (((T_AES_TABLE_PUB*)P_AES)->_aes_gcm_data)
#define aes_gcm_final (((T_AES_TABLE_PUB*)P_AES)->_aes_gcm_final)
#define aes_key_wrap (((T_AES_TABLE_PUB*)P_AES)->_aes_key_wrap)
#define aes_key_wrap_pad (((T_AES_TABLE_PUB*)P_AES)->_aes_key_wrap_pad)

#define E_AES_DATA_LEN 0xB08B0001u /* input not whole 16-byte blocks */
#define E_AES_KEY_LEN 0xB08B0002u /* key must be 16/24/32 bytes */
#define E_AES_MEM 0xB08B0003u /* heap exhausted */
#define E_AES_MODE 0xB08B0004u /* unknown mode value */
#define E_AES_CFB1_DEC_MODE 0xB08B0005u /* CFB1 needs encrypt-prepared key */
#define E_AES_PAD_TYPE 0xB08B0006u /* padding id unknown */
#define E_AES_PAD 0xB08B0007u /* padding check failed */
#define E_AES_PARAM 0xB08B0008u /* argument not acceptable */
#define E_AES_READ_MASTER_KEY 0xB08B0009u /* device master key not readable */
#define E_AES_MODE_MISMATCH 0xB08B000Au /* key prepared for other direction */
#define E_AES_ZERO_LEN 0xB08B000Cu /* empty input refused */
#define E_AES_CTR_OVERFLOW 0xB08B000Du /* CTR counter wrapped */
#define E_AES_TAG_VERIFICATION 0xB08B000Eu /* CCM/GCM tag mismatch */
#define E_AES_KEYWRAP 0xB08B000Fu /* key wrap integrity mismatch */

#endif
