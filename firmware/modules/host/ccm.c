/* AES-CCM in steps (NIST SP 800-38C). What callers do between the steps no public source says; our
 * assumption: aes_ccm_init_sl finds the nonce at the start of `ctr` and leaves block A0 there; the first call
 * of aes_ccm_ad states the whole length of the additional data, further ones 0, and all but the last have as
 * many bytes as fill blocks: the first *first_ad, others a multiple of 16. Of aes_ccm_data all calls but the
 * last have a multiple of 16. Lengths of tags are in bytes, or from 32 on in bits, as GCM's. */
#include "host.h"

enum { BLOCK = AES_BLOCK_SIZE, MOST_SHORT_AD = 0xFEFF };

static u32 tag_bytes(u32 length) { return length >= 32 ? length / 8 : length; }

/* CBC-MAC goes on over `length` bytes, filled up with zeros. */
static int fold(AES_KEY* key, const u8* bytes, u32 length, u8* hash) {
    const u32 whole = (length + BLOCK - 1) / BLOCK * BLOCK;
    u8 *text, *made;
    int code;
    if (whole == 0) return 0;
    if (whole < length) return CODE(E_AES_PARAM);
    text = malloc(whole);
    made = malloc(whole);
    if (text && made) {
        memcpy(text, bytes, length);
        memset(text + length, 0, whole - length);
        code = sdk_aes_cbc(key, AES_ENC, hash, whole, text, made, NULL);
        if (code == 0) memcpy(hash, made + whole - BLOCK, BLOCK);
        explicit_bzero(text, whole);
    } else {
        code = CODE(E_AES_MEM);
    }
    free(text);
    free(made);
    return code;
}

/* How the length of the additional data stands before it; its own length. */
static u32 length_prefix(u32 l_ad, u8* out) {
    if (l_ad == 0) return 0;
    if (l_ad <= MOST_SHORT_AD) {
        store_int2(l_ad, out);
        return 2;
    }
    out[0] = 0xFF;
    out[1] = 0xFE;
    store_int4(l_ad, out + 2);
    return 6;
}

int sdk_aes_ccm_init_sl(AES_KEY* key, u32 l_nonce, u32 l_ad, u32 l_data, u32 l_tag, u8* ctr, u8* hash,
                        u32* first_ad) {
    const u32 tag = tag_bytes(l_tag), l_length = 15 - l_nonce; /* bytes in which the length stands */
    u8 first[BLOCK] = {0}, prefix[6];
    u32 i;
    if (!ctr || !hash || l_nonce < 7 || l_nonce > 13) return CODE(E_AES_PARAM);
    if (tag < 4 || tag > 16 || tag % 2 != 0) return CODE(E_AES_PARAM);
    if (l_length < 4 && l_data >> (8 * l_length) != 0) return CODE(E_AES_DATA_LEN);
    first[0] = (u8)((l_ad ? 0x40 : 0) | (tag - 2) / 2 << 3 | (l_length - 1));
    memcpy(first + 1, ctr, l_nonce);
    for (i = 0; i < l_length && i < 4; ++i) first[15 - i] = (u8)(l_data >> 8 * i);
    memmove(ctr + 1, ctr, l_nonce);
    ctr[0] = (u8)(l_length - 1);
    memset(ctr + 1 + l_nonce, 0, l_length);
    memset(hash, 0, BLOCK);
    if (first_ad) {
        *first_ad = BLOCK - length_prefix(l_ad, prefix);
        if (*first_ad > l_ad) *first_ad = l_ad;
    }
    return fold(key, first, BLOCK, hash);
}

int sdk_aes_ccm_ad(AES_KEY* key, u32 l_whole, u32 l_ad, const u8* ad, u8* hash) {
    u8 first[BLOCK];
    const u32 at = length_prefix(l_whole, first);
    const u32 part = l_ad < BLOCK - at ? l_ad : BLOCK - at;
    int code;
    if (!hash || (!ad && l_ad)) return CODE(E_AES_PARAM);
    if (at == 0) return fold(key, ad, l_ad, hash);
    if (part) memcpy(first + at, ad, part);
    code = fold(key, first, at + part, hash);
    return code ? code : fold(key, ad + part, l_ad - part, hash);
}

static u32 counter_bits(const u8* ctr) { return 8 * ((ctr[0] & 7u) + 1); }

/* The counter after the last block that was used is 0 in A0: counted up before each block. */
int sdk_aes_ccm_data(AES_KEY* key, int mode, u32 length, const u8* in, u8* ctr, u8* hash, u8* out) {
    const int decrypt = (mode & AES_CRYPT_MASK) == AES_DEC;
    u8 next[BLOCK], behind[BLOCK];
    const u32 last = length ? (length - 1) / BLOCK : 0;
    u32 i, carry;
    int code;
    if (!ctr || !hash || (length && (!in || !out))) return CODE(E_AES_PARAM);
    if (length == 0) return 0;
    memcpy(next, ctr, BLOCK);
    for (i = BLOCK, carry = 1; carry && i-- > BLOCK - counter_bits(ctr) / 8;) carry = ++next[i] == 0;
    if (carry) return CODE(E_AES_CTR_OVERFLOW);
    code = decrypt ? 0 : fold(key, in, length, hash);
    if (code == 0) code = sdk_aes_ctr(key, AES_ENC, counter_bits(ctr), next, length, in, out, behind);
    if (code == 0 && decrypt) code = fold(key, out, length, hash);
    if (code != 0) return code;
    memcpy(ctr, next, BLOCK);
    for (i = BLOCK, carry = last; carry && i-- > BLOCK - counter_bits(ctr) / 8; carry >>= 8) {
        carry += ctr[i];
        ctr[i] = (u8)carry;
    }
    return 0;
}

int sdk_aes_ccm_final(AES_KEY* key, int mode, u8* ctr, u8* hash, u32 l_tag, u8* tag) {
    const u32 length = tag_bytes(l_tag);
    u8 mask[BLOCK];
    u32 i;
    int code;
    if (!ctr || !hash || !tag || length < 4 || length > 16) return CODE(E_AES_PARAM);
    memset(ctr + BLOCK - counter_bits(ctr) / 8, 0, counter_bits(ctr) / 8); /* A0 again */
    code = sdk_aes_ecb(key, AES_ENC, BLOCK, ctr, mask);
    if (code != 0) return code;
    for (i = 0; i < length; ++i) mask[i] ^= hash[i];
    if ((mode & AES_CRYPT_MASK) == AES_DEC)
        return sdk_os_mem_cmp_ti(mask, tag, (int)length) == 0 ? 0 : CODE(E_AES_TAG_VERIFICATION);
    memcpy(tag, mask, length);
    return 0;
}
