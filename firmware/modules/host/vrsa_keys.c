/* Key pairs of VRSA: made, completed, checked; their PKCS#1 forms. */
#include "vrsa.h"

static u32 bits_of(const u8* bytes, u32 length) {
    while (length > 0 && *bytes == 0) {
        ++bytes;
        --length;
    }
    return length ? 8 * length - ((u32)__builtin_clz(*bytes) - 24) : 0;
}

int complete_key(struct numbers* numbers, enum service service) {
    struct request request = request_for(service);
    struct answer answer;
    const u8* made;
    u32 length;
    int code;
    if (numbers->too_long) return CODE(E_VRSA_INV_PARAM);
    put_raw(&request, numbers->bytes, numbers->length);
    code = ask(&request, &answer);
    if (code != 0 || service == SERVICE_rsa_check) return code;
    made = get_rest(&answer, &length);
    if (length > sizeof numbers->bytes) return CODE(E_VRSA_MEM);
    memcpy(numbers->bytes, made, numbers->length = length);
    return 0;
}

/* --- key pairs --- */

static int generate(u32 bits, u32 l_exp, const u8* exp, struct numbers* numbers) {
    struct request request = request_for(SERVICE_rsa_generate);
    struct answer answer;
    const u8* made;
    u32 length;
    int code;
    put_number(&request, bits, 4);
    put_bytes(&request, 2, exp, exp ? l_exp : 0);
    code = ask(&request, &answer);
    if (code != 0) return code;
    made = get_rest(&answer, &length);
    if (length > sizeof numbers->bytes) return CODE(E_VRSA_MEM);
    memcpy(numbers->bytes, made, numbers->length = length);
    return 0;
}

static int copy_number(const struct numbers* numbers, u32 which, u32* l_out, u8* out) {
    u32 length = 0;
    const u8* bytes = find_number(numbers->bytes, numbers->length, which, &length);
    if (!bytes) return CODE(E_VRSA_MISS_COMP);
    if (!l_out) return 0;
    if (out && *l_out < length) return CODE(E_VRSA_BUFF_TOO_SMALL);
    if (out) memcpy(out, bytes, length);
    *l_out = length;
    return 0;
}

struct place {
    u32 which;
    u32* length;
    u8* bytes;
};
static int copy_numbers(struct numbers* numbers, const struct place* places, u32 count) {
    u32 i;
    int code = 0;
    for (i = 0; i < count && code == 0; ++i)
        code = copy_number(numbers, places[i].which, places[i].length, places[i].bytes);
    explicit_bzero(numbers, sizeof *numbers);
    return code;
}

/* pq_diff and mode choose how primes are found: here one way is (FIPS 186-4, by OpenSSL). */
int sdk_vrsa_xgen(u32 size, u32 pq_diff, u32 mode, u32 l_exp, u8* exp, u32* l_mod, u8* mod, u32* l_exp2,
                  u8* exp2, u32* l_p, u8* p, u32* l_q, u8* q, u32* l_u, u8* u, u32* l_dp, u8* dp, u32* l_dq,
                  u8* dq) {
    struct numbers numbers = {0, 0, {0}};
    const struct place places[] = {
        {VRSA_KC_MOD, l_mod, mod}, {VRSA_KC_EXP2, l_exp2, exp2}, {VRSA_KC_P, l_p, p},   {VRSA_KC_Q, l_q, q},
        {VRSA_KC_U, l_u, u},       {VRSA_KC_DP, l_dp, dp},       {VRSA_KC_DQ, l_dq, dq}};
    int code;
    (void)mode;
    if (pq_diff > size / 2) return CODE(E_VRSA_PQDIFF_TOO_LARGE);
    code = generate(size, l_exp, exp, &numbers);
    return code ? code : copy_numbers(&numbers, places, sizeof places / sizeof places[0]);
}

int sdk_vrsa_tgen(u32 size, u32 pq_diff, u32 mode, u32 l_exp, u8* exp, int flags, u8** public, u8** secret) {
    struct numbers numbers = {0, 0, {0}};
    int code;
    (void)mode;
    (void)flags;
    if (!public || !secret) return CODE(E_VRSA_INV_PARAM);
    if (pq_diff > size / 2) return CODE(E_VRSA_PQDIFF_TOO_LARGE);
    code = generate(size, l_exp, exp, &numbers);
    if (code != 0) return code;
    *public = new_token(&numbers, VRSA_KC_PUB, CALLER);
    *secret = new_token(&numbers, VRSA_KC_PRV, CALLER);
    explicit_bzero(&numbers, sizeof numbers);
    if (*public && *secret) return 0;
    if (*public) heap_delete(*public, CALLER);
    if (*secret) heap_delete(*secret, CALLER);
    return CODE(E_VRSA_MEM);
}

static int token_into(const struct numbers* numbers, u32 mask, u32* length, u8* out) {
    const u32 size = write_token(numbers, mask, NULL);
    if (out && *length < size) return CODE(E_VRSA_BUFF_TOO_SMALL);
    if (out) write_token(numbers, mask, out);
    *length = size;
    return 0;
}

