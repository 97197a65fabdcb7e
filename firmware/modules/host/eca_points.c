/* ECA: points and numbers modulo the order. The facts give types alone; what follows is our assumption.
 *
 * Numbers are words, the least significant first: eca_int_get_wlen() of them modulo the order. A point in the
 * internal form is X, then Y, each as many words as the field takes, then a word that is 1 for infinity. */
#include "ec.h"

enum { MOST_WORDS = 256, LONGEST_POINT = 1 + 2 * LONGEST_FIELD };
enum { ADD = 1, SUBTRACT, MULTIPLY, DIVIDE, REMAINDER }; /* of SERVICE_ec_number */

static u32 words_of(u32 bytes) { return (bytes + 3) / 4; }

/* --- words and bytes --- */

void sdk_eca_btow(u32 length, const u8* bytes, fword* words) {
    u32 i;
    if (!words || (!bytes && length)) return;
    memset(words, 0, 4 * (size_t)words_of(length));
    for (i = 0; i < length; ++i) words[i / 4] |= (u32)bytes[length - 1 - i] << 8 * (i % 4);
}
void sdk_eca_wtob(fword* words, u32 length, u8* bytes) {
    u32 i;
    if (!words || !bytes) return;
    for (i = 0; i < length; ++i) bytes[length - 1 - i] = (u8)(words[i / 4] >> 8 * (i % 4));
}

/* --- points --- */

static int is_usable(const ECDP* curve) {
    return is_curve(curve) && (curve->flags & ECF_TWISTED_EDWARDS) == 0;
}
/* What a curve answers that is none, or one without points of this form. */
static int refusal(const ECDP* curve) { return CODE(is_curve(curve) ? E_ECA_NOT_SUPP : E_ECA_BAD_PARAM); }
static u32 field_words(const ECDP* curve) { return words_of(curve->l_field); }

/* 04 | X | Y, or 00 for infinity, as the service has them; its length. */
static u32 encode(const ECDP* curve, const fword* point, u8* out) {
    const u32 field = field_words(curve);
    fword* const words = (fword*)(uintptr_t)point;
    if (point[2 * field]) {
        out[0] = 0;
        return 1;
    }
    out[0] = 4;
    sdk_eca_wtob(words, curve->l_field, out + 1);
    sdk_eca_wtob(words + field, curve->l_field, out + 1 + curve->l_field);
    return 1 + 2 * curve->l_field;
}

static int decode(const ECDP* curve, const u8* bytes, u32 length, fword* point) {
    const u32 field = field_words(curve);
    memset(point, 0, 4 * (size_t)(2 * field + 1));
    if (length != 1 + 2 * curve->l_field) {
        point[2 * field] = 1;
        return CODE(E_ECA_INFINITE);
    }
    sdk_eca_btow(curve->l_field, bytes + 1, point);
    sdk_eca_btow(curve->l_field, bytes + 1 + curve->l_field, point + field);
    return 0;
}

/* A number, a point: NULL leaves its term out of the sum. */
struct scalar {
    u32 length; /* words */
    const fword* words;
};
static int put_scalar(struct request* request, struct scalar number) {
    u8 bytes[4 * MOST_WORDS];
    if (number.length > MOST_WORDS) return CODE(E_ECA_LEN);
    if (number.words) sdk_eca_wtob((fword*)(uintptr_t)number.words, 4 * number.length, bytes);
    put_bytes(request, 2, bytes, number.words ? 4 * number.length : 0);
    explicit_bzero(bytes, sizeof bytes);
    return 0;
}
static void put_point(struct request* request, const ECDP* curve, const fword* point) {
    u8 bytes[LONGEST_POINT];
    put_bytes(request, 2, bytes, point ? encode(curve, point, bytes) : 0);
}

/* g times the generator, k times P, and Q. */
static int sum(ECDP* curve, struct scalar g, struct scalar k, const fword* p, const fword* q, fword* out) {
    struct request request = request_for(SERVICE_ec_sum);
    struct answer answer;
    const u8* made;
    u32 length;
    int code;
    if (!is_usable(curve)) return refusal(curve);
    if (!out) return CODE(E_ECA_BAD_PARAM);
    put_number(&request, curve->place, 4);
    code = put_scalar(&request, g);
    if (code == 0) code = put_scalar(&request, k);
    if (code != 0) return code;
    put_point(&request, curve, p);
    put_point(&request, curve, q);
    code = ask(&request, &answer);
    if (code != 0) return code;
    made = get_rest(&answer, &length);
    return decode(curve, made, length, out);
}

static const struct scalar none = {0, NULL};
static const fword one_word = 1;
static const struct scalar once = {1, &one_word};

static struct scalar scalar(u32 length, const fword* words) {
    const struct scalar number = {words ? length : 0, words};
    return number;
}

