/* ECA and ECDSA: curves, keys, signatures, agreement; keys and signatures in DER. */
#include "host.h"

enum { MOST_CURVES = 64, LONGEST_FIELD = 66 };

struct ECDP_ {
    int used;
    u32 place;
    u32 bits;
    u32 l_order; /* bytes */
    u32 l_field;
    u32 flags;
    u32 cofactor;
    u32 lengths[ECA_DP_B + 1];
    u8* values[ECA_DP_B + 1];
};

static ECDP curves[MOST_CURVES];

static int is_curve(const ECDP* curve) {
    return curve >= curves && curve < curves + MOST_CURVES && curve->used;
}

/* Curves belong to ECA and are never freed: outside the heap whose leaks are told. */
static void keep(ECDP* curve, u32 what, const void* bytes, u32 length) {
    curve->values[what] = malloc(length + 1);
    if (!curve->values[what]) return;
    memcpy(curve->values[what], bytes, length);
    curve->values[what][length] = 0;
    curve->lengths[what] = length;
}

static int find_curve(const char* name, u32 l_oid, const u8* oid, ECDP** out) {
    static const u32 parts[] = {ECA_DP_NAME, ECA_DP_OID, 0,        ECA_DP_ORDER_INT,
                                ECA_DP_G,    ECA_DP_P,   ECA_DP_A, ECA_DP_B};
    struct request request = request_for(SERVICE_ec_curve);
    struct answer answer;
    u32 place, i, length;
    ECDP* curve;
    int code;
    if (!out) return CODE(E_ECA_BAD_PARAM);
    put_text(&request, name);
    put_bytes(&request, 2, oid, l_oid);
    code = ask(&request, &answer);
    if (code != 0) return code;
    place = get_number(&answer, 4);
    if (place >= MOST_CURVES) return CODE(E_ECA_MEM);
    curve = &curves[place];
    *out = curve;
    if (curve->used) return 0;
    for (i = 0; i < sizeof parts / sizeof parts[0]; ++i) {
        const u8* bytes;
        if (parts[i] == 0) {
            curve->bits = get_number(&answer, 4);
            continue;
        }
        bytes = get_bytes(&answer, 2, &length);
        keep(curve, parts[i], bytes, length);
    }
    curve->cofactor = get_number(&answer, 4);
    curve->l_order = curve->lengths[ECA_DP_ORDER_INT];
    curve->l_field = curve->lengths[ECA_DP_P];
    keep(curve, ECA_DP_SIZE, &curve->bits, sizeof curve->bits);
    keep(curve, ECA_DP_MODE, &curve->flags, sizeof curve->flags);
    curve->place = place;
    curve->used = 1;
    return 0;
}

int sdk_eca_dp_find_name(const char* name, ECDP** curve) {
    return name ? find_curve(name, 0, NULL, curve) : CODE(E_ECA_BAD_PARAM);
}
int sdk_eca_dp_find_oid(u32 l_oid, const u8* oid, ECDP** curve) {
    return oid && l_oid ? find_curve(NULL, l_oid, oid, curve) : CODE(E_ECA_BAD_PARAM);
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
    if (format & ECA_LB_X) return curve->l_field;
    return 1 + ((format & ECA_FMT_MASK) == ECA_FMT_COMP ? curve->l_field : 2 * curve->l_field);
}

/* --- keys --- */

static u8* block_of(const u8* bytes, u32 length, const void* caller) {
    u8* block = heap_new(length, OS_MEM_TYPE_SECURE, NULL, 0, caller);
    if (block) memcpy(block, bytes, length);
    return block;
}

