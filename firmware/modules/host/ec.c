/* ECA and ECDSA: curves, keys, signatures, agreement. */
#include "ec.h"

enum { MOST_CURVES = 64 };

static ECDP curves[MOST_CURVES];

int is_curve(const ECDP* curve) { return curve >= curves && curve < curves + MOST_CURVES && curve->used; }

/* Curves belong to ECA and are never freed: outside the heap whose leaks are told. */
static void keep(ECDP* curve, u32 what, const void* bytes, u32 length) {
    curve->values[what] = malloc(length + 1);
    if (!curve->values[what]) return;
    memcpy(curve->values[what], bytes, length);
    curve->values[what][length] = 0;
    curve->lengths[what] = length;
}

int take_curve(struct answer* answer, ECDP** out) {
    static const u32 parts[] = {ECA_DP_NAME, ECA_DP_OID, 0,        ECA_DP_ORDER_INT,
                                ECA_DP_G,    ECA_DP_P,   ECA_DP_A, ECA_DP_B};
    const u32 place = get_number(answer, 4);
    u32 i, length;
    ECDP* curve;
    if (place >= MOST_CURVES) return CODE(E_ECA_MEM);
    curve = &curves[place];
    *out = curve;
    if (curve->used) return 0;
    for (i = 0; i < sizeof parts / sizeof parts[0]; ++i) {
        const u8* bytes;
        if (parts[i] == 0) {
            curve->bits = get_number(answer, 4);
            continue;
        }
        bytes = get_bytes(answer, 2, &length);
        keep(curve, parts[i], bytes, length);
    }
    curve->cofactor = get_number(answer, 4);
    if (curve->lengths[ECA_DP_OID] == 3 && memcmp(curve->values[ECA_DP_OID], "\x2B\x65\x70", 3) == 0)
        curve->flags = ECF_TWISTED_EDWARDS;
    curve->l_order = curve->lengths[ECA_DP_ORDER_INT];
    curve->l_field = curve->lengths[ECA_DP_P];
    keep(curve, ECA_DP_SIZE, &curve->bits, sizeof curve->bits);
    keep(curve, ECA_DP_MODE, &curve->flags, sizeof curve->flags);
    curve->place = place;
    curve->used = 1;
    return 0;
}

int take_modulus(struct answer* answer, u32 length, const u8* modulus, ECDP** out) {
    const u32 place = get_number(answer, 4);
    if (place >= MOST_CURVES) return CODE(E_ECA_MEM);
    *out = &curves[place];
    keep(*out, ECA_DP_ORDER_INT, modulus, length);
    (*out)->l_order = length;
    (*out)->place = place;
    (*out)->used = 1;
    return 0;
}

void forget_curve(ECDP* curve) {
    u32 i;
    for (i = 0; i <= ECA_DP_B; ++i) free(curve->values[i]);
    memset(curve, 0, sizeof *curve);
}

static int find_curve(const char* name, u32 l_oid, const u8* oid, ECDP** out) {
    struct request request = request_for(SERVICE_ec_curve);
    struct answer answer;
    int code;
    if (!out) return CODE(E_ECA_BAD_PARAM);
    put_text(&request, name);
    put_bytes(&request, 2, oid, l_oid);
    code = ask(&request, &answer);
    return code ? code : take_curve(&answer, out);
}

