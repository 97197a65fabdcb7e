/* A prepared key of AES or DES, as the files of AES share it. */
#ifndef CS2SIM_MODULES_AES_H
#define CS2SIM_MODULES_AES_H

#include "host.h"

struct key {
    int cipher;
    const u8* bytes;
    u32 length;
    u32 block;
    int bad;
    int bad_length;
    int bad_mode;
};

/* bytes is NULL when `key` was not prepared. */
struct key aes_key(const AES_KEY* key);

/* Of a mode's AES_ENC and AES_DEC. */
static inline int is_decrypting(int mode) { return (mode & AES_CRYPT_MASK) == AES_DEC; }

#endif