int sdk_vrsa_tokengen(const u32 size, u32 pq_diff, const u32 mode, u32 l_exp, u8* exp, int flags,
                      u32* l_public, u8* public, u32* l_secret, u8* secret) {
    struct numbers numbers = {0, 0, {0}};
    int code;
    (void)mode;
    (void)flags;
    if (!l_public || !public || !l_secret || !secret) return CODE(E_VRSA_INV_PARAM);
    if (pq_diff > size / 2) return CODE(E_VRSA_PQDIFF_TOO_LARGE);
    code = generate(size, l_exp, exp, &numbers);
    if (code == 0) code = token_into(&numbers, VRSA_KC_PUB, l_public, public);
    if (code == 0) code = token_into(&numbers, VRSA_KC_PRV, l_secret, secret);
    explicit_bzero(&numbers, sizeof numbers);
    return code;
}

int sdk_vrsa_calc_xkey(u32 mode, u32 l_exp, u8* exp, u32 l_p, u8* p, u32 l_q, u8* q, u32* l_mod, u8* mod,
                       u32* l_exp2, u8* exp2, u32* l_u, u8* u, u32* l_dp, u8* dp, u32* l_dq, u8* dq) {
    struct numbers numbers = {0, 0, {0}};
    const struct place places[] = {{VRSA_KC_MOD, l_mod, mod},
                                   {VRSA_KC_EXP2, l_exp2, exp2},
                                   {VRSA_KC_U, l_u, u},
                                   {VRSA_KC_DP, l_dp, dp},
                                   {VRSA_KC_DQ, l_dq, dq}};
    int code;
    (void)mode;
    if (!exp || !p || !q) return CODE(E_VRSA_INV_PARAM);
    add_number(&numbers, VRSA_KC_EXP, l_exp, exp);
    add_number(&numbers, VRSA_KC_P, l_p, p);
    add_number(&numbers, VRSA_KC_Q, l_q, q);
    code = complete_key(&numbers, SERVICE_rsa_complete);
    return code ? code : copy_numbers(&numbers, places, sizeof places / sizeof places[0]);
}

int sdk_vrsa_xchk(u32 l_mod, u8* mod, u32 l_exp, u8* exp, u32 l_exp2, u8* exp2, u32 l_p, u8* p, u32 l_q,
                  u8* q, u32 l_u, u8* u, u32 l_dp, u8* dp, u32 l_dq, u8* dq) {
    struct numbers numbers = {0, 0, {0}};
    int code;
    add_number(&numbers, VRSA_KC_MOD, l_mod, mod);
    add_number(&numbers, VRSA_KC_EXP, l_exp, exp);
    add_number(&numbers, VRSA_KC_EXP2, l_exp2, exp2);
    add_number(&numbers, VRSA_KC_P, l_p, p);
    add_number(&numbers, VRSA_KC_Q, l_q, q);
    add_number(&numbers, VRSA_KC_U, l_u, u);
    add_number(&numbers, VRSA_KC_DP, l_dp, dp);
    add_number(&numbers, VRSA_KC_DQ, l_dq, dq);
    code = complete_key(&numbers, SERVICE_rsa_check);
    explicit_bzero(&numbers, sizeof numbers);
    return code;
}

int sdk_vrsa_tchk2(u8* token, u8* second, int flags) {
    struct numbers numbers = {0, 0, {0}};
    u32 length;
    int code = add_token(&numbers, token);
    (void)flags;
    if (code == 0 && second) code = add_token(&numbers, second);
    if (code != 0) return code;
    if (find_number(numbers.bytes, numbers.length, VRSA_KC_P, &length))
        code = complete_key(&numbers, SERVICE_rsa_check);
    else if (!find_number(numbers.bytes, numbers.length, VRSA_KC_MOD, &length) ||
             !find_number(numbers.bytes, numbers.length, VRSA_KC_EXP, &length))
        code = CODE(E_VRSA_MISS_COMP);
    explicit_bzero(&numbers, sizeof numbers);
    return code;
}
int sdk_vrsa_tchk(u8* token, int flags) { return sdk_vrsa_tchk2(token, NULL, flags); }

