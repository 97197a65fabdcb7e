/* cryptoserversdk/vdes.h: DES
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_VDES_H
#define CRYPTOSERVERSDK_VDES_H

#include "os_mdl.h"
#include "os_mem.h"
#include "stype.h"

#define DES_MODE_ENCRYPT 0x00020010
#define DES_MODE_DECRYPT 0xFFFE0010
#define DES_MODE_ENCRYPT3 0x00020030
#define DES_MODE_DECRYPT3 0xFFFE0030
#define VDES_SINGLE_DES 0x00000010
#define VDES_TRIPLE_DES 0x00000030
#define VDES_EXT_TRIPLE_DES 0x00000030
#define VDES_KEY_LEN 8
#define VDES_ISO_HASH_LB 16
#define VDES_ENC 0x00020000
#define VDES_DEC 0xFFFE0000
#define VDES_ECB 0x00002000
#define VDES_CBC 0x00004000
#define VDES_CFB1 0x00006000
#define VDES_MODE_MASK 0x0000F000
#define VDES_PAD_PKCS 0x100
#define VDES_PAD_ISO7816 0x200
#define VDES_PAD_ISO10126 0x300
#define VDES_USE_REAL_RND 0
#define VDES_USE_PSEUDO_RND 0x100

typedef struct {
    int flags;
    int error;
    int key[96];
} VDES_KEY;

typedef struct {
    void* p_data;
    int (*start)(T_OS_MDL_HDL smos, void* file, void* coff_mem);
    int (*stop)(void);
    int (*pre_replace)(void);
    int (*pre_delete)(void);
    const void* reserved;
    const void* p_module_info;
    const void* _global_key;
    const void* _os_mkv;
    int (*_vdes_mkkey)(int keylen, unsigned char* key, VDES_KEY* key_, VDES_KEY** key_buff);
    VDES_KEY* (*_vdes_pkey)(int keylen, unsigned char* key, VDES_KEY* key_);
    int (*_vdes_free)(VDES_KEY* key);
    int (*_vdes_keyerror)(VDES_KEY* key);
    int (*_vdes_chk_key)(int keylen, unsigned char* key);
    int (*_vdes_set_odd_parity)(int len, unsigned char* data);
    int (*_vdes_gen_key)(int keylen, unsigned char* key);
    int (*_vdes_ecb)(VDES_KEY* key, int mode, unsigned int len, unsigned char* in, unsigned char* out);
    int (*_vdes_cbc)(VDES_KEY* key, int mode, unsigned char* iv_in, unsigned int len, unsigned char* in,
            unsigned char* out, unsigned char* iv_out);
    int (*_vdes_cfb1)(VDES_KEY* key, int mode, unsigned char* iv_in, unsigned int len, unsigned char* in,
            unsigned char* out, unsigned char* iv_out);
    int (*_vdes)(VDES_KEY* key, int mode, unsigned char* iv_in, unsigned int len, unsigned char* in, unsigned
            char* out, unsigned char* iv_out);
    int (*_vdes_iso_hash)(unsigned int len, unsigned char* data, unsigned char pad_value, unsigned char* iv,
            unsigned char* hash);
    int (*_vdes_mac)(VDES_KEY* key, unsigned int len, unsigned char* data, unsigned char pad_value, unsigned
            char* iv, unsigned char* mac);
    int (*_vdes_cbc_rmac)(VDES_KEY* key, unsigned int len, unsigned char* data, unsigned char pad_value,
            unsigned char* iv, unsigned char* mac);
    int (*_vdes_cfb_rmac)(VDES_KEY* key, unsigned int len, unsigned char* data, unsigned char pad_value,
            unsigned char* iv, unsigned char* mac);
    int (*_vdes_cbc_pad)(VDES_KEY* key, int mode, unsigned char* iv_in, unsigned int len, unsigned char* in,
            unsigned int pad, unsigned char* out);
    int (*_vdes_cbc_xpad)(VDES_KEY* key, int mode, unsigned int padding, unsigned char* iv_in, unsigned int
            len, unsigned char* in, unsigned char* out);
    int (*_vdes_padding_length)(unsigned int padding, unsigned int l_data, unsigned char* data, unsigned int*
            l_pad);
    int (*_vdes_unpad)(unsigned int padding, unsigned int* l_data, unsigned char* data);
} T_VDES_TABLE_PUB;

extern T_OS_MDL_HDL P_VDES;

#define vdes_mkkey (((T_VDES_TABLE_PUB*)P_VDES)->_vdes_mkkey)
#define vdes_pkey (((T_VDES_TABLE_PUB*)P_VDES)->_vdes_pkey)
#define vdes_free (((T_VDES_TABLE_PUB*)P_VDES)->_vdes_free)
#define vdes_keyerror (((T_VDES_TABLE_PUB*)P_VDES)->_vdes_keyerror)
#define vdes_chk_key (((T_VDES_TABLE_PUB*)P_VDES)->_vdes_chk_key)
#define vdes_set_odd_parity (((T_VDES_TABLE_PUB*)P_VDES)->_vdes_set_odd_parity)
#define vdes_gen_key (((T_VDES_TABLE_PUB*)P_VDES)->_vdes_gen_key)
#define vdes_ecb (((T_VDES_TABLE_PUB*)P_VDES)->_vdes_ecb)
#define vdes_cbc (((T_VDES_TABLE_PUB*)P_VDES)->_vdes_cbc)
#define vdes_cfb1 (((T_VDES_TABLE_PUB*)P_VDES)->_vdes_cfb1)
#define vdes (((T_VDES_TABLE_PUB*)P_VDES)->_vdes)
#define vdes_iso_hash (((T_VDES_TABLE_PUB*)P_VDES)->_vdes_iso_hash)
#define vdes_mac (((T_VDES_TABLE_PUB*)P_VDES)->_vdes_mac)
#define vdes_cbc_rmac (((T_VDES_TABLE_PUB*)P_VDES)->_vdes_cbc_rmac)
#define vdes_cfb_rmac (((T_VDES_TABLE_PUB*)P_VDES)->_vdes_cfb_rmac)
#define vdes_cbc_pad (((T_VDES_TABLE_PUB*)P_VDES)->_vdes_cbc_pad)
#define vdes_cbc_xpad (((T_VDES_TABLE_PUB*)P_VDES)->_vdes_cbc_xpad)
#define vdes_padding_length (((T_VDES_TABLE_PUB*)P_VDES)->_vdes_padding_length)
#define vdes_unpad (((T_VDES_TABLE_PUB*)P_VDES)->_vdes_unpad)

#endif
