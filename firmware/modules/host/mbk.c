/* MBK: what a module may know of the master backup keys, and keys derived from them. */
#include "host.h"

int sdk_mbk_get_key_info(u32 slot, T_MBK_KEY_INFO* info) {
    struct request request = request_for(SERVICE_mbk_info);
    struct answer answer;
    int code;
    if (!info) return CODE(E_MBK_NULL_PTR);
    put_number(&request, slot, 4);
    code = ask(&request, &answer);
    if (code == 0) memcpy(info, get_raw(&answer, 35), 35); /* all bytes, no gaps */
    return code;
}

int sdk_mbk_derive_key_sp800108(u32 slot, u32 mode, u32 mac, u32 hash, u8* iv, u32 l_iv, u8* fixed,
                                u32 l_fixed, u32 length, u8* key) {
    struct request request = request_for(SERVICE_mbk_derive);
    struct answer answer;
    int code;
    if (!key || length == 0 || length > 65536) return CODE(E_MBK_PARA);
    if (mode != KDF_MOD_FEEDBACK || mac != KDF_PRF_HMAC) return CODE(E_MBK_MODE_INV);
    put_number(&request, slot, 4);
    put_number(&request, hash & HASH_ALGO, 4);
    put_bytes(&request, 4, iv, iv ? l_iv : 0);
    put_bytes(&request, 4, fixed, fixed ? l_fixed : 0);
    put_number(&request, length, 4);
    code = ask(&request, &answer);
    if (code == 0) memcpy(key, get_raw(&answer, length), length);
    return code;
}

/* sym_encrypt, _decrypt, _mac, mode 0: a key derived as above, with SHA-256, then AES-CBC or AES-CMAC. */
static int derived_key(u32 slot, const u8* iv, u32 l_iv, const u8* fixed, u32 l_fixed, AES_KEY* key) {
    u8 bytes[32];
    const int code =
        sdk_mbk_derive_key_sp800108(slot, KDF_MOD_FEEDBACK, KDF_PRF_HMAC, HASH_SHA256, (u8*)(uintptr_t)iv,
                                    l_iv, (u8*)(uintptr_t)fixed, l_fixed, sizeof bytes, bytes);
    if (code == 0) sdk_aes_pkey(sizeof bytes, bytes, AES_ENC, key);
    memset(bytes, 0, sizeof bytes);
    return code;
}

static int sym_crypt(u32 slot, u32 mode, const void* how, u32 l_how, const u8* in, u32 l_in, u8* out,
                     u32* l_out, int direction) {
    const T_MBK_SYM_ENCDEC_MODE_0_INFO* info = how;
    AES_KEY key;
    int code;
    if (mode != MBK_SYM_ENCDEC_MODE_0) return CODE(E_MBK_MODE_INV);
    if (!info || l_how != sizeof *info || !l_out || (!in && l_in)) return CODE(E_MBK_PARA);
    if (info->p_cbc_iv_inp && info->l_cbc_iv_inp != AES_BLOCK_SIZE) return CODE(E_MBK_LENGTH);
    if (l_in % AES_BLOCK_SIZE != 0 || *l_out < l_in) return CODE(E_MBK_LENGTH);
    code = derived_key(slot, info->p_kdf_iv, info->l_kdf_iv, info->p_kdf_fixdat, info->l_kdf_fixdat, &key);
    if (code != 0) return code;
    code = sdk_aes_cbc(&key, direction, (u8*)(uintptr_t)info->p_cbc_iv_inp, l_in, (u8*)(uintptr_t)in, out,
                       info->p_cbc_iv_out);
    memset(&key, 0, sizeof key);
    *l_out = l_in;
    return code;
}
int sdk_mbk_sym_encrypt(const u32 slot, const u32 mode, const void* how, const u32 l_how, const u8* in,
                        const u32 l_in, u8* out, u32* l_out) {
    return sym_crypt(slot, mode, how, l_how, in, l_in, out, l_out, AES_ENC);
}
int sdk_mbk_sym_decrypt(const u32 slot, const u32 mode, const void* how, const u32 l_how, const u8* in,
                        const u32 l_in, u8* out, u32* l_out) {
    return sym_crypt(slot, mode, how, l_how, in, l_in, out, l_out, AES_DEC);
}