int sdk_eca_dp_find_name(const char* name, ECDP** curve) {
    return name ? find_curve(name, 0, NULL, curve) : CODE(E_ECA_BAD_PARAM);
}
int sdk_eca_dp_find_oid(u32 l_oid, const u8* oid, ECDP** curve) {
    return oid && l_oid ? find_curve(NULL, l_oid, oid, curve) : CODE(E_ECA_BAD_PARAM);
}
/* There is one algorithm. */
int sdk_eca_dp_set_algo(ECDP* curve, u32 flags) {
    (void)flags;
    return is_curve(curve) ? 0 : CODE(E_ECA_BAD_PARAM);
}
int sdk_eca_dp_get_info(ECDP* curve, int what, u32* length, u8** value) {
    if (!is_curve(curve)) return CODE(E_ECA_BAD_PARAM);
    if (what < ECA_DP_NAME || what > ECA_DP_B || !curve->values[what]) return CODE(E_ECA_BAD_PARAM);
    if (length) *length = curve->lengths[what];
    if (value) *value = curve->values[what];
    return 0;
}
int sdk_eca_int_get_blen(ECDP* curve) { return is_curve(curve) ? (int)curve->l_order : 0; }
int sdk_eca_int_get_wlen(ECDP* curve) { return is_curve(curve) ? (int)(curve->l_order + 3) / 4 : 0; }
u32 sdk_eca_point_get_len(ECDP* curve, int format) {
    if (!is_curve(curve)) return 0;
    if (format == ECA_LB_INTERN) return 4 * (2 * ((curve->l_field + 3) / 4) + 1); /* eca_points.c */
    if (format & ECA_LB_X) return curve->l_field;
    return 1 + ((format & ECA_FMT_MASK) == ECA_FMT_COMP ? curve->l_field : 2 * curve->l_field);
}

/* --- keys --- */

static u8* block_of(const u8* bytes, u32 length, const void* caller) {
    u8* block = heap_new(length, OS_MEM_TYPE_SECURE, NULL, 0, caller);
    if (block) memcpy(block, bytes, length);
    return block;
}

u32 form_point(const ECDP* curve, u32 flags, const u8* y, u32 l_y, u8* out) {
    if (curve->flags & ECF_TWISTED_EDWARDS) { /* one form, RFC 8032's */
        memcpy(out, y, l_y);
        return l_y;
    }
    if ((flags & ECA_FMT_X) != 0) {
        memcpy(out, y + 1, curve->l_field);
        return curve->l_field;
    }
    if ((flags & ECA_FMT_MASK) == ECA_FMT_COMP) {
        out[0] = (u8)(2 | (y[l_y - 1] & 1));
        memcpy(out + 1, y + 1, curve->l_field);
        return 1 + curve->l_field;
    }
    memcpy(out, y, l_y);
    return l_y;
}

struct pair {
    u8 x[LONGEST_FIELD];
    u8 y[1 + 2 * LONGEST_FIELD];
    u32 l_x;
    u32 l_y;
};

static int generate(ECDP* curve, u32 flags, struct pair* pair) {
    struct request request = request_for(SERVICE_ec_generate);
    struct answer answer;
    const u8 *x, *y;
    int code;
    if (!is_curve(curve)) return CODE(E_ECDSA_BAD_PARAM);
    put_number(&request, curve->place, 4);
    code = ask(&request, &answer);
    if (code != 0) return code;
    x = get_bytes(&answer, 2, &pair->l_x);
    memcpy(pair->x, x, pair->l_x);
    y = get_bytes(&answer, 2, &pair->l_y);
    pair->l_y = form_point(curve, flags, y, pair->l_y, pair->y);
    return 0;
}

int sdk_ecdsa_keygen(ECDP* curve, u32 flags, u32* l_x, u8** x, u32* l_y, u8** y) {
    struct pair pair;
    int code;
    if (!l_x || !x || !l_y || !y) return CODE(E_ECDSA_BAD_PARAM);
    code = generate(curve, flags, &pair);
    if (code != 0) return code;
    *x = block_of(pair.x, pair.l_x, CALLER);
    *y = block_of(pair.y, pair.l_y, CALLER);
    memset(pair.x, 0, sizeof pair.x);
    if (!*x || !*y) return CODE(E_ECDSA_MEM);
    *l_x = pair.l_x;
    *l_y = pair.l_y;
    return 0;
}

