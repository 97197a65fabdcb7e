/* RSA itself: bare powers, PKCS#1, OAEP, PSS, X9.31. */
#include "vrsa.h"

/* As the service numbers them. */
enum work {
    POWER,
    PUBLIC,
    PRIVATE,
    SIGN,
    VERIFY,
    ENCRYPT,
    DECRYPT,
    OAEP_ENCRYPT,
    OAEP_DECRYPT,
    PSS_SIGN,
    PSS_VERIFY,
    X931_SIGN,
    X931_VERIFY
};

struct job {
    enum work work;
    int hash;
    int mask;
    u32 salt;
    u32 l_label;
    const u8* label;
    u32 l_data;
    const u8* data;
    u32 l_signature;
    const u8* signature;
};

/* Cleanses the numbers. */
static int run(struct numbers* numbers, const struct job* job, u32 room, u32* l_out, u8* out) {
    struct request request = request_for(SERVICE_rsa);
    struct answer answer;
    const u8* made;
    u32 length;
    int code;
    put_number(&request, job->work, 1);
    put_number(&request, (u32)job->hash & HASH_ALGO, 4);
    put_number(&request, (u32)job->mask & HASH_ALGO, 4);
    put_number(&request, job->salt, 4);
    put_bytes(&request, 2, job->label, job->label ? job->l_label : 0);
    put_bytes(&request, 4, numbers->bytes, numbers->length);
    put_bytes(&request, 4, job->signature, job->signature ? job->l_signature : 0);
    put_raw(&request, job->data, job->l_data);
    code = numbers->too_long ? CODE(E_VRSA_INV_PARAM) : ask(&request, &answer);
    explicit_bzero(numbers, sizeof *numbers);
    if (code != 0 || !out) return code;
    made = get_rest(&answer, &length);
    if (l_out) *l_out = length;
    if (length > room) return CODE(E_VRSA_BUFF_TOO_SMALL);
    memcpy(out, made, length);
    return 0;
}

static int run_token(u8* token, u8* second, const struct job* job, u32 room, u32* l_out, u8* out) {
    struct numbers numbers = {0, 0, {0}};
    int code = add_token(&numbers, token);
    if (code == 0 && second) code = add_token(&numbers, second);
    if (code != 0) return code;
    if (job->work != VERIFY && job->work != PSS_VERIFY && job->work != X931_VERIFY && !out)
        return CODE(E_VRSA_INV_PARAM);
    if (!job->data && job->l_data) return CODE(E_VRSA_INV_PARAM);
    return run(&numbers, job, room, l_out, out);
}

/* --- bare powers --- */

int sdk_vrsa_scrypt(u32 l_mod, u8* mod, u32 l_exp, u8* exp, u32 l_data, u8* data, u32 room, u32* l_out,
                    u8* out) {
    struct numbers numbers = {0, 0, {0}};
    const struct job job = {.work = POWER, .l_data = l_data, .data = data};
    if (!mod || !exp || (!data && l_data) || !out) return CODE(E_VRSA_INV_PARAM);
    add_number(&numbers, VRSA_KC_MOD, l_mod, mod);
    add_number(&numbers, VRSA_KC_EXP, l_exp, exp);
    return run(&numbers, &job, room, l_out, out);
}

int sdk_vrsa_xcrypt(u32 l_p, u8* p, u32 l_q, u8* q, u32 l_u, u8* u, u32 l_dp, u8* dp, u32 l_dq, u8* dq,
                    u32 l_data, u8* data, u32 room, u32* l_out, u8* out) {
    struct numbers numbers = {0, 0, {0}};
    const struct job job = {.work = PRIVATE, .l_data = l_data, .data = data};
    if (!p || !q || !dp || (!data && l_data) || !out) return CODE(E_VRSA_INV_PARAM);
    add_number(&numbers, VRSA_KC_P, l_p, p);
    add_number(&numbers, VRSA_KC_Q, l_q, q);
    add_number(&numbers, VRSA_KC_U, l_u, u);
    add_number(&numbers, VRSA_KC_DP, l_dp, dp);
    add_number(&numbers, VRSA_KC_DQ, l_dq, dq);
    return run(&numbers, &job, room, l_out, out);
}

