/* AES and DES (whose own codes no public source gives: AES's stand for them). A prepared key holds the key
 * itself where the device has its schedule; modules pass it on unread. */
#include "aes.h"

enum { AES = 1, DES = 2, ECB = 1, CBC = 2, OFB = 3, CFB1 = 5, PART = 256 * 1024, LONGEST_KEY = 32 };
#define PREPARED 0x43530000 /* in the upper half of flags; bytes of the key in the lower */

static const u8 zeros[16];

/* --- keys --- */

static int prepare(int* flags, int* error, void* store, int bytes, const u8* key, int good) {
    *flags = 0;
    *error = 0;
    if (!good || !key) return *error = 1;
    *flags = PREPARED | bytes;
    memcpy(store, key, (size_t)bytes);
    return 0;
}

AES_KEY* sdk_aes_pkey(int bytes, u8* key, int mode, AES_KEY* prepared) {
    (void)mode; /* one form serves both directions */
    if (!prepared) prepared = heap_new(sizeof *prepared, OS_MEM_TYPE_SECURE, NULL, 0, CALLER);
    if (!prepared) return NULL;
    memset(prepared, 0, sizeof *prepared);
    if (prepare(&prepared->flags, &prepared->error, prepared->rd_key, bytes, key,
                bytes == 16 || bytes == 24 || bytes == 32))
        prepared->error = CODE(E_AES_KEY_LEN);
    return prepared;
}
int sdk_aes_mkkey(int bytes, u8* key, int mode, AES_KEY* prepared, AES_KEY** out) {
    prepared = sdk_aes_pkey(bytes, key, mode, prepared);
    if (out) *out = prepared;
    return prepared ? prepared->error : CODE(E_AES_MEM);
}
int sdk_aes_free(AES_KEY* key) {
    sdk_os_mem_del_set(key, 0);
    return 0;
}
int sdk_aes_keyerror(AES_KEY* key) { return key ? key->error : CODE(E_AES_MEM); }

VDES_KEY* sdk_vdes_pkey(int bytes, u8* key, VDES_KEY* prepared) {
    if (!prepared) prepared = heap_new(sizeof *prepared, OS_MEM_TYPE_SECURE, NULL, 0, CALLER);
    if (!prepared) return NULL;
    memset(prepared, 0, sizeof *prepared);
    if (prepare(&prepared->flags, &prepared->error, prepared->key, bytes, key,
                bytes == 8 || bytes == 16 || bytes == 24))
        prepared->error = CODE(E_AES_KEY_LEN);
    return prepared;
}
int sdk_vdes_mkkey(int bytes, u8* key, VDES_KEY* prepared, VDES_KEY** out) {
    prepared = sdk_vdes_pkey(bytes, key, prepared);
    if (out) *out = prepared;
    return prepared ? prepared->error : CODE(E_AES_MEM);
}
int sdk_vdes_free(VDES_KEY* key) {
    sdk_os_mem_del_set(key, 0);
    return 0;
}
int sdk_vdes_keyerror(VDES_KEY* key) { return key ? key->error : CODE(E_AES_MEM); }

int sdk_aes_gen_key(int bytes, u8* key) {
    bytes &= ~AES_USE_PSEUDO_RND;
    if (!key || (bytes != 16 && bytes != 24 && bytes != 32)) return CODE(E_AES_KEY_LEN);
    return sdk_os_crypt_drbg_rnd(DRBG_REAL, key, (u32)bytes);
}
int sdk_vdes_set_odd_parity(int length, u8* data) {
    int i;
    for (i = 0; i < length; ++i) data[i] = (u8)((data[i] & 0xFE) | !__builtin_parity(data[i] & 0xFE));
    return 0;
}
int sdk_vdes_gen_key(int bytes, u8* key) {
    int code;
    bytes &= ~VDES_USE_PSEUDO_RND;
    if (!key || (bytes != 8 && bytes != 16 && bytes != 24)) return CODE(E_AES_KEY_LEN);
    code = sdk_os_crypt_drbg_rnd(DRBG_REAL, key, (u32)bytes);
    return code ? code : sdk_vdes_set_odd_parity(bytes, key);
}

