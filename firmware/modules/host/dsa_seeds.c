/* DSA: domain parameters that follow from a seed, and whether they do (FIPS 186-4, appendix A; FIPS 186-2).
 *
 * Of the arguments the facts give names alone (our assumption): *l_seed is the length of the seed, at least
 * Q's; without seed_in seeds are random ones, `retries` at most (0: as many as it takes); `mode` is the
 * simulator's affair. G is as long as P; without seed it comes from the first h that makes one. */
#include "host.h"

enum { LONGEST = 1024 };

struct seeded {
    u8 seed[LONGEST], p[LONGEST], q[LONGEST];
    u32 l_seed, l_p, l_q, counter;
};

static int take(struct answer* answer, u8* out, u32* length) {
    const u8* bytes = get_bytes(answer, 2, length);
    if (*length > LONGEST) return CODE(E_ECDSA_MEM);
    memcpy(out, bytes, *length);
    return 0;
}

static int make_primes(u32 old, u32 p_bits, u32 q_bits, u32 seeds, u32 l_seed, const u8* seed,
                       struct seeded* made) {
    struct request request = request_for(SERVICE_dsa_primes);
    struct answer answer;
    int code;
    if (l_seed == 0 || l_seed > LONGEST) return CODE(E_ECDSA_BAD_PARAM);
    put_number(&request, old, 1);
    put_number(&request, p_bits, 4);
    put_number(&request, q_bits, 4);
    put_number(&request, seeds, 4);
    put_number(&request, l_seed, 4);
    put_bytes(&request, 2, seed, seed ? l_seed : 0);
    code = ask(&request, &answer);
    if (code != 0) return code;
    code = take(&answer, made->seed, &made->l_seed);
    made->counter = get_number(&answer, 4);
    if (code == 0) code = take(&answer, made->p, &made->l_p);
    return code ? code : take(&answer, made->q, &made->l_q);
}

static int make_generator(u32 index, u32 l_seed, const u8* seed, u32 l_p, const u8* p, u32 l_q, const u8* q,
                          u32* h, u8* g) {
    struct request request = request_for(SERVICE_dsa_generator);
    struct answer answer;
    const u8* bytes;
    u32 length;
    int code;
    if (!p || !q || !g || l_p > LONGEST || l_q > LONGEST) return CODE(E_ECDSA_BAD_PARAM);
    put_number(&request, index, 1);
    put_bytes(&request, 2, seed, seed ? l_seed : 0);
    put_bytes(&request, 2, p, l_p);
    put_bytes(&request, 2, q, l_q);
    code = ask(&request, &answer);
    if (code != 0) return code;
    *h = get_number(&answer, 4);
    bytes = get_bytes(&answer, 2, &length);
    if (length > l_p) return CODE(E_ECDSA_MEM);
    memset(g, 0, l_p - length);
    memcpy(g + l_p - length, bytes, length);
    return 0;
}

/* --- making --- */

static int make(u32 old, u32 p_bits, u32 q_bits, u32 seeds, u32* l_seed, const u8* seed_in, u8* seed_out,
                u32* counter, u32* l_p, u8* p, u32* l_q, u8* q) {
    struct seeded made;
    int code;
    if (!l_seed || !l_p || !p || !l_q || !q) return CODE(E_ECDSA_BAD_PARAM);
    code = make_primes(old, p_bits, q_bits, seeds, *l_seed, seed_in, &made);
    if (code != 0) return code;
    if (*l_p < made.l_p || *l_q < made.l_q) return CODE(E_ECDSA_BUFF_TOO_SMALL);
    memcpy(p, made.p, *l_p = made.l_p);
    memcpy(q, made.q, *l_q = made.l_q);
    if (seed_out) memcpy(seed_out, made.seed, *l_seed = made.l_seed);
    if (counter) *counter = made.counter;
    return 0;
}