int sdk_vrsa_tcrypt2(u8* token, u8* second, int flags, u32 l_data, u8* data, u32 room, u32* l_out, u8* out) {
    struct job job = {.work = PUBLIC, .l_data = l_data, .data = data};
    if ((flags & VRSA_MODE_PRIVATE) != 0)
        job.work = PRIVATE;
    else if ((flags & VRSA_MODE_PUBLIC) == 0)
        return CODE(E_VRSA_INVALID_FLAG);
    return run_token(token, second, &job, room, l_out, out);
}
int sdk_vrsa_tcrypt(u8* token, int flags, u32 l_data, u8* data, u32 room, u32* l_out, u8* out) {
    return sdk_vrsa_tcrypt2(token, NULL, flags, l_data, data, room, l_out, out);
}

int sdk_vrsa_bulk_tcrypt(u8* token, u32 flags, u32 count, u32* l_data, u8** in, u32 room, u8** out) {
    u32 i;
    if (!l_data || !in || !out) return CODE(E_VRSA_INV_PARAM);
    for (i = 0; i < count; ++i) {
        u32 length;
        const int code = sdk_vrsa_tcrypt(token, (int)flags, l_data[i], in[i], room, &length, out[i]);
        if (code != 0) return code;
    }
    return 0;
}

/* --- PKCS#1, PSS, X9.31 --- */

static u32 hash_length(int hash) {
    u32 length = 0;
    return sdk_hash_get_info(hash, &length, NULL, NULL) == 0 ? length : 0;
}

static int signature(enum work work, u8* token, int hash, const u8* digest, u32 room, u32* l_sign, u8* sign) {
    const struct job job = {.work = work, .hash = hash, .l_data = hash_length(hash), .data = digest};
    return job.l_data ? run_token(token, NULL, &job, room, l_sign, sign) : CODE(E_VRSA_HASH_ALGO);
}
static int verification(enum work work, u8* token, int hash, const u8* digest, u32 l_sign, const u8* sign) {
    const struct job job = {.work = work,
                            .hash = hash,
                            .l_data = hash_length(hash),
                            .data = digest,
                            .l_signature = l_sign,
                            .signature = sign};
    if (!sign) return CODE(E_VRSA_INV_PARAM);
    return job.l_data ? run_token(token, NULL, &job, 0, NULL, NULL) : CODE(E_VRSA_HASH_ALGO);
}
int sdk_vrsa_pkcs1_sign(u8* token, int hash, u8* digest, u32 room, u32* l_sign, u8* sign) {
    return signature(SIGN, token, hash, digest, room, l_sign, sign);
}
int sdk_vrsa_pkcs1_verify(u8* token, int hash, u8* digest, u32 l_sign, u8* sign) {
    return verification(VERIFY, token, hash, digest, l_sign, sign);
}
int sdk_vrsa_x9_31_sign(u8* token, int hash, u8* digest, u32 room, u32* l_sign, u8* sign) {
    return signature(X931_SIGN, token, hash, digest, room, l_sign, sign);
}
int sdk_vrsa_x9_31_verify(u8* token, int hash, u8* digest, u32 l_sign, u8* sign) {
    return verification(X931_VERIFY, token, hash, digest, l_sign, sign);
}
int sdk_vrsa_bulk_pkcs1_sign(u8* token, int hash, u32 count, u8** digests, u32 room, u8** out) {
    u32 i;
    if (!digests || !out) return CODE(E_VRSA_INV_PARAM);
    for (i = 0; i < count; ++i) {
        u32 length;
        const int code = sdk_vrsa_pkcs1_sign(token, hash, digests[i], room, &length, out[i]);
        if (code != 0) return code;
    }
    return 0;
}

int sdk_vrsa_pkcs1_pss_sign(u8* token, int hash, int mask, u32 l_hash, u8* digest, u32 l_salt, u32 room,
                            u32* l_sign, u8* sign) {
    const struct job job = {
        .work = PSS_SIGN, .hash = hash, .mask = mask, .salt = l_salt, .l_data = l_hash, .data = digest};
    return run_token(token, NULL, &job, room, l_sign, sign);
}
int sdk_vrsa_pkcs1_pss_verify(u8* token, int hash, int mask, u32 l_hash, u8* digest, u32 l_salt, u32 l_sign,
                              u8* sign) {
    const struct job job = {.work = PSS_VERIFY,
                            .hash = hash,
                            .mask = mask,
                            .salt = l_salt,
                            .l_data = l_hash,
                            .data = digest,
                            .l_signature = l_sign,
                            .signature = sign};
    return sign ? run_token(token, NULL, &job, 0, NULL, NULL) : CODE(E_VRSA_INV_PARAM);
}