/* AES-CMAC. A start value goes into the first block, which must be whole for that. */
int sdk_mbk_sym_mac(const u32 slot, const u32 mode, const void* how, const u32 l_how, const u8* in,
                    const u32 l_in, u8* mac, u32* l_mac) {
    const T_MBK_SYM_MAC_MODE_0_INFO* info = how;
    AES_KEY key;
    u8* text;
    u32 i;
    int code;
    if (mode != MBK_SYM_MAC_MODE_0) return CODE(E_MBK_MODE_INV);
    if (!info || l_how != sizeof *info || !mac || !l_mac || (!in && l_in) || l_in > CS2SIM_CHANNEL_DATA)
        return CODE(E_MBK_PARA);
    if (*l_mac < AES_BLOCK_SIZE) return CODE(E_MBK_LENGTH);
    if (info->p_mac_iv_inp && (info->l_mac_iv_inp != AES_BLOCK_SIZE || l_in < AES_BLOCK_SIZE))
        return CODE(E_MBK_LENGTH);
    code = derived_key(slot, info->p_kdf_iv, info->l_kdf_iv, info->p_kdf_fixdat, info->l_kdf_fixdat, &key);
    text = malloc(l_in + 1);
    if (code == 0 && !text) code = CODE(E_MBK_ALLOC);
    if (code == 0) {
        if (l_in) memcpy(text, in, l_in);
        for (i = 0; info->p_mac_iv_inp && i < AES_BLOCK_SIZE; ++i) text[i] ^= info->p_mac_iv_inp[i];
        code = sdk_aes_cmac(&key, l_in, text, mac);
    }
    if (code == 0) *l_mac = AES_BLOCK_SIZE;
    if (text) explicit_bzero(text, l_in);
    free(text);
    explicit_bzero(&key, sizeof key);
    return code;
}

/* --- shares, by MBK's own rule: numbers of 32 bytes, at x = 1 … n, a byte each (our assumption) --- */

enum { SHARE = 32, MOST_SHARES = 255 };

int sdk_mbk_ks_split(u32 l_secret, u8* secret, u32 k, u32 n, u32 l_share, u8* x, u8* y) {
    struct request request = request_for(SERVICE_mbk_split);
    struct answer answer;
    u8 padded[SHARE] = {0};
    u32 i;
    int code;
    if (!secret || !x || !y) return CODE(E_MBK_NULL_PTR);
    if (l_share != SHARE) return CODE(E_MBK_SHARE_LB);
    if (l_secret == 0 || l_secret > SHARE) return CODE(E_MBK_LENGTH);
    if (k > MOST_SHARES || n > MOST_SHARES) return CODE(E_MBK_SHARE_CNT);
    memcpy(padded + SHARE - l_secret, secret, l_secret);
    put_number(&request, k, 1);
    put_number(&request, n, 1);
    put_raw(&request, padded, SHARE);
    explicit_bzero(padded, sizeof padded);
    code = ask(&request, &answer);
    if (code != 0) return code;
    for (i = 0; i < n; ++i) x[i] = (u8)(i + 1);
    memcpy(y, get_raw(&answer, n * SHARE), n * (size_t)SHARE);
    return 0;
}

int sdk_mbk_ks_combine(u32 k, u32 l_share, u8* x, u8* y, u32 l_secret, u8* secret) {
    struct request request = request_for(SERVICE_mbk_combine);
    struct answer answer;
    const u8* made;
    int code;
    if (!secret || !x || !y) return CODE(E_MBK_NULL_PTR);
    if (l_share != SHARE) return CODE(E_MBK_SHARE_LB);
    if (l_secret == 0 || l_secret > SHARE) return CODE(E_MBK_LENGTH);
    if (k == 0 || k > MOST_SHARES) return CODE(E_MBK_SHARE_CNT);
    put_bytes(&request, 2, x, k);
    put_raw(&request, y, k * SHARE);
    code = ask(&request, &answer);
    if (code != 0) return code;
    made = get_raw(&answer, SHARE);
    if (sdk_os_mem_tst((void*)(uintptr_t)made, 0, SHARE - l_secret) != 0) return CODE(E_MBK_OVER_UNDER_FLOW);
    memcpy(secret, made + SHARE - l_secret, l_secret);
    return 0;
}
