/* DSA and agreement over finite fields. No public source gives codes of DSA's own: ECDSA's stand for them.
 *
 * A token of domain parameters is ours: "DSAT", its whole length (4 bytes), then numbers: which (1 P, 2 Q,
 * 4 G, 8 a public key Y), length (2 bytes), bytes. */
#include <stdarg.h>

#include "host.h"
#include "kdf.h"

enum { P = 1, Q = 2, G = 4, Y = 8, END = 0, TOKEN_HEAD = 8, LONGEST = 1024, MOST_COMPONENTS = 4 };
static const u8 token_tag[4] = {'D', 'S', 'A', 'T'};

struct number {
    const u8* bytes;
    u32 length;
};
struct domain {
    struct number p, q, g;
};

static struct number number(u32 length, const u8* bytes) {
    const struct number one = {bytes, bytes ? length : 0};
    return one;
}
static struct domain domain(u32 l_p, const u8* p, u32 l_q, const u8* q, u32 l_g, const u8* g) {
    const struct domain all = {number(l_p, p), number(l_q, q), number(l_g, g)};
    return all;
}
static int is_whole(const struct domain* all) { return all->p.length && all->q.length && all->g.length; }

static void put(struct request* request, struct number number_) {
    put_bytes(request, 2, number_.bytes, number_.length);
}
static void put_domain(struct request* request, const struct domain* all) {
    put(request, all->p);
    put(request, all->q);
    put(request, all->g);
}

/* Into a caller's room, whose length becomes the number's. */
static int give(const u8* bytes, u32 length, u32* room, u8* out) {
    if (!room || !out) return CODE(E_ECDSA_BAD_PARAM);
    if (*room < length) return CODE(E_ECDSA_BUFF_TOO_SMALL);
    memcpy(out, bytes, *room = length);
    return 0;
}

/* --- tokens --- */

static u32 token_size(const u8* token) {
    u32 size;
    if (!token || memcmp(token, token_tag, sizeof token_tag) != 0) return 0;
    size = load_int4(token + 4);
    return size >= TOKEN_HEAD && size <= TOKEN_HEAD + MOST_COMPONENTS * (3 + LONGEST) ? size : 0;
}

static struct number component(const u8* token, u32 which) {
    const u32 size = token_size(token);
    u32 at = TOKEN_HEAD;
    while (size >= 3 && at <= size - 3) {
        const u32 length = load_int2(token + at + 1);
        if (length > size - at - 3) break;
        if (token[at] == which) return number(length, token + at + 3);
        at += 3 + length;
    }
    return number(0, NULL);
}

static int open_token(const u8* token, struct domain* all) {
    all->p = component(token, P);
    all->q = component(token, Q);
    all->g = component(token, G);
    return is_whole(all) ? 0 : CODE(E_ECDSA_BAD_KEY_FMT);
}

static u8* write_number(u8* at, u32 which, struct number one) {
    if (one.length == 0) return at;
    at[0] = (u8)which;
    store_int2(one.length, at + 1);
    memcpy(at + 3, one.bytes, one.length);
    return at + 3 + one.length;
}

static int new_token(const struct domain* all, struct number y, u8** out, const void* caller) {
    u8 *token, *end;
    if (all->p.length > LONGEST || all->q.length > LONGEST || all->g.length > LONGEST)
        return CODE(E_ECDSA_BAD_PARAM);
    token =
        heap_new(TOKEN_HEAD + (y.length ? 12 : 9) + all->p.length + all->q.length + all->g.length + y.length,
                 OS_MEM_TYPE_SD, NULL, 0, caller);
    if (!token) return CODE(E_ECDSA_MEM);
    memcpy(token, token_tag, sizeof token_tag);
    end = write_number(write_number(write_number(token + TOKEN_HEAD, P, all->p), Q, all->q), G, all->g);
    end = write_number(end, Y, y);
    store_int4((u32)(end - token), token + 4);
    *out = token;
    return 0;
}

