/* ECA: curves of the module's own, by their numbers or in DER; whole numbers modulo one.
 *
 * Of EC_DOMAIN_PARAM the facts give types alone (our assumption): n is the length of p, and of a, b, Gx and
 * Gy unless ECF_VAR_LENGTH says that la, lb, lGx and lGy are theirs; cof 0 stands for the cofactor 1. */
#include "ec.h"

enum { LONGEST_POINT = 1 + 2 * LONGEST_FIELD, MODES = ECF_COORDINATE_MASK | ECF_GFTYPE_MASK };

struct part {
    const u8* bytes;
    u32 length;
};

static struct part part(const u8* bytes, u32 length) {
    struct part out = {bytes, length};
    while (out.bytes && out.length > 1 && *out.bytes == 0) {
        ++out.bytes;
        --out.length;
    }
    return out;
}

static int is_longer(struct part one, u32 most) { return one.length == 0 || one.length > most; }

/* p, a, b, g and the order, as the services take them. */
static int put_curve(struct request* request, const EC_DOMAIN_PARAM* all) {
    const int own_lengths = (all->flags & ECF_VAR_LENGTH) != 0;
    const struct part p = part(all->p, all->n), r = part(all->r, all->l_r);
    const struct part a = part(all->a, own_lengths ? all->la : all->n);
    const struct part b = part(all->b, own_lengths ? all->lb : all->n);
    const struct part x = part(all->Gx, own_lengths ? all->lGx : all->n);
    const struct part y = part(all->Gy, own_lengths ? all->lGy : all->n);
    u8 g[LONGEST_POINT] = {4};
    if (!p.bytes || !r.bytes || !a.bytes || !b.bytes || !x.bytes || !y.bytes) return CODE(E_ECA_BAD_PARAM);
    if (is_longer(p, LONGEST_FIELD) || is_longer(r, LONGEST_FIELD)) return CODE(E_ECA_TOO_BIG);
    if (is_longer(a, p.length) || is_longer(b, p.length) || is_longer(x, p.length) || is_longer(y, p.length))
        return CODE(E_ECA_LEN);
    if (all->cof > 1) return CODE(E_ECA_NOT_SUPP);
    memcpy(g + 1 + p.length - x.length, x.bytes, x.length);
    memcpy(g + 1 + 2 * p.length - y.length, y.bytes, y.length);
    put_bytes(request, 2, p.bytes, p.length);
    put_bytes(request, 2, a.bytes, a.length);
    put_bytes(request, 2, b.bytes, b.length);
    put_bytes(request, 2, g, 1 + 2 * p.length);
    put_bytes(request, 2, r.bytes, r.length);
    return 0;
}

int sdk_eca_dp_register(const EC_DOMAIN_PARAM* all, ECDP** curve) {
    struct request request = request_for(SERVICE_ec_register);
    struct answer answer;
    int code;
    if (!all || !curve || (!all->oid && all->l_oid)) return CODE(E_ECA_BAD_PARAM);
    put_text(&request, all->name);
    put_bytes(&request, 2, all->oid, all->l_oid);
    code = all->flags & MODES ? CODE(E_ECA_NOT_SUPP) : put_curve(&request, all);
    if (code == 0) code = ask(&request, &answer);
    return code ? code : take_curve(&answer, curve);
}

/* Of one that has a name in the device nothing happens. */
void sdk_eca_dp_unregister(ECDP* curve) {
    struct request request = request_for(SERVICE_ec_unregister);
    if (!is_curve(curve)) return;
    put_number(&request, curve->place, 4);
    if (ask(&request, NULL) == 0) forget_curve(curve);
}

int sdk_eca_int_register(u32 length, u8* modulus, ECDP** out) {
    struct request request = request_for(SERVICE_ec_modulus);
    const struct part number = part(modulus, length);
    struct answer answer;
    int code;
    if (!number.bytes || number.length == 0 || !out) return CODE(E_ECA_BAD_PARAM);
    if (number.length > LONGEST_FIELD) return CODE(E_ECA_TOO_BIG);
    put_bytes(&request, 2, number.bytes, number.length);
    code = ask(&request, &answer);
    return code ? code : take_modulus(&answer, number.length, number.bytes, out);
}

/* --- ECParameters (X9.62, RFC 3279): version, field, curve, G, order, cofactor --- */

enum { MOST_ITEMS = 16 };
static const u8 prime_field[] = {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x01, 0x01};