int sdk_vrsa_pkcs1_encrypt(u8* token, u32 l_data, u8* data, u32 room, u32* l_out, u8* out) {
    const struct job job = {.work = ENCRYPT, .l_data = l_data, .data = data};
    return run_token(token, NULL, &job, room, l_out, out);
}
/* The text is the caller's to free. */
static int decrypt(u8* token, u32 l_crypto, u8* crypto, u32* l_data, u8** data, const void* caller) {
    const struct job job = {.work = DECRYPT, .l_data = l_crypto, .data = crypto};
    u8 text[LONGEST_NUMBER];
    u32 length = 0;
    int code;
    if (!l_data || !data) return CODE(E_VRSA_INV_PARAM);
    code = run_token(token, NULL, &job, sizeof text, &length, text);
    if (code != 0) return code;
    *data = heap_new(length, OS_MEM_TYPE_SECURE, NULL, 0, caller);
    if (*data) memcpy(*data, text, *l_data = length);
    explicit_bzero(text, sizeof text);
    return *data ? 0 : CODE(E_VRSA_MEM);
}
int sdk_vrsa_pkcs1_decrypt(u8* token, u32 l_crypto, u8* crypto, u32* l_data, u8** data) {
    return decrypt(token, l_crypto, crypto, l_data, data, CALLER);
}
int sdk_vrsa_pkcs1_eme_oaep_encrypt(u8* token, int hash, int mask, u32 l_label, u8* label, u32 l_data,
                                    u8* data, u32 room, u32* l_out, u8* out) {
    const struct job job = {.work = OAEP_ENCRYPT,
                            .hash = hash,
                            .mask = mask,
                            .l_label = l_label,
                            .label = label,
                            .l_data = l_data,
                            .data = data};
    return run_token(token, NULL, &job, room, l_out, out);
}
int sdk_vrsa_pkcs1_eme_oaep_decrypt(u8* token, int hash, int mask, u32 l_label, u8* label, u32 l_crypto,
                                    u8* crypto, u32 room, u32* l_data, u8* data) {
    const struct job job = {.work = OAEP_DECRYPT,
                            .hash = hash,
                            .mask = mask,
                            .l_label = l_label,
                            .label = label,
                            .l_data = l_crypto,
                            .data = crypto};
    return run_token(token, NULL, &job, room, l_data, data);
}

/* --- the same with blinding values: private operations are always blinded by OpenSSL, a caller's value is
 * not needed; what the makers of such values give is a block of zeros --- */

static int no_blinding(u32** value, const void* caller) {
    if (!value) return CODE(E_VRSA_INV_PARAM);
    *value = heap_new(2 * sizeof **value, OS_MEM_TYPE_SECURE, NULL, 0, caller);
    if (!*value) return CODE(E_VRSA_MEM);
    memset(*value, 0, 2 * sizeof **value);
    return 0;
}
int sdk_vrsa_bv_xgen(u32 a, u32 b, u8* c, u32 d, u8* e, u32 f, u8* g, u32 h, u8* i, u32** value) {
    (void)a, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h, (void)i;
    return no_blinding(value, CALLER);
}
int sdk_vrsa_bv_tgen(u32 mode, u8* token, u8* second, u32** value) {
    (void)mode, (void)second;
    return token_size(token) ? no_blinding(value, CALLER) : CODE(E_VRSA_NO_KEYTOKEN);
}

#define SCRYPT u32 l_mod, u8 *mod, u32 l_exp, u8 *exp, u32 l_data, u8 *data
#define XCRYPT \
    u32 l_p, u8 *p, u32 l_q, u8 *q, u32 l_u, u8 *u, u32 l_dp, u8 *dp, u32 l_dq, u8 *dq, u32 l_data, u8 *data
#define RESULT u32 room, u32 *l_out, u8 *out
#define DO_SCRYPT return sdk_vrsa_scrypt(l_mod, mod, l_exp, exp, l_data, data, room, l_out, out)
#define DO_XCRYPT \
    return sdk_vrsa_xcrypt(l_p, p, l_q, q, l_u, u, l_dp, dp, l_dq, dq, l_data, data, room, l_out, out)