int sdk_eca_point_mul_G(ECDP* curve, u32 length, fword* k, fword* out) {
    return k ? sum(curve, scalar(length, k), none, NULL, NULL, out) : CODE(E_ECA_BAD_PARAM);
}
int sdk_eca_point_mul_G_P(ECDP* curve, u32 l_g, fword* g, u32 l_k, fword* k, fword* p, fword* out) {
    if (!k || !p) return CODE(E_ECA_BAD_PARAM);
    return sum(curve, scalar(l_g, g), scalar(l_k, k), p, NULL, out);
}
int sdk_eca_point_add(ECDP* curve, fword* p, fword* q, fword* out) {
    return p && q ? sum(curve, none, once, p, q, out) : CODE(E_ECA_BAD_PARAM);
}
int sdk_eca_point_check(ECDP* curve, fword* point) {
    fword same[2 * (LONGEST_FIELD / 4 + 1) + 1];
    return point ? sum(curve, none, none, NULL, point, same) : CODE(E_ECA_BAD_PARAM);
}

/* In each form of SEC 1: 00, 02 and 03, 04. */
int sdk_eca_fmto2point(ECDP* curve, u32 length, const u8* bytes, fword* point) {
    struct request request = request_for(SERVICE_ec_sum);
    struct answer answer;
    const u8* made;
    int code;
    if (!is_usable(curve)) return refusal(curve);
    if (!bytes || !point || length == 0) return CODE(E_ECA_BAD_PARAM);
    if (length > LONGEST_POINT) return CODE(E_ECA_LEN);
    put_number(&request, curve->place, 4);
    put_bytes(&request, 2, NULL, 0);
    put_bytes(&request, 2, NULL, 0);
    put_bytes(&request, 2, NULL, 0);
    put_bytes(&request, 2, bytes, length);
    code = ask(&request, &answer);
    if (code != 0) return code;
    made = get_rest(&answer, &length);
    return decode(curve, made, length, point);
}
int sdk_eca_point2fmto(ECDP* curve, fword* point, int format, u8* out) {
    u8 whole[LONGEST_POINT];
    u32 length;
    if (!is_usable(curve)) return refusal(curve);
    if (!point || !out) return CODE(E_ECA_BAD_PARAM);
    length = encode(curve, point, whole);
    if (length == 1) return CODE(E_ECA_INFINITE);
    form_point(curve, (u32)format, whole, length, out);
    return 0;
}

/* --- points made ready: a copy --- */

int sdk_eca_point_precalc(ECDP* curve, fword* point, ECPCP** prepared) {
    const int code = prepared ? sdk_eca_point_check(curve, point) : CODE(E_ECA_BAD_PARAM);
    u8 bytes[LONGEST_POINT];
    u32 length;
    if (code != 0) return code;
    length = encode(curve, point, bytes);
    *prepared = heap_new(sizeof **prepared + length, OS_MEM_TYPE_SD, NULL, 0, CALLER);
    if (!*prepared) return CODE(E_ECA_MEM);
    (*prepared)->l_y = length;
    memcpy((*prepared)->y, bytes, length);
    return 0;
}
void sdk_eca_pcp_free(ECPCP* prepared) { sdk_os_mem_del_set(prepared, 0); }
int sdk_eca_point_mul_G_pcP(ECDP* curve, u32 l_g, fword* g, u32 l_k, fword* k, ECPCP* prepared, fword* out) {
    fword point[2 * (LONGEST_FIELD / 4 + 1) + 1];
    if (!is_usable(curve)) return refusal(curve);
    if (!prepared) return CODE(E_ECA_BAD_PARAM);
    if (decode(curve, prepared->y, prepared->l_y, point) != 0) return CODE(E_ECA_PCP_INCOMP);
    return sdk_eca_point_mul_G_P(curve, l_g, g, l_k, k, point, out);
}

/* --- numbers modulo the order --- */

static int compute(ECDP* curve, u32 work, struct scalar a, struct scalar b, fword* out) {
    struct request request = request_for(SERVICE_ec_number);
    struct answer answer;
    int code;
    if (!is_curve(curve) || !a.words || !out) return CODE(E_ECA_BAD_PARAM);
    put_number(&request, curve->place, 4);
    put_number(&request, work, 1);
    code = put_scalar(&request, a);
    if (code == 0) code = put_scalar(&request, b);
    if (code == 0) code = ask(&request, &answer);
    if (code == 0) sdk_eca_btow(curve->l_order, get_raw(&answer, curve->l_order), out);
    return code;
}