int sdk_ecdsa_tokengen(ECDP* curve, u32 flags, u32* l_x, u8* x, u32* l_y, u8* y) {
    struct pair pair;
    int code;
    if (!l_x || !x || !l_y || !y) return CODE(E_ECDSA_BAD_PARAM);
    code = generate(curve, flags, &pair);
    if (code != 0) return code;
    if (*l_x < pair.l_x || *l_y < pair.l_y) return CODE(E_ECDSA_BUFF_TOO_SMALL);
    memcpy(x, pair.x, *l_x = pair.l_x);
    memcpy(y, pair.y, *l_y = pair.l_y);
    memset(pair.x, 0, sizeof pair.x);
    return 0;
}

int sdk_ecdsa_keychk(ECDP* curve, u32 l_x, u8* x, u32 l_y, u8* y) {
    struct request request = request_for(SERVICE_ec_check);
    if (!is_curve(curve)) return CODE(E_ECDSA_BAD_PARAM);
    put_number(&request, curve->place, 4);
    put_bytes(&request, 2, x, x ? l_x : 0);
    put_bytes(&request, 2, y, y ? l_y : 0);
    return ask(&request, NULL);
}

/* --- signatures: halves at the length of the order --- */

enum { LENGTH_OF_HASH = 0xFFFF };

int sdk_ecdsa_sign(ECDP* curve, u32 flags, u32 l_x, u8* x, u32 l_hash, u8* hash, u32* l_sign, u8* sign) {
    struct request request = request_for(SERVICE_ec_sign);
    struct answer answer;
    const u8 *r, *s;
    u32 l_r, l_s;
    int code;
    (void)flags;
    if (!is_curve(curve) || !x || !hash || !l_sign || !sign) return CODE(E_ECDSA_BAD_PARAM);
    if (*l_sign < 2 * curve->l_order) return CODE(E_ECDSA_BUFF_TOO_SMALL);
    if ((l_hash & LENGTH_OF_HASH) == 0) return CODE(E_ECDSA_ZERO_LEN);
    put_number(&request, curve->place, 4);
    put_bytes(&request, 2, x, l_x);
    put_raw(&request, hash, l_hash & LENGTH_OF_HASH);
    code = ask(&request, &answer);
    if (code != 0) return code;
    r = get_bytes(&answer, 2, &l_r);
    s = get_bytes(&answer, 2, &l_s);
    memcpy(sign, r, l_r);
    memcpy(sign + l_r, s, l_s);
    *l_sign = l_r + l_s;
    return 0;
}

int sdk_ecdsa_bulk_sign(ECDP* curve, u32 flags, u32 l_x, u8* x, u32 count, u32* l_hash, u8** hash, u32 l_sign,
                        u8** sign) {
    u32 i;
    if (!is_curve(curve) || !x || !l_hash || !hash || !sign) return CODE(E_ECDSA_BAD_PARAM);
    if (count > ECDSA_BULK_MAX) return CODE(E_ECDSA_BULK_MAX);
    for (i = 0; i < count; ++i) {
        u32 room = l_sign;
        const int code = sdk_ecdsa_sign(curve, flags, l_x, x, l_hash[i], hash[i], &room, sign[i]);
        if (code != 0) return code;
    }
    return 0;
}

int sdk_ecdsa_verify(ECDP* curve, u32 l_y, u8* y, ECPCP* prepared, u32 l_hash, u8* hash, u32 l_r, u8* r,
                     u32 l_s, u8* s) {
    struct request request = request_for(SERVICE_ec_verify);
    if (!y && prepared) {
        l_y = prepared->l_y;
        y = prepared->y;
    }
    if (!is_curve(curve) || !y || !hash || !r) return CODE(E_ECDSA_BAD_PARAM);
    if (!s) { /* r holds both halves */
        if (l_r % 2 != 0) return CODE(E_ECDSA_BAD_SIGN_FMT);
        l_r /= 2;
        l_s = l_r;
        s = r + l_r;
    }
    put_number(&request, curve->place, 4);
    put_bytes(&request, 2, y, l_y);
    put_bytes(&request, 2, r, l_r);
    put_bytes(&request, 2, s, l_s);
    put_raw(&request, hash, l_hash & LENGTH_OF_HASH);
    return ask(&request, NULL);
}