/* Bits of the modulus; of the primes' product without one. */
int sdk_vrsa_xget_keysize(u32 l_p, u8* p, u32 l_q, u8* q, u32* bits) {
    struct numbers numbers = {0, 0, {0}};
    const u8 exponent[] = {1, 0, 1};
    const u8* mod;
    u32 length;
    int code;
    if (!p || !q || !bits) return CODE(E_VRSA_INV_PARAM);
    add_number(&numbers, VRSA_KC_EXP, sizeof exponent, exponent);
    add_number(&numbers, VRSA_KC_P, l_p, p);
    add_number(&numbers, VRSA_KC_Q, l_q, q);
    code = complete_key(&numbers, SERVICE_rsa_complete);
    if (code != 0) return code;
    mod = find_number(numbers.bytes, numbers.length, VRSA_KC_MOD, &length);
    if (mod) *bits = bits_of(mod, length);
    explicit_bzero(&numbers, sizeof numbers);
    return mod ? 0 : CODE(E_VRSA_MISS_COMP);
}
int sdk_vrsa_tget_keysize(u8* token, u32* bits) {
    u32 l_mod, l_p, l_q;
    u8 *mod, *p, *q;
    int code;
    if (!bits) return CODE(E_VRSA_INV_PARAM);
    code = sdk_vrsa_get_comp(VRSA_KC_MOD, token, &l_mod, &mod);
    if (code == 0) *bits = bits_of(mod, l_mod);
    if (code != CODE(E_VRSA_NO_COMP)) return code;
    code = sdk_vrsa_get_comp(VRSA_KC_P, token, &l_p, &p);
    if (code == 0) code = sdk_vrsa_get_comp(VRSA_KC_Q, token, &l_q, &q);
    return code ? code : sdk_vrsa_xget_keysize(l_p, p, l_q, q, bits);
}

/* --- ASN1's functions of tokens: RSAPrivateKey and RSAPublicKey of PKCS#1 --- */

static const u32 private_parts[] = {VRSA_KC_MOD, VRSA_KC_EXP, VRSA_KC_EXP2, VRSA_KC_P,
                                    VRSA_KC_Q,   VRSA_KC_DP,  VRSA_KC_DQ,   VRSA_KC_U};
enum { PRIVATE_PARTS = 8, PUBLIC_PARTS = 2 };

int sdk_asn1_rsa_pkcs1_to_tok(u32 flag, u32 length, u8* data, T_OS_MEM_TYPE memory, u8** token) {
    struct numbers numbers = {0, 0, {0}};
    ASN1_ITEM items[1 + 1 + PRIVATE_PARTS];
    u32 count = sizeof items / sizeof items[0], first, i;
    const u32 mask = (flag & VRSA_KC_ALL) ? flag & VRSA_KC_ALL : VRSA_KC_ALL;
    int code;
    (void)memory;
    if (!data || !token) return CODE(E_ASN1_DECODE_ERR);
    code = sdk_asn1_decode(data, length, 0, items, &count);
    if (code != 0) return code;
    if (items[0].tag != ASN_SEQUENCE || (count != 1 + PUBLIC_PARTS && count != 2 + PRIVATE_PARTS))
        return CODE(E_ASN1_DECODE_ERR);
    first = count == 1 + PUBLIC_PARTS ? 1 : 2; /* a private key begins with its version */
    for (i = first; i < count; ++i) {
        if (items[i].tag != ASN_INTEGER) return CODE(E_ASN1_DECODE_ERR);
        add_number(&numbers, private_parts[i - first], items[i].len, items[i].p_data);
    }
    if (numbers.too_long) return CODE(E_ASN1_DATASIZE);
    *token = new_token(&numbers, mask, CALLER);
    explicit_bzero(&numbers, sizeof numbers);
    return *token ? 0 : CODE(E_VRSA_MEM);
}

int sdk_asn1_rsa_tok_to_pkcs1(u32 type, u8* token, u8* second, T_OS_MEM_TYPE memory, u32* length, u8** data) {
    struct numbers numbers = {0, 0, {0}};
    u8 version = 0, contents[PRIVATE_PARTS][1 + LONGEST_NUMBER];
    ASN1_ITEM items[2 + PRIVATE_PARTS];
    const int is_private = (type & VRSA_MODE_PRIVATE) != 0;
    const u32 parts = is_private ? PRIVATE_PARTS : PUBLIC_PARTS;
    u32 count = 1, i, size = 0;
    u8* out = NULL;
    int code = add_token(&numbers, token);
    (void)memory;
    if (code == 0 && second) code = add_token(&numbers, second);
    if (code == 0 && (!length || !data)) code = CODE(E_ASN1_DECODE_ERR);
    if (code == 0 && is_private) code = complete_key(&numbers, SERVICE_rsa_complete);
    if (code != 0) return code;
    memset(items, 0, sizeof items);
    items[0].tag = ASN_SEQUENCE;
    if (is_private) items[count++] = (ASN1_ITEM){ASN_INTEGER, 1, &version, 0, 0};
    for (i = 0; i < parts; ++i) {
        u32 l_number;
        const u8* number = find_number(numbers.bytes, numbers.length, private_parts[i], &l_number);
        u32 sign;
        if (!number) return CODE(E_VRSA_MISS_COMP);
        sign = number[0] >> 7; /* an INTEGER stays positive */
        contents[i][0] = 0;
        memcpy(contents[i] + sign, number, l_number);
        items[count++] = (ASN1_ITEM){ASN_INTEGER, l_number + sign, contents[i], 0, 0};
    }
    items[0].nitems = (unsigned short)(count - 1);
    code = sdk_asn1_encode(items, count, 0, &out, &size);
    explicit_bzero(contents, sizeof contents);
    explicit_bzero(&numbers, sizeof numbers);
    if (code != 0) return code;
    *data = out;
    *length = size;
    return 0;
}