struct key aes_key(const AES_KEY* key) {
    struct key one = {AES, NULL, 0, 16, CODE(E_AES_PARAM), CODE(E_AES_DATA_LEN), CODE(E_AES_MODE)};
    if (!key || (key->flags & ~0xFF) != PREPARED) return one;
    one.bytes = (const u8*)key->rd_key;
    one.length = (u32)key->flags & 0xFF;
    return one;
}
static struct key des_key(const VDES_KEY* key) {
    struct key one = {DES, NULL, 0, 8, CODE(E_AES_PARAM), CODE(E_AES_DATA_LEN), CODE(E_AES_MODE)};
    if (!key || (key->flags & ~0xFF) != PREPARED) return one;
    one.bytes = (const u8*)key->key;
    one.length = (u32)key->flags & 0xFF;
    return one;
}

/* --- modes --- */

static int crypt_part(const struct key* key, int mode, int decrypt, const u8* iv, u32 length, const u8* in,
                      u8* out) {
    struct request request = request_for(SERVICE_cipher);
    struct answer answer;
    int code;
    put_number(&request, (u32)key->cipher, 1);
    put_number(&request, (u32)mode, 1);
    put_number(&request, (u32)decrypt, 1);
    put_bytes(&request, 2, key->bytes, key->length);
    put_bytes(&request, 2, iv, mode == ECB ? 0 : key->block);
    put_raw(&request, in, length);
    code = ask(&request, &answer);
    if (code == 0) memcpy(out, get_raw(&answer, length), length);
    return code;
}

/* In parts, each begun with what the one before left; in and out may be the same. */
static int crypt_blocks(struct key key, int mode, int decrypt, const u8* iv_in, u32 length, const u8* in,
                        u8* out, u8* iv_out) {
    u8 iv[16], last[16];
    if (!key.bytes || (length != 0 && (!in || !out))) return key.bad;
    if (length % key.block != 0) return key.bad_length;
    memcpy(iv, iv_in ? iv_in : zeros, key.block);
    while (length != 0) {
        const u32 part = length < PART ? length : PART;
        u32 i;
        int code;
        memcpy(last, in + part - key.block, key.block);
        code = crypt_part(&key, mode, decrypt, iv, part, in, out);
        if (code != 0) return code;
        if (mode == CBC) memcpy(iv, decrypt ? last : out + part - key.block, key.block);
        if (mode == OFB)
            for (i = 0; i < key.block; ++i) iv[i] = last[i] ^ out[part - key.block + i];
        in += part;
        out += part;
        length -= part;
    }
    if (iv_out) memcpy(iv_out, iv, key.block);
    return 0;
}

static int is_des_decrypting(int mode) { return (mode & (int)0xFFFF0000u) == (int)VDES_DEC; }

int sdk_aes_ecb(AES_KEY* key, int mode, u32 length, u8* in, u8* out) {
    return crypt_blocks(aes_key(key), ECB, is_decrypting(mode), NULL, length, in, out, NULL);
}
int sdk_aes_cbc(AES_KEY* key, int mode, u8* iv_in, u32 length, u8* in, u8* out, u8* iv_out) {
    return crypt_blocks(aes_key(key), CBC, is_decrypting(mode), iv_in, length, in, out, iv_out);
}
int sdk_aes_ofb(AES_KEY* key, u32 mode, u8* iv_in, u32 length, u8* in, u8* out, u8* iv_out) {
    (void)mode;
    return crypt_blocks(aes_key(key), OFB, 0, iv_in, length, in, out, iv_out);
}
/* The length is in bytes (our assumption). What was encrypted last is the next initial vector. */
int sdk_aes_cfb1(AES_KEY* key, int mode, u8* iv_in, u32 length, u8* in, u8* out, u8* iv_out) {
    const struct key one = aes_key(key);
    u8 window[2 * 16] = {0}; /* the vector, then up to a block of what was encrypted */
    if (!one.bytes || (length != 0 && (!in || !out))) return one.bad;
    if (iv_in) memcpy(window, iv_in, 16);
    while (length != 0) {
        const u32 part = length < PART ? length : PART, kept = part < 16 ? part : 16;
        u8 last[16];
        int code;
        memcpy(last, in + part - kept, kept);
        code = crypt_part(&one, CFB1, is_decrypting(mode), window, part, in, out);
        if (code != 0) return code;
        memcpy(window + 16, is_decrypting(mode) ? last : out + part - kept, kept);
        memmove(window, window + kept, 16);
        in += part;
        out += part;
        length -= part;
    }
    if (iv_out) memcpy(iv_out, window, 16);
    return 0;
}
int sdk_aes(AES_KEY* key, int mode, u8* iv_in, u32 length, u8* in, u8* out, u8* iv_out) {
    switch (mode & AES_MODE_MASK) {
        case AES_ECB:
            return sdk_aes_ecb(key, mode, length, in, out);
        case AES_CBC:
            return sdk_aes_cbc(key, mode, iv_in, length, in, out, iv_out);
        case AES_CFB1:
            return sdk_aes_cfb1(key, mode, iv_in, length, in, out, iv_out);
        case AES_OFB:
            return sdk_aes_ofb(key, (u32)mode, iv_in, length, in, out, iv_out);
        default:
            return CODE(E_AES_MODE);
    }
}
int sdk_vdes_ecb(VDES_KEY* key, int mode, u32 length, u8* in, u8* out) {
    return crypt_blocks(des_key(key), ECB, is_des_decrypting(mode), NULL, length, in, out, NULL);
}
int sdk_vdes_cbc(VDES_KEY* key, int mode, u8* iv_in, u32 length, u8* in, u8* out, u8* iv_out) {
    return crypt_blocks(des_key(key), CBC, is_des_decrypting(mode), iv_in, length, in, out, iv_out);
}
int sdk_vdes(VDES_KEY* key, int mode, u8* iv_in, u32 length, u8* in, u8* out, u8* iv_out) {
    if ((mode & VDES_MODE_MASK) == VDES_ECB) return sdk_vdes_ecb(key, mode, length, in, out);
    if ((mode & VDES_MODE_MASK) == VDES_CBC) return sdk_vdes_cbc(key, mode, iv_in, length, in, out, iv_out);
    return CODE(E_AES_MODE);
}