int sdk_dsa_pq_gen(u32 p_bits, u32 q_bits, u32 mode, u32* l_seed, u8* seed_in, u8* seed_out, u32 retries,
                   u32* counter, u32* l_p, u8* p, u32* l_q, u8* q) {
    (void)mode;
    if (!seed_in && !seed_out) return CODE(E_ECDSA_BAD_PARAM); /* nobody would know it */
    return make(0, p_bits, q_bits, retries, l_seed, seed_in, seed_out, counter, l_p, p, l_q, q);
}
int sdk_dsa_g_gen(u32 mode, u32 l_seed, u8* seed, u8 index, u32 l_p, u8* p, u32 l_q, u8* q, u8* g) {
    u32 h;
    (void)mode;
    return make_generator(index, l_seed, seed, l_p, p, l_q, q, &h, g);
}
int sdk_dsa_xgen_fips186_4(u32 p_bits, u32 q_bits, u32 mode, u32* l_seed, u8* seed_in, u8* seed_out,
                           u32 retries, u8 index, u32* counter, u32* l_p, u8* p, u32* l_q, u8* q, u8* g) {
    int code = g && seed_out ? 0 : CODE(E_ECDSA_BAD_PARAM);
    if (code == 0)
        code =
            sdk_dsa_pq_gen(p_bits, q_bits, mode, l_seed, seed_in, seed_out, retries, counter, l_p, p, l_q, q);
    return code ? code : sdk_dsa_g_gen(mode, *l_seed, seed_out, index, *l_p, p, *l_q, q, g);
}
/* 1024 and 160 bits; h, of *l_h bytes, makes G. */
int sdk_dsa_xgen_fips186_2(u32 p_bits, u32 q_bits, u32 mode, u32* l_seed, u8* seed_in, u8* seed_out, u32* l_h,
                           u8* h, u32* counter, u32* l_p, u8* p, u32* l_q, u8* q, u8* g) {
    u32 found = 0, i;
    int code = !g || !seed_out || (h && (!l_h || *l_h == 0)) ? CODE(E_ECDSA_BAD_PARAM) : 0;
    (void)mode;
    if (code == 0) code = make(1, p_bits, q_bits, 0, l_seed, seed_in, seed_out, counter, l_p, p, l_q, q);
    if (code == 0) code = make_generator(0, 0, NULL, *l_p, p, *l_q, q, &found, g);
    if (code != 0 || !h) return code;
    for (i = *l_h; i-- > 0; found >>= 8) h[i] = (u8)found;
    return found ? CODE(E_ECDSA_BUFF_TOO_SMALL) : 0;
}

/* --- checking: made again from the seed, and compared --- */

static int is_same(u32 l_a, const u8* a, u32 l_b, const u8* b) {
    return l_a == l_b && a && memcmp(a, b, l_a) == 0;
}

int sdk_dsa_pq_chk(u32 p_bits, u32 q_bits, u32 mode, u32 l_seed, u8* seed, u32 counter, u32 l_p, u8* p,
                   u32 l_q, u8* q) {
    struct seeded made;
    int code;
    (void)mode;
    if (!seed || !p || !q) return CODE(E_ECDSA_BAD_PARAM);
    code = make_primes(0, p_bits, q_bits, 1, l_seed, seed, &made);
    if (code == CODE(E_ECDSA_KGEN_FAILED)) return CODE(E_ECDSA_BAD_KEY_FMT);
    if (code != 0) return code;
    return made.counter == counter && is_same(l_p, p, made.l_p, made.p) && is_same(l_q, q, made.l_q, made.q)
               ? 0
               : CODE(E_ECDSA_BAD_KEY_FMT);
}

/* Without a seed: of order Q. */
static int has_order(u32 l_p, const u8* p, u32 l_q, const u8* q, const u8* g) {
    struct request request = request_for(SERVICE_dh);
    struct answer answer;
    const u8* power;
    u32 i;
    int code;
    put_bytes(&request, 2, p, l_p);
    put_bytes(&request, 2, g, l_p);
    put_bytes(&request, 2, q, l_q);
    code = ask(&request, &answer);
    if (code != 0) return code == CODE(E_ECDSA_BAD_PKEY) ? CODE(E_ECDSA_BAD_KEY_FMT) : code;
    power = get_raw(&answer, l_p);
    for (i = 0; i + 1 < l_p; ++i)
        if (power[i] != 0) return CODE(E_ECDSA_BAD_KEY_FMT);
    return power[l_p - 1] == 1 ? 0 : CODE(E_ECDSA_BAD_KEY_FMT);
}

int sdk_dsa_g_chk(u32 mode, u32 l_seed, u8* seed, u8 index, u32 l_p, u8* p, u32 l_q, u8* q, u8* g) {
    u8 made[LONGEST];
    u32 h;
    int code;
    (void)mode;
    if (!p || !q || !g || l_p == 0 || l_p > LONGEST || l_q > LONGEST) return CODE(E_ECDSA_BAD_PARAM);
    if (!seed || l_seed == 0) return has_order(l_p, p, l_q, q, g);
    code = make_generator(index, l_seed, seed, l_p, p, l_q, q, &h, made);
    if (code == 0 && memcmp(made, g, l_p) != 0) code = CODE(E_ECDSA_BAD_KEY_FMT);
    return code;
}
int sdk_dsa_pqg_chk_fips186_4(u32 p_bits, u32 q_bits, u32 mode, u32 l_seed, u8* seed, u8 index, u32 counter,
                              u32 l_p, u8* p, u32 l_q, u8* q, u8* g) {
    const int code = sdk_dsa_pq_chk(p_bits, q_bits, mode, l_seed, seed, counter, l_p, p, l_q, q);
    return code ? code : sdk_dsa_g_chk(mode, l_seed, seed, index, l_p, p, l_q, q, g);
}
