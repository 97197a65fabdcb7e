/* ECDSA: keys and signatures in DER. */
#include "host.h"

enum { LONGEST_FIELD = 66 };

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

/* RFC 8410, section 7: version 0, the algorithm, the key as an OCTET STRING within one. */
static const u8 rfc8410_head[] = {0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                  0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
int sdk_ecdsa_key_encode_rfc8410(u32 l_x, u8* x, u32* l_key, u8* key) {
    const u32 length = sizeof rfc8410_head + 32;
    if (!x || l_x != 32 || !l_key) return CODE(E_ECDSA_BAD_PARAM);
    if (key && *l_key < length) return CODE(E_ECDSA_BUFF_TOO_SMALL);
    if (key) {
        memcpy(key, rfc8410_head, sizeof rfc8410_head);
        memcpy(key + sizeof rfc8410_head, x, l_x);
    }
    *l_key = length;
    return 0;
}
int sdk_ecdsa_key_decode_rfc8410(u32 l_key, u8* key, u32* l_x, u8** x) {
    if (!key || l_key != sizeof rfc8410_head + 32 || memcmp(key, rfc8410_head, sizeof rfc8410_head) != 0)
        return CODE(E_ECDSA_BAD_KEY_FMT);
    if (l_x) *l_x = 32;
    if (x) *x = key + sizeof rfc8410_head;
    return 0;
}