/* which, length, bytes, … to END (our assumption, as VRSA's). */
int sdk_dsa_mk_token(u8** token, ...) {
    struct domain all = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    va_list arguments;
    u32 which;
    int code = token ? 0 : CODE(E_ECDSA_BAD_PARAM);
    va_start(arguments, token);
    /* The analyzer overlooks that. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    while (code == 0 && (which = va_arg(arguments, u32)) != END) {
        const u32 length = va_arg(arguments, u32);
        const u8* bytes = va_arg(arguments, const u8*);
        struct number* const place = which == P ? &all.p : which == Q ? &all.q : which == G ? &all.g : NULL;
        if (!place || place->length != 0 || !bytes || length == 0)
            code = CODE(E_ECDSA_BAD_PARAM);
        else
            *place = number(length, bytes);
    }
    va_end(arguments);
    return code ? code : new_token(&all, number(0, NULL), token, CALLER);
}

int sdk_dsa_get_comp(int which, u8* token, u32* length, u8** bytes) {
    const struct number one = component(token, (u32)which);
    if (!one.bytes) return CODE(token_size(token) ? E_ECDSA_BAD_PARAM : E_ECDSA_BAD_KEY_FMT);
    if (length) *length = one.length;
    if (bytes) *bytes = (u8*)(uintptr_t)one.bytes;
    return 0;
}
int sdk_dsa_chk_size(u8* token, u32 room, u32* length) {
    const u32 size = room >= TOKEN_HEAD ? token_size(token) : 0;
    if (size == 0) return CODE(E_ECDSA_BAD_KEY_FMT);
    if (size > room) return CODE(E_ECDSA_BUFF_TOO_SMALL);
    if (length) *length = size;
    return 0;
}

/* --- domain parameters: the sizes of FIPS 186-4; how primes are found is the simulator's affair --- */

struct made {
    u8 bytes[3][LONGEST];
    struct domain all;
};

static int generate(u32 p_bits, u32 q_bits, struct made* made) {
    struct request request = request_for(SERVICE_dsa_parameters);
    struct answer answer;
    struct number* const places[3] = {&made->all.p, &made->all.q, &made->all.g};
    u32 i;
    int code;
    put_number(&request, p_bits, 4);
    put_number(&request, q_bits, 4);
    code = ask(&request, &answer);
    for (i = 0; code == 0 && i < 3; ++i) {
        u32 length;
        const u8* bytes = get_bytes(&answer, 2, &length);
        if (length > LONGEST) return CODE(E_ECDSA_MEM);
        memcpy(made->bytes[i], bytes, length);
        *places[i] = number(length, made->bytes[i]);
    }
    return code;
}

int sdk_dsa_tgen(u32 p_bits, u32 q_bits, u32 mode, u8** token) {
    struct made made;
    int code = token ? generate(p_bits, q_bits, &made) : CODE(E_ECDSA_BAD_PARAM);
    (void)mode;
    return code ? code : new_token(&made.all, number(0, NULL), token, CALLER);
}

/* G is as long as P. */
int sdk_dsa_xgen(u32 p_bits, u32 q_bits, u32 mode, u32* l_p, u8* p, u32* l_q, u8* q, u8* g) {
    struct made made;
    u32 pad;
    int code = g ? generate(p_bits, q_bits, &made) : CODE(E_ECDSA_BAD_PARAM);
    (void)mode;
    if (code == 0) code = give(made.all.p.bytes, made.all.p.length, l_p, p);
    if (code == 0) code = give(made.all.q.bytes, made.all.q.length, l_q, q);
    if (code != 0) return code;
    pad = made.all.p.length - made.all.g.length;
    memset(g, 0, pad);
    memcpy(g + pad, made.all.g.bytes, made.all.g.length);
    return 0;
}

/* --- keys: x as long as Q, y as long as P --- */

struct pair {
    u8 x[LONGEST], y[LONGEST];
    u32 l_x, l_y;
};

static int make_pair(const struct domain* all, struct pair* pair) {
    struct request request = request_for(SERVICE_dsa_key);
    struct answer answer;
    const u8* bytes;
    int code;
    if (!is_whole(all)) return CODE(E_ECDSA_BAD_PARAM);
    put_domain(&request, all);
    code = ask(&request, &answer);
    if (code != 0) return code;
    bytes = get_bytes(&answer, 2, &pair->l_x);
    if (pair->l_x > LONGEST) return CODE(E_ECDSA_MEM);
    memcpy(pair->x, bytes, pair->l_x);
    bytes = get_bytes(&answer, 2, &pair->l_y);
    if (pair->l_y > LONGEST) return CODE(E_ECDSA_MEM);
    memcpy(pair->y, bytes, pair->l_y);
    return 0;
}

int sdk_dsa_xkeygen(u32 flags, u32 l_p, u8* p, u32 l_q, u8* q, u32 l_g, u8* g, u8* x, u8* y) {
    const struct domain all = domain(l_p, p, l_q, q, l_g, g);
    struct pair pair;
    int code = x && y ? make_pair(&all, &pair) : CODE(E_ECDSA_BAD_PARAM);
    (void)flags;
    if (code != 0) return code;
    memcpy(x, pair.x, pair.l_x);
    memcpy(y, pair.y, pair.l_y);
    explicit_bzero(&pair, sizeof pair);
    return 0;
}

int sdk_dsa_tkeygen(u32 flags, u8* token, u32* l_x, u8* x, u32* l_y, u8* y) {
    struct domain all;
    struct pair pair;
    int code = open_token(token, &all);
    (void)flags;
    if (code == 0) code = make_pair(&all, &pair);
    if (code != 0) return code;
    code = give(pair.x, pair.l_x, l_x, x);
    if (code == 0) code = give(pair.y, pair.l_y, l_y, y);
    explicit_bzero(&pair, sizeof pair);
    return code;
}

/* The public key stands in a new token beside the numbers of the old one. */
int sdk_dsa_tkeygen2(u32 flags, u8* token, u8** made_token, u32* l_x, u8* x) {
    struct domain all;
    struct pair pair;
    int code = made_token ? open_token(token, &all) : CODE(E_ECDSA_BAD_PARAM);
    (void)flags;
    if (code == 0) code = make_pair(&all, &pair);
    if (code != 0) return code;
    code = give(pair.x, pair.l_x, l_x, x);
    if (code == 0) code = new_token(&all, number(pair.l_y, pair.y), made_token, CALLER);
    explicit_bzero(&pair, sizeof pair);
    return code;
}

static int check(const struct domain* all, struct number x, struct number y) {
    struct request request = request_for(SERVICE_dsa_check);
    if (!is_whole(all)) return CODE(E_ECDSA_BAD_PARAM);
    put_domain(&request, all);
    put(&request, x);
    put(&request, y);
    return ask(&request, NULL);
}
int sdk_dsa_xchk(u32 l_p, u8* p, u32 l_q, u8* q, u32 l_g, u8* g, u32 l_x, u8* x, u32 l_y, u8* y) {
    const struct domain all = domain(l_p, p, l_q, q, l_g, g);
    return check(&all, number(l_x, x), number(l_y, y));
}
int sdk_dsa_tchk(u8* token, u32 l_x, u8* x, u32 l_y, u8* y) {
    struct domain all;
    const int code = open_token(token, &all);
    return code ? code : check(&all, number(l_x, x), number(l_y, y));
}

/* --- signatures: halves at the length of Q --- */

static int sign(const struct domain* all, struct number x, struct number hash, u32* l_sign, u8* sign_) {
    struct request request = request_for(SERVICE_dsa_sign);
    struct answer answer;
    u8 both[2 * LONGEST];
    const u8* half;
    u32 l_r, l_s;
    int code;
    if (!is_whole(all) || !x.length || !l_sign || !sign_) return CODE(E_ECDSA_BAD_PARAM);
    if (hash.length == 0) return CODE(E_ECDSA_ZERO_LEN);
    put_domain(&request, all);
    put(&request, x);
    put_raw(&request, hash.bytes, hash.length);
    code = ask(&request, &answer);
    if (code != 0) return code;
    half = get_bytes(&answer, 2, &l_r);
    if (l_r > LONGEST) return CODE(E_ECDSA_MEM);
    memcpy(both, half, l_r);
    half = get_bytes(&answer, 2, &l_s);
    if (l_s > LONGEST) return CODE(E_ECDSA_MEM);
    memcpy(both + l_r, half, l_s);
    return give(both, l_r + l_s, l_sign, sign_);
}
int sdk_dsa_xsign(u32 flags, u32 l_p, u8* p, u32 l_q, u8* q, u32 l_g, u8* g, u32 l_x, u8* x, u32 l_hash,
                  u8* hash, u32* l_sign, u8* sign_) {
    const struct domain all = domain(l_p, p, l_q, q, l_g, g);
    (void)flags;
    return sign(&all, number(l_x, x), number(l_hash, hash), l_sign, sign_);
}
int sdk_dsa_tsign(u32 flags, u8* token, u32 l_x, u8* x, u32 l_hash, u8* hash, u32* l_sign, u8* sign_) {
    struct domain all;
    const int code = open_token(token, &all);
    (void)flags;
    return code ? code : sign(&all, number(l_x, x), number(l_hash, hash), l_sign, sign_);
}

static int verify(const struct domain* all, struct number y, struct number hash, struct number r,
                  struct number s) {
    struct request request = request_for(SERVICE_dsa_verify);
    if (!is_whole(all) || !y.length || !hash.length || !r.length) return CODE(E_ECDSA_BAD_PARAM);
    if (!s.bytes) { /* r holds both halves */
        if (r.length % 2 != 0) return CODE(E_ECDSA_BAD_SIGN_FMT);
        r.length /= 2;
        s = number(r.length, r.bytes + r.length);
    }
    put_domain(&request, all);
    put(&request, y);
    put(&request, r);
    put(&request, s);
    put_raw(&request, hash.bytes, hash.length);
    return ask(&request, NULL);
}
int sdk_dsa_xverify(u32 l_p, u8* p, u32 l_q, u8* q, u32 l_g, u8* g, u32 l_y, u8* y, u32 l_hash, u8* hash,
                    u32 l_r, u8* r, u32 l_s, u8* s) {
    const struct domain all = domain(l_p, p, l_q, q, l_g, g);
    return verify(&all, number(l_y, y), number(l_hash, hash), number(l_r, r), number(l_s, s));
}
int sdk_dsa_tverify(u8* token, u32 l_y, u8* y, u32 l_hash, u8* hash, u32 l_r, u8* r, u32 l_s, u8* s) {
    struct domain all;
    const int code = open_token(token, &all);
    return code ? code : verify(&all, number(l_y, y), number(l_hash, hash), number(l_r, r), number(l_s, s));
}

/* The same SEQUENCE of two INTEGERs as ECDSA's. */
int sdk_dsa_sign_encode(u32 l_r, u8* r, u32 l_s, u8* s, u32* l_sign, u8* sign_) {
    return sdk_ecdsa_sign_encode(l_r, r, l_s, s, l_sign, sign_);
}
int sdk_dsa_sign_decode(u32 l_sign, u8* sign_, u32* l_r, u8** r, u32* l_s, u8** s) {
    return sdk_ecdsa_sign_decode(l_sign, sign_, l_r, r, l_s, s);
}

/* --- agreement: the flags are ECDSA_KDF_* and a hash (our assumption) --- */

static int power(struct number p, struct number base, struct number exponent, u8* out) {
    struct request request = request_for(SERVICE_dh);
    struct answer answer;
    int code;
    put(&request, p);
    put(&request, base);
    put(&request, exponent);
    code = ask(&request, &answer);
    if (code == 0) memcpy(out, get_raw(&answer, p.length), p.length);
    return code;
}

int sdk_dsa_dh(u32 l_p, u8* p, u32 l_x, u8* x, u32 l_y, u8* y, u32 flags, u32 l_shsec, u8* shsec,
               u32 l_secret, u8* secret) {
    u8 agreed[LONGEST];
    int code;
    if (!p || !x || !y || !secret || l_p == 0 || l_p > LONGEST) return CODE(E_ECDSA_BAD_PARAM);
    code = power(number(l_p, p), number(l_y, y), number(l_x, x), agreed);
    if (code == 0) code = derive_secret(agreed, l_p, flags, shsec, shsec ? l_shsec : 0, secret, l_secret);
    explicit_bzero(agreed, sizeof agreed);
    return code;
}

/* With a key of its own for this once, whose public number it gives in a block as long as P. */
int sdk_dsa_dh_gen(u32 l_p, u8* p, u32 l_g, u8* g, u32 l_y, u8* y, u32 flags, u32 l_shsec, u8* shsec,
                   u32 l_secret, u8* secret, u8** r) {
    u8 x[LONGEST];
    u8* open;
    int code;
    if (!p || !g || !y || !secret || !r || l_p == 0 || l_p > LONGEST) return CODE(E_ECDSA_BAD_PARAM);
    code = sdk_os_crypt_drbg_rnd(DRBG_REAL, x, l_p);
    x[0] = 0; /* less than P */
    open = heap_new(l_p, OS_MEM_TYPE_SD, NULL, 0, CALLER);
    if (!open) return CODE(E_ECDSA_MEM);
    if (code == 0) code = power(number(l_p, p), number(l_g, g), number(l_p, x), open);
    if (code == 0) code = sdk_dsa_dh(l_p, p, l_p, x, l_y, y, flags, l_shsec, shsec, l_secret, secret);
    explicit_bzero(x, sizeof x);
    if (code != 0)
        heap_delete(open, CALLER);
    else
        *r = open;
    return code;
}