/* The numbers stay where they are in `der`. */
static int read_parameters(u32 length, u8* der, EC_DOMAIN_PARAM* all) {
    ASN1_ITEM items[MOST_ITEMS];
    const ASN1_ITEM *item = items + 2, *g;
    u32 count = 0, half;
    struct part p, r;
    if (sdk_asn1_decode(der, length, 0, NULL, &count) != 0 || count < 10 || count > MOST_ITEMS ||
        sdk_asn1_decode(der, length, 0, items, &count) != 0)
        return CODE(E_ECA_ECDP_DECODE);
    if (items[0].tag != ASN_SEQUENCE || items[0].nitems < 5 || items[1].tag != ASN_INTEGER ||
        item[0].tag != ASN_SEQUENCE || item[0].nitems != 2 || item[1].tag != ASN_OBJECT_ID)
        return CODE(E_ECA_ECDP_DECODE);
    if (item[1].len != sizeof prime_field || memcmp(item[1].p_data, prime_field, sizeof prime_field) != 0)
        return CODE(E_ECA_NOT_SUPP);
    if (item[2].tag != ASN_INTEGER || item[3].tag != ASN_SEQUENCE || item[3].nitems < 2 ||
        item[3].nitems > 3 || item[4].tag != ASN_OCTET_STRING || item[5].tag != ASN_OCTET_STRING)
        return CODE(E_ECA_ECDP_DECODE);
    g = item + 4 + item[3].nitems; /* behind a, b and, where there is one, the seed */
    if (g + 1 >= items + count || g[0].tag != ASN_OCTET_STRING || g[1].tag != ASN_INTEGER || g[0].len < 3)
        return CODE(E_ECA_ECDP_DECODE);
    if (g[0].p_data[0] != 4) return CODE(E_ECA_NOT_SUPP); /* X alone: there is no Y to point to */
    if (g[0].len % 2 == 0) return CODE(E_ECA_ECDP_DECODE);
    p = part(item[2].p_data, item[2].len);
    r = part(g[1].p_data, g[1].len);
    half = (g[0].len - 1) / 2;
    if (p.length > 0xFFFF || half > 0xFFFF || item[4].len > 0xFFFF || item[5].len > 0xFFFF)
        return CODE(E_ECA_TOO_BIG);
    memset(all, 0, sizeof *all);
    all->flags = ECF_VAR_LENGTH;
    all->p = p.bytes;
    all->n = (unsigned short)p.length;
    all->a = item[4].p_data;
    all->la = (unsigned short)item[4].len;
    all->b = item[5].p_data;
    all->lb = (unsigned short)item[5].len;
    all->Gx = g[0].p_data + 1;
    all->Gy = all->Gx + half;
    all->lGx = all->lGy = (unsigned short)half;
    all->r = r.bytes;
    all->l_r = r.length;
    all->cof = 1;
    if (g + 2 < items + count && g[2].tag == ASN_INTEGER)
        all->cof = g[2].len == 1 ? g[2].p_data[0] : 0xFFFFFFFF;
    return 0;
}

int sdk_eca_dp_a2s(u32 length, u8* der, EC_DOMAIN_PARAM* all) {
    return der && all ? read_parameters(length, der, all) : CODE(E_ECA_BAD_PARAM);
}

int sdk_eca_dp_register_asn1(u32 length, u8* der, const char* name, u32 l_oid, u8* oid, u32 flags,
                             ECDP** curve) {
    EC_DOMAIN_PARAM all;
    const int code = der && curve ? read_parameters(length, der, &all) : CODE(E_ECA_BAD_PARAM);
    if (code != 0) return code;
    if (l_oid > 127) return CODE(E_ECA_LEN);
    all.name = name;
    all.oid = oid;
    all.l_oid = (unsigned short)l_oid;
    all.flags |= (unsigned short)(flags & MODES);
    return sdk_eca_dp_register(&all, curve);
}

/* By its name, an OBJECT IDENTIFIER, or by its numbers. */
int sdk_eca_dp_find_asn1(u32 length, u8* der, ECDP** curve) {
    struct request request = request_for(SERVICE_ec_find);
    struct answer answer;
    EC_DOMAIN_PARAM all;
    int code;
    if (!der || !curve) return CODE(E_ECA_BAD_PARAM);
    if (length >= 3 && der[0] == 0x06 && der[1] <= 0x7F && der[1] == length - 2)
        return sdk_eca_dp_find_oid(length - 2, der + 2, curve);
    code = read_parameters(length, der, &all);
    if (code == 0) code = put_curve(&request, &all);
    if (code == 0) code = ask(&request, &answer);
    return code ? code : take_curve(&answer, curve);
}
