/* AES: GCM in steps, key wrap. */
#include "aes.h"

/* --- GCM: the counter buffer stays as aes_gcm_init makes it, which makes standard GCM of known code --- */

int sdk_aes_gcm_init(AES_KEY* key, u32 l_iv, u8* iv, u8* counter) {
    const struct key one = aes_key(key);
    struct request request = request_for(SERVICE_aes_gcm_init);
    struct answer answer;
    int code;
    if (!one.bytes || !iv || !counter) return one.bad;
    if (l_iv == 0) return CODE(E_AES_ZERO_LEN);
    put_bytes(&request, 2, one.bytes, one.length);
    put_raw(&request, iv, l_iv);
    code = ask(&request, &answer);
    if (code == 0) memcpy(counter, get_raw(&answer, 16), 16);
    return code;
}

int sdk_aes_gcm_ad(AES_KEY* key, u32 l_ad, const u8* ad, u8* hash) {
    const struct key one = aes_key(key);
    struct request request = request_for(SERVICE_aes_gcm_ad);
    struct answer answer;
    int code;
    if (!one.bytes || !hash || (!ad && l_ad)) return one.bad;
    put_bytes(&request, 2, one.bytes, one.length);
    put_raw(&request, hash, 16);
    put_raw(&request, ad, l_ad);
    code = ask(&request, &answer);
    if (code == 0) memcpy(hash, get_raw(&answer, 16), 16);
    return code;
}

int sdk_aes_gcm_data(AES_KEY* key, int mode, u32 length, const u8* in, u8* counter, u8* hash, u8* out) {
    const struct key one = aes_key(key);
    struct request request = request_for(SERVICE_aes_gcm_data);
    struct answer answer;
    int code;
    if (!one.bytes || !counter || !hash || ((!in || !out) && length)) return one.bad;
    put_bytes(&request, 2, one.bytes, one.length);
    put_number(&request, (u32)is_decrypting(mode), 1);
    put_raw(&request, counter, 16);
    put_raw(&request, hash, 16);
    put_raw(&request, in, length);
    code = ask(&request, &answer);
    if (code != 0) return code;
    memcpy(hash, get_raw(&answer, 16), 16);
    if (length) memcpy(out, get_raw(&answer, length), length);
    return 0;
}

int sdk_aes_gcm_final(AES_KEY* key, int mode, u32 l_ad, u32 l_data, u8* counter, u8* hash, u32 tag_bits,
                      u8* tag) {
    const struct key one = aes_key(key);
    struct request request = request_for(SERVICE_aes_gcm_tag);
    struct answer answer;
    const u8* made;
    int code;
    if (!one.bytes || !counter || !hash || !tag || tag_bits % 8 != 0 || tag_bits == 0 || tag_bits > 128)
        return one.bad;
    put_bytes(&request, 2, one.bytes, one.length);
    put_number(&request, l_ad, 4);
    put_number(&request, l_data, 4);
    put_raw(&request, counter, 16);
    put_raw(&request, hash, 16);
    code = ask(&request, &answer);
    if (code != 0) return code;
    made = get_raw(&answer, 16);
    if (is_decrypting(mode))
        return sdk_os_mem_cmp_ti(made, tag, (int)tag_bits / 8) ? CODE(E_AES_TAG_VERIFICATION) : 0;
    memcpy(tag, made, tag_bits / 8);
    return 0;
}

/* --- key wrap (SP 800-38F) --- */

static int key_wrap(const AES_KEY* kek, int mode, int padded, const u8* in, u32 l_in, u8* out, u32* l_out,
                    const u8* icv, u32 l_icv) {
    const struct key one = aes_key(kek);
    struct request request = request_for(SERVICE_aes_key_wrap);
    struct answer answer;
    const u8* made;
    u32 length;
    int code;
    if (!one.bytes || !in || !l_out) return one.bad;
    put_bytes(&request, 2, one.bytes, one.length);
    put_number(&request, (u32)is_decrypting(mode), 1);
    put_number(&request, (u32)padded, 1);
    put_bytes(&request, 2, icv, icv ? l_icv : 0);
    put_raw(&request, in, l_in);
    code = ask(&request, &answer);
    if (code != 0) return code;
    made = get_rest(&answer, &length);
    if (out && *l_out < length) return CODE(E_AES_DATA_LEN);
    if (out) memcpy(out, made, length);
    *l_out = length;
    return 0;
}
int sdk_aes_key_wrap(const AES_KEY* kek, int mode, const u8* in, u32 l_in, u8* out, u32* l_out, const u8* icv,
                     u32 l_icv) {
    return key_wrap(kek, mode, 0, in, l_in, out, l_out, icv, l_icv);
}
int sdk_aes_key_wrap_pad(const AES_KEY* kek, int mode, const u8* in, u32 l_in, u8* out, u32* l_out,
                         const u8* icv, u32 l_icv) {
    return key_wrap(kek, mode, 1, in, l_in, out, l_out, icv, l_icv);
}