/* Of two numbers as long as the order. */
static int compute_two(ECDP* curve, u32 work, const fword* a, const fword* b, fword* out) {
    const u32 length = is_curve(curve) ? words_of(curve->l_order) : 0;
    if (!a || !b) return CODE(E_ECA_BAD_PARAM);
    return compute(curve, work, scalar(length, a), scalar(length, b), out);
}
int sdk_eca_int_add(ECDP* curve, fword* a, fword* b, fword* out) {
    return compute_two(curve, ADD, a, b, out);
}
int sdk_eca_int_sub(ECDP* curve, fword* a, fword* b, fword* out) {
    return compute_two(curve, SUBTRACT, a, b, out);
}
int sdk_eca_int_mul(ECDP* curve, fword* a, fword* b, fword* out) {
    return compute_two(curve, MULTIPLY, a, b, out);
}
int sdk_eca_int_div(ECDP* curve, fword* a, fword* b, fword* out) {
    return compute_two(curve, DIVIDE, a, b, out);
}
int sdk_eca_int_mod(ECDP* curve, u32 length, fword* a, fword* out) {
    return compute(curve, REMAINDER, scalar(length, a), none, out);
}

/* Bytes modulo the order. */
static int from_bytes(ECDP* curve, u32 length, const u8* bytes, fword* out) {
    fword words[MOST_WORDS];
    int code;
    if (!bytes || length == 0) return CODE(E_ECA_BAD_PARAM);
    if (length > sizeof words) return CODE(E_ECA_LEN);
    sdk_eca_btow(length, bytes, words);
    code = compute(curve, REMAINDER, scalar(words_of(length), words), none, out);
    explicit_bzero(words, sizeof words);
    return code;
}

/* A number of the caller's: one that is not under the order is too big. */
int sdk_eca_b2int(ECDP* curve, u32 length, const u8* bytes, fword* out) {
    u8 back[LONGEST_FIELD];
    const int code = from_bytes(curve, length, bytes, out);
    if (code != 0) return code;
    while (length > 0 && *bytes == 0) {
        ++bytes;
        --length;
    }
    sdk_eca_wtob(out, curve->l_order, back);
    return length <= curve->l_order && memcmp(back + curve->l_order - length, bytes, length) == 0
               ? 0
               : CODE(E_ECA_TOO_BIG);
}
/* A hash: its leftmost bits, as many as the order has (X9.62). */
int sdk_eca_hash2int(ECDP* curve, u32 length, const u8* hash, fword* out) {
    fword words[LONGEST_FIELD / 4 + 1];
    u32 bits, shift, i;
    if (!is_curve(curve) || !hash || length == 0) return CODE(E_ECA_BAD_PARAM);
    if (length <= curve->l_order) {
        bits = 8 * length;
    } else {
        bits = 8 * curve->l_order;
        length = curve->l_order;
    }
    sdk_eca_btow(length, hash, words);
    shift = 8 * curve->l_order - (u32)__builtin_clz(*curve->values[ECA_DP_ORDER_INT]) + 24; /* bits of it */
    shift = bits > shift ? bits - shift : 0;
    for (i = 0; shift != 0 && i < words_of(length); ++i)
        words[i] = words[i] >> shift | (i + 1 < words_of(length) ? words[i + 1] << (32 - shift) : 0);
    return compute(curve, REMAINDER, scalar(words_of(length), words), none, out);
}
/* The whole of it (BSI). */
int sdk_eca_hash2int_m(ECDP* curve, u32 length, const u8* hash, fword* out) {
    return from_bytes(curve, length, hash, out);
}

/* From 1 to the order less 1. */
int sdk_eca_int_rnd(ECDP* curve, u32 flags, fword* out) {
    u8 bytes[2 * LONGEST_FIELD]; /* so long that the remainder is even */
    u32 i, any = 0;
    int code;
    (void)flags;
    if (!is_curve(curve) || !out) return CODE(E_ECA_BAD_PARAM);
    do {
        code = sdk_os_crypt_drbg_rnd(DRBG_REAL, bytes, 2 * curve->l_order);
        if (code == 0) code = from_bytes(curve, 2 * curve->l_order, bytes, out);
        if (code != 0) break;
        for (i = 0; i < words_of(curve->l_order); ++i) any |= out[i];
    } while (any == 0);
    explicit_bzero(bytes, sizeof bytes);
    return code;
}
int sdk_eca_point2int(ECDP* curve, fword* point, fword* out) {
    if (!is_usable(curve)) return refusal(curve);
    if (!point) return CODE(E_ECA_BAD_PARAM);
    if (point[2 * field_words(curve)]) return CODE(E_ECA_INFINITE);
    return compute(curve, REMAINDER, scalar(field_words(curve), point), none, out);
}
int sdk_eca_int_get_cof(ECDP* curve, fword* out) {
    if (!is_curve(curve) || !out) return CODE(E_ECA_BAD_PARAM);
    memset(out, 0, 4 * (size_t)words_of(curve->l_order));
    out[0] = curve->cofactor;
    return 0;
}