/* --- padding: by one of three rules, or with a constant byte for numbers under 100 --- */

struct padding {
    u32 block;
    int bad_type;
    int bad;
};
static const struct padding aes_padding = {16, CODE(E_AES_PAD_TYPE), CODE(E_AES_PAD)};
static const struct padding des_padding = {8, CODE(E_AES_PAD_TYPE), CODE(E_AES_PAD)};

static int padding_length(const struct padding* rule, u32 type, u32 length, u32* l_pad) {
    const u32 rest = length % rule->block;
    if (type != AES_PAD_PKCS && type != AES_PAD_ISO7816 && type != AES_PAD_ISO10126 && type >= AES_PAD_PKCS)
        return rule->bad_type;
    *l_pad = type < AES_PAD_PKCS && rest == 0 ? 0 : rule->block - rest;
    return 0;
}

static int fill_padding(u32 type, u8* pad, u32 length) {
    if (length == 0) return 0;
    memset(pad, type == AES_PAD_PKCS ? (int)length : type < AES_PAD_PKCS ? (int)type : 0, length);
    if (type == AES_PAD_ISO7816) pad[0] = 0x80;
    if (type == AES_PAD_ISO10126) {
        const int code = sdk_os_crypt_drbg_rnd(DRBG_REAL, pad, length - 1);
        if (code != 0) return code;
        pad[length - 1] = (u8)length;
    }
    return 0;
}

static int unpad(const struct padding* rule, u32 type, u32* length, const u8* data) {
    u32 pad, i;
    if (*length == 0 || *length % rule->block != 0) return rule->bad;
    pad = data[*length - 1];
    if (type == AES_PAD_PKCS || type == AES_PAD_ISO10126) {
        if (pad == 0 || pad > rule->block) return rule->bad;
        for (i = 1; type == AES_PAD_PKCS && i <= pad; ++i)
            if (data[*length - i] != pad) return rule->bad;
        *length -= pad;
        return 0;
    }
    if (type != AES_PAD_ISO7816) return rule->bad_type;
    for (i = *length; i > *length - rule->block && data[i - 1] == 0; --i) {
    }
    if (i == *length - rule->block || data[i - 1] != 0x80) return rule->bad;
    *length = i - 1;
    return 0;
}

int sdk_aes_padding_length(u32 type, u32 length, u8* data, u32* l_pad) {
    (void)data;
    return l_pad ? padding_length(&aes_padding, type, length, l_pad) : CODE(E_AES_PARAM);
}
int sdk_vdes_padding_length(u32 type, u32 length, u8* data, u32* l_pad) {
    (void)data;
    return l_pad ? padding_length(&des_padding, type, length, l_pad) : CODE(E_AES_PARAM);
}
int sdk_aes_unpad(u32 type, u32* length, u8* data) {
    return length && data ? unpad(&aes_padding, type, length, data) : CODE(E_AES_PARAM);
}
int sdk_vdes_unpad(u32 type, u32* length, u8* data) {
    return length && data ? unpad(&des_padding, type, length, data) : CODE(E_AES_PARAM);
}

