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