#define DO_TCRYPT return sdk_vrsa_tcrypt(token, flags, l_data, data, room, l_out, out)
#define DO_TCRYPT2 return sdk_vrsa_tcrypt2(token, second, flags, l_data, data, room, l_out, out)
int sdk_vrsa_scrypt_bl(SCRYPT, RESULT, u32* value) {
    (void)value;
    DO_SCRYPT;
}
int sdk_vrsa_scrypt_blind(SCRYPT, RESULT) { DO_SCRYPT; }
int sdk_vrsa_scrypt_ex(SCRYPT, void* value, RESULT) {
    (void)value;
    DO_SCRYPT;
}
int sdk_vrsa_xcrypt_bl(XCRYPT, RESULT, u32* value) {
    (void)value;
    DO_XCRYPT;
}
int sdk_vrsa_xcrypt_blind(XCRYPT, RESULT) { DO_XCRYPT; }
int sdk_vrsa_xcrypt_ex(XCRYPT, void* value, RESULT) {
    (void)value;
    DO_XCRYPT;
}
int sdk_vrsa_tcrypt_bl(u8* token, int flags, u32 l_data, u8* data, RESULT, u32* value) {
    (void)value;
    DO_TCRYPT;
}
int sdk_vrsa_tcrypt_blind(u8* token, int flags, u32 l_data, u8* data, RESULT) { DO_TCRYPT; }
int sdk_vrsa_tcrypt_ex(u8* token, int flags, u32 l_data, u8* data, void* value, RESULT) {
    (void)value;
    DO_TCRYPT;
}
int sdk_vrsa_tcrypt2_bl(u8* token, u8* second, int flags, u32 l_data, u8* data, RESULT, u32* value) {
    (void)value;
    DO_TCRYPT2;
}
int sdk_vrsa_tcrypt2_blind(u8* token, u8* second, int flags, u32 l_data, u8* data, RESULT) { DO_TCRYPT2; }
int sdk_vrsa_tcrypt2_ex(u8* token, u8* second, int flags, u32 l_data, u8* data, void* value, RESULT) {
    (void)value;
    DO_TCRYPT2;
}

#define SIGN_BLINDED(name)                                                                             \
    int sdk_vrsa_##name##_sign_bl(u8* token, int hash, u8* digest, u32 room, u32* l_sign, u8* sign,    \
                                  u32* value) {                                                        \
        (void)value;                                                                                   \
        return sdk_vrsa_##name##_sign(token, hash, digest, room, l_sign, sign);                        \
    }                                                                                                  \
    int sdk_vrsa_##name##_sign_ex(u8* token, int hash, u8* digest, void* value, u32 room, u32* l_sign, \
                                  u8* sign) {                                                          \
        (void)value;                                                                                   \
        return sdk_vrsa_##name##_sign(token, hash, digest, room, l_sign, sign);                        \
    }
SIGN_BLINDED(pkcs1)
SIGN_BLINDED(x9_31)

int sdk_vrsa_pkcs1_decrypt_bl(u8* token, u32 l_crypto, u8* crypto, u32* l_data, u8** data, u32* value) {
    (void)value;
    return decrypt(token, l_crypto, crypto, l_data, data, CALLER);
}
int sdk_vrsa_pkcs1_decrypt_ex(u8* token, u32 l_crypto, u8* crypto, void* value, u32* l_data, u8** data) {
    (void)value;
    return decrypt(token, l_crypto, crypto, l_data, data, CALLER);
}
#define OAEP u8 *token, int hash, int mask, u32 l_label, u8 *label, u32 l_crypto, u8 *crypto
#define DO_OAEP                                                                                              \
    return sdk_vrsa_pkcs1_eme_oaep_decrypt(token, hash, mask, l_label, label, l_crypto, crypto, room, l_out, \
                                           out)
int sdk_vrsa_pkcs1_eme_oaep_decrypt_bl(OAEP, RESULT, u32* value) {
    (void)value;
    DO_OAEP;
}
int sdk_vrsa_pkcs1_eme_oaep_decrypt_ex(OAEP, void* value, RESULT) {
    (void)value;
    DO_OAEP;
}
#define PSS u8 *token, int hash, int mask, u32 l_hash, u8 *digest, u32 l_salt
#define DO_PSS return sdk_vrsa_pkcs1_pss_sign(token, hash, mask, l_hash, digest, l_salt, room, l_out, out)
int sdk_vrsa_pkcs1_pss_sign_bl(PSS, RESULT, u32* value) {
    (void)value;
    DO_PSS;
}
int sdk_vrsa_pkcs1_pss_sign_ex(PSS, void* value, RESULT) {
    (void)value;
    DO_PSS;
}