/* Encryption pads, so that `out` takes up to a block more than `in`; decryption leaves the padding to
 * unpad(). */
static int cbc_padded(struct key key, const struct padding* rule, int decrypt, u32 type, const u8* iv,
                      u32 length, const u8* in, u8* out) {
    u8 last[16], next[16];
    u32 l_pad = 0, whole;
    int code;
    if (decrypt) return crypt_blocks(key, CBC, 1, iv, length, in, out, NULL);
    code = padding_length(rule, type, length, &l_pad);
    if (code != 0) return code;
    whole = length - length % rule->block;
    memcpy(next, iv ? iv : zeros, rule->block);
    if (l_pad != 0) {
        memcpy(last, in + whole, length - whole);
        code = fill_padding(type, last + (length - whole), l_pad);
        if (code != 0) return code;
    }
    code = crypt_blocks(key, CBC, 0, iv, whole, in, out, next);
    if (code != 0 || l_pad == 0) return code;
    return crypt_blocks(key, CBC, 0, next, rule->block, last, out + whole, NULL);
}
int sdk_aes_cbc_pad(AES_KEY* key, int mode, u8* iv, u32 length, u8* in, u8 pad, u8* out) {
    return cbc_padded(aes_key(key), &aes_padding, is_decrypting(mode), pad, iv, length, in, out);
}
int sdk_aes_cbc_xpad(AES_KEY* key, int mode, u32 type, u8* iv, u32 length, u8* in, u8* out) {
    return cbc_padded(aes_key(key), &aes_padding, is_decrypting(mode), type, iv, length, in, out);
}
int sdk_vdes_cbc_pad(VDES_KEY* key, int mode, u8* iv, u32 length, u8* in, u32 pad, u8* out) {
    return cbc_padded(des_key(key), &des_padding, is_des_decrypting(mode), pad & 0xFF, iv, length, in, out);
}
int sdk_vdes_cbc_xpad(VDES_KEY* key, int mode, u32 type, u8* iv, u32 length, u8* in, u8* out) {
    return cbc_padded(des_key(key), &des_padding, is_des_decrypting(mode), type, iv, length, in, out);
}

/* --- codes of messages --- */

static int cbc_mac(struct key key, const struct padding* rule, u32 length, const u8* data, u8 pad,
                   const u8* iv, u8* mac) {
    u8* out = malloc(length + rule->block);
    u32 l_pad = 0;
    int code;
    if (!out) return CODE(E_AES_MEM);
    code = padding_length(rule, pad, length, &l_pad);
    if (code == 0) code = cbc_padded(key, rule, 0, pad, iv, length, data, out);
    if (code == 0 && length + l_pad != 0) memcpy(mac, out + length + l_pad - rule->block, rule->block);
    free(out);
    return code;
}
int sdk_aes_mac(AES_KEY* key, u32 length, u8* data, u8 pad, u8* iv, u8* mac) {
    return cbc_mac(aes_key(key), &aes_padding, length, data, pad, iv, mac);
}
int sdk_vdes_mac(VDES_KEY* key, u32 length, u8* data, u8 pad, u8* iv, u8* mac) {
    return cbc_mac(des_key(key), &des_padding, length, data, pad, iv, mac);
}

int sdk_aes_cmac(AES_KEY* key, u32 length, u8* data, u8* mac) {
    const struct key one = aes_key(key);
    struct request request = request_for(SERVICE_aes_cmac);
    struct answer answer;
    int code;
    if (!one.bytes || !mac) return one.bad;
    put_bytes(&request, 2, one.bytes, one.length);
    put_raw(&request, data, length);
    code = ask(&request, &answer);
    if (code == 0) memcpy(mac, get_raw(&answer, 16), 16);
    return code;
}

int sdk_aes_ctr(AES_KEY* key, u32 mode, u32 bits, const u8* iv_in, u32 length, const u8* in, u8* out,
                u8* iv_out) {
    const struct key one = aes_key(key);
    struct request request = request_for(SERVICE_aes_ctr);
    struct answer answer;
    const u8* counter;
    int code;
    (void)mode;
    if (!one.bytes || !iv_in) return one.bad;
    put_bytes(&request, 2, one.bytes, one.length);
    put_number(&request, bits, 4);
    put_raw(&request, iv_in, 16);
    put_raw(&request, in, length);
    code = ask(&request, &answer);
    if (code != 0) return code;
    counter = get_raw(&answer, 16);
    if (iv_out) memcpy(iv_out, counter, 16);
    memcpy(out, get_raw(&answer, length), length);
    return 0;
}