/* --- public keys made ready: the key itself --- */

int sdk_ecdsa_calc_pcpk(ECDP* curve, u32 l_y, u8* y, ECPCP** prepared) {
    const int code = y ? sdk_ecdsa_keychk(curve, 0, NULL, l_y, y) : CODE(E_ECDSA_BAD_PARAM);
    if (code != 0 || !prepared) return code ? code : CODE(E_ECDSA_BAD_PARAM);
    *prepared = heap_new(sizeof **prepared + l_y, OS_MEM_TYPE_SD, NULL, 0, CALLER);
    if (!*prepared) return CODE(E_ECDSA_MEM);
    (*prepared)->l_y = l_y;
    memcpy((*prepared)->y, y, l_y);
    return 0;
}
void sdk_ecdsa_free_pcpk(ECPCP* prepared) { sdk_os_mem_del_set(prepared, 0); }

/* --- Ed25519, whole messages without context --- */

static int edwards_job(const ECDP* curve, u32 flags, u32 l_context) {
    const u32 steps = flags & (ECDSA_MODE_INIT | ECDSA_MODE_CONT | ECDSA_MODE_FINAL);
    if (!is_curve(curve) || (curve->flags & ECF_TWISTED_EDWARDS) == 0) return CODE(E_ECDSA_BAD_PARAM);
    if ((flags & ECDSA_PRE_HASH) || l_context != 0) return CODE(E_ECDSA_NOT_SUPP);
    return steps == 0 || steps == (ECDSA_MODE_INIT | ECDSA_MODE_FINAL) ? 0 : CODE(E_ECDSA_NOT_SUPP);
}

int sdk_ecdsa_sign_edwards(ECDP* curve, u32 flags, u32 l_x, u8* x, u32 l_y, u8* y, u32 l_message, u8* message,
                           u32 l_context, u8* context, void* first, void* second, u32* l_sign, u8* sign) {
    struct request request = request_for(SERVICE_edwards_sign);
    struct answer answer;
    const u8* made;
    u32 length;
    int code = edwards_job(curve, flags, context ? l_context : 0);
    (void)l_y, (void)y, (void)first, (void)second; /* y follows from x; states are not needed */
    if (code != 0) return code;
    if (!x || !l_sign || !sign || (!message && l_message)) return CODE(E_ECDSA_BAD_PARAM);
    put_bytes(&request, 2, x, l_x);
    put_raw(&request, message, l_message);
    code = ask(&request, &answer);
    if (code != 0) return code;
    made = get_rest(&answer, &length);
    if (*l_sign < length) return CODE(E_ECDSA_BUFF_TOO_SMALL);
    memcpy(sign, made, *l_sign = length);
    return 0;
}

int sdk_ecdsa_verify_edwards(ECDP* curve, u32 flags, u32 l_y, u8* y, u32 l_message, u8* message,
                             u32 l_context, u8* context, u32 l_r, u8* r, u32 l_s, u8* s, void* reserved,
                             void* info) {
    struct request request = request_for(SERVICE_edwards_verify);
    u8 both[2 * LONGEST_FIELD];
    const int code = edwards_job(curve, flags, context ? l_context : 0);
    (void)reserved, (void)info;
    if (code != 0) return code;
    if (!y || !r || (!message && l_message)) return CODE(E_ECDSA_BAD_PARAM);
    if (!s) l_s = 0; /* r holds both halves */
    if (l_r > sizeof both || l_s > sizeof both - l_r) return CODE(E_ECDSA_BAD_SIGN_FMT);
    memcpy(both, r, l_r);
    if (l_s) memcpy(both + l_r, s, l_s);
    put_bytes(&request, 2, y, l_y);
    put_bytes(&request, 2, both, l_r + l_s);
    put_raw(&request, message, l_message);
    return ask(&request, NULL);
}