/* Point in the form that the flags ask for; `y` is 04 || X || Y. */
static u32 form_point(const ECDP* curve, u32 flags, const u8* y, u32 l_y, u8* out) {
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
    (void)prepared;
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

/* --- agreement: only the raw X coordinate --- */

int sdk_ecdsa_dh(ECDP* curve, u32 l_peer, u8* peer, u32 l_x, u8* x, u32 l_extra, u8* extra, u32 flags,
                 u32 l_secret, u8* secret) {
    struct request request = request_for(SERVICE_ec_dh);
    struct answer answer;
    int code;
    (void)l_extra;
    (void)extra;
    if (!is_curve(curve) || !peer || !x || !secret) return CODE(E_ECDSA_BAD_PARAM);
    if ((flags & ECDSA_KDF_RAW) == 0) return CODE(E_ECDSA_NOT_SUPP);
    if (l_secret > curve->l_field) return CODE(E_ECDSA_WRONG_DATA_SIZE);
    put_number(&request, curve->place, 4);
    put_bytes(&request, 2, x, l_x);
    put_bytes(&request, 2, peer, l_peer);
    code = ask(&request, &answer);
    if (code == 0) memcpy(secret, get_raw(&answer, curve->l_field), l_secret);
    return code;
}

/* --- DER --- */

static u32 skip_zeros(const u8** bytes, u32 length) {
    while (length > 1 && **bytes == 0) {
        ++*bytes;
        --length;
    }
    return length;
}

/* An INTEGER's contents: no zeros in front but the one that keeps it positive. */
static void integer(ASN1_ITEM* item, const u8* bytes, u32 length, u8* room) {
    u32 left = skip_zeros(&bytes, length), sign = bytes[0] >> 7;
    room[0] = 0;
    memcpy(room + sign, bytes, left);
    item->tag = ASN_INTEGER;
    item->p_data = room;
    item->len = left + sign;
}

static int encode(ASN1_ITEM* items, u32 count, u32* length, u8* out) {
    u8* buffer = NULL;
    u32 size = 0;
    int code = sdk_asn1_encode(items, count, 0, &buffer, &size);
    if (code != 0) return code;
    if (out && size > *length) code = CODE(E_ECDSA_BUFF_TOO_SMALL);
    if (code == 0 && out) memcpy(out, buffer, size);
    if (code == 0) *length = size;
    sdk_os_mem_del_set(buffer, 0);
    return code;
}

int sdk_ecdsa_sign_encode(u32 l_r, u8* r, u32 l_s, u8* s, u32* l_sign, u8* sign) {
    u8 contents[2][1 + 2 * LONGEST_FIELD];
    ASN1_ITEM items[3] = {{ASN_SEQUENCE, 0, NULL, 0, 2}, {0, 0, NULL, 0, 0}, {0, 0, NULL, 0, 0}};
    if (!r || !s || !l_sign || l_r == 0 || l_s == 0 || l_r > 2 * LONGEST_FIELD || l_s > 2 * LONGEST_FIELD)
        return CODE(E_ECDSA_BAD_PARAM);
    integer(&items[1], r, l_r, contents[0]);
    integer(&items[2], s, l_s, contents[1]);
    return encode(items, 3, l_sign, sign);
}

int sdk_ecdsa_sign_decode(u32 l_sign, u8* sign, u32* l_r, u8** r, u32* l_s, u8** s) {
    ASN1_ITEM items[3];
    u32 count = 3;
    if (sdk_asn1_decode(sign, l_sign, 0, items, &count) != 0 || count != 3 || items[0].tag != ASN_SEQUENCE ||
        items[1].tag != ASN_INTEGER || items[2].tag != ASN_INTEGER)
        return CODE(E_ECDSA_BAD_SIGN_FMT);
    *l_r = items[1].len;
    *r = items[1].p_data;
    *l_s = items[2].len;
    *s = items[2].p_data;
    return 0;
}

/* RFC 5915: version 1, x, [0] curve, [1] public key. */
int sdk_ecdsa_key_encode(u32 l_x, u8* x, u32 l_y, u8* y, u32 l_oid, u8* oid, void* unused, u32* l_key,
                         u8* key) {
    u8 bits[2 + 2 * LONGEST_FIELD];
    u8 version[1] = {1};
    ASN1_ITEM items[7] = {
        {ASN_SEQUENCE, 0, NULL, 0, 2}, {ASN_INTEGER, 1, version, 0, 0}, {ASN_OCTET_STRING, l_x, x, 0, 0}};
    u32 count = 3;
    (void)unused;
    if (!x || !l_key || (y && l_y > sizeof bits - 1)) return CODE(E_ECDSA_BAD_PARAM);
    if (oid && l_oid) {
        items[count] = (ASN1_ITEM){ASN_SE(0), 0, NULL, 0, 1};
        items[count + 1] = (ASN1_ITEM){ASN_OBJECT_ID, l_oid, oid, 0, 0};
        count += 2;
        ++items[0].nitems;
    }
    if (y && l_y) {
        bits[0] = 0;
        memcpy(bits + 1, y, l_y);
        items[count] = (ASN1_ITEM){ASN_SE(1), 0, NULL, 0, 1};
        items[count + 1] = (ASN1_ITEM){ASN_BIT_STRING, l_y + 1, bits, 0, 0};
        count += 2;
        ++items[0].nitems;
    }
    return encode(items, count, l_key, key);
}

int sdk_ecdsa_key_decode(u32 l_key, u8* key, void* unused, u32* l_x, u8** x, u32* l_y, u8** y, u32* l_oid,
                         u8** oid) {
    ASN1_ITEM items[7];
    u32 count = 7, i;
    (void)unused;
    if (sdk_asn1_decode(key, l_key, 0, items, &count) != 0 || count < 3 || items[0].tag != ASN_SEQUENCE ||
        items[1].tag != ASN_INTEGER || items[2].tag != ASN_OCTET_STRING)
        return CODE(E_ECDSA_BAD_KEY_FMT);
    if (l_x) *l_x = items[2].len;
    if (x) *x = items[2].p_data;
    if (l_y) *l_y = 0;
    if (y) *y = NULL;
    if (l_oid) *l_oid = 0;
    if (oid) *oid = NULL;
    for (i = 3; i + 1 < count; ++i) {
        const ASN1_ITEM* inside = &items[i + 1];
        if (items[i].tag == ASN_SE(0) && inside->tag == ASN_OBJECT_ID) {
            if (l_oid) *l_oid = inside->len;
            if (oid) *oid = inside->p_data;
        } else if (items[i].tag == ASN_SE(1) && inside->tag == ASN_BIT_STRING && inside->len > 1) {
            if (l_y) *l_y = inside->len - 1;
            if (y) *y = inside->p_data + 1;
        }
    }
    return 0;
}
