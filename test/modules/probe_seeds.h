/* Primes that follow from seeds: DSA's by the module's seed, LNA's by its generator of random numbers. */

struct seeded_domain {
    unsigned char seed[20], p[128], q[20], g[128];
    unsigned int l_seed, l_p, l_q, counter;
};

/* FIPS 186-4, A.1.1.2, step 7, by hand: Q is the digest with its first and last bit set. */
static int is_subprime_of(const unsigned char* seed, const unsigned char* q) {
    unsigned char digest[20];
    if (hash_sha1(0, 20, (unsigned char*)seed, NULL, digest) != 0) return 0;
    digest[0] |= 0x80;
    digest[19] |= 1;
    return memcmp(digest, q, 20) == 0;
}

static int dsa_seeds(T_CMDS_HANDLE* handle, struct seeded_domain* d) {
    struct seeded_domain again = {{0}, {0}, {0}, {0}, 20, 128, 20, 0};
    unsigned char other[128];
    d->l_seed = 20;
    d->l_p = 128;
    d->l_q = 20;
    EXPECT(dsa_pq_gen(1024, 160, 0, &d->l_seed, NULL, d->seed, 0, &d->counter, &d->l_p, d->p, &d->l_q,
                      d->q) == 0 &&
           d->l_seed == 20 && d->l_p == 128 && d->l_q == 20 && is_subprime_of(d->seed, d->q));
    EXPECT(dsa_pq_gen(1024, 160, 0, &again.l_seed, d->seed, again.seed, 0, &again.counter, &again.l_p,
                      again.p, &again.l_q, again.q) == 0 &&
           again.counter == d->counter && memcmp(again.p, d->p, 128) == 0 &&
           memcmp(again.seed, d->seed, 20) == 0);
    EXPECT(dsa_pq_chk(1024, 160, 0, 20, d->seed, d->counter, 128, d->p, 20, d->q) == 0);
    EXPECT(dsa_pq_chk(1024, 160, 0, 20, d->seed, d->counter + 1, 128, d->p, 20, d->q) ==
           (int)E_ECDSA_BAD_KEY_FMT);
    again.seed[3] ^= 1;
    EXPECT(dsa_pq_chk(1024, 160, 0, 20, again.seed, d->counter, 128, d->p, 20, d->q) ==
           (int)E_ECDSA_BAD_KEY_FMT);
    again.l_seed = 19;
    EXPECT(dsa_pq_gen(1024, 160, 0, &again.l_seed, NULL, again.seed, 0, NULL, &again.l_p, again.p, &again.l_q,
                      again.q) == (int)E_ECDSA_BAD_PARAM);
    again.l_seed = 20;
    EXPECT(dsa_pq_gen(1000, 160, 0, &again.l_seed, d->seed, again.seed, 0, NULL, &again.l_p, again.p,
                      &again.l_q, again.q) == (int)E_ECDSA_BAD_PARAM &&
           dsa_pq_gen(1024, 160, 0, &again.l_seed, NULL, NULL, 0, NULL, &again.l_p, again.p, &again.l_q,
                      again.q) == (int)E_ECDSA_BAD_PARAM);
    memset(again.seed, 0, 20); /* leads to no prime */
    EXPECT(dsa_pq_gen(1024, 160, 0, &again.l_seed, again.seed, NULL, 0, NULL, &again.l_p, again.p, &again.l_q,
                      again.q) == (int)E_ECDSA_KGEN_FAILED);
    again.l_p = 127;
    EXPECT(dsa_pq_gen(1024, 160, 0, &again.l_seed, d->seed, NULL, 0, NULL, &again.l_p, again.p, &again.l_q,
                      again.q) == (int)E_ECDSA_BUFF_TOO_SMALL);

    EXPECT(dsa_g_gen(0, 20, d->seed, 1, 128, d->p, 20, d->q, d->g) == 0 &&
           dsa_g_chk(0, 20, d->seed, 1, 128, d->p, 20, d->q, d->g) == 0 &&
           dsa_g_chk(0, 0, NULL, 0, 128, d->p, 20, d->q, d->g) == 0);
    EXPECT(dsa_g_chk(0, 20, d->seed, 2, 128, d->p, 20, d->q, d->g) == (int)E_ECDSA_BAD_KEY_FMT);
    EXPECT(dsa_g_gen(0, 0, NULL, 0, 128, d->p, 20, d->q, other) == 0 && memcmp(other, d->g, 128) != 0 &&
           dsa_g_chk(0, 0, NULL, 0, 128, d->p, 20, d->q, other) == 0);
    other[127] ^= 1;
    EXPECT(dsa_g_chk(0, 0, NULL, 0, 128, d->p, 20, d->q, other) == (int)E_ECDSA_BAD_KEY_FMT);
    EXPECT(dsa_g_gen(0, 20, d->seed, 1, 128, d->p, 19, d->q, other) == (int)E_ECDSA_BAD_PARAM &&
           dsa_g_gen(0, 20, d->seed, 1, 128, NULL, 20, d->q, other) == (int)E_ECDSA_BAD_PARAM);
    EXPECT(dsa_pqg_chk_fips186_4(1024, 160, 0, 20, d->seed, 1, d->counter, 128, d->p, 20, d->q, d->g) == 0);
    return -1;
}

/* What was found so serves keys; both standards in one call. */
static int dsa_whole(T_CMDS_HANDLE* handle, struct seeded_domain* d) {
    struct seeded_domain old = {{0}, {0}, {0}, {0}, 20, 128, 20, 0};
    unsigned char x[20], y[128], h[4], *token = NULL, *with_key = NULL, *part = NULL;
    unsigned int l_h = sizeof h, l_x = 20, length = 0;
    EXPECT(dsa_xkeygen(0, 128, d->p, 20, d->q, 128, d->g, x, y) == 0 &&
           dsa_xchk(128, d->p, 20, d->q, 128, d->g, 20, x, 128, y) == 0);
    EXPECT(dsa_mk_token(&token, 1, 128, d->p, 2, 20, d->q, 4, 128, d->g, 0) == 0 &&
           dsa_tkeygen2(0, token, &with_key, &l_x, x) == 0 && l_x == 20);
    EXPECT(dsa_get_comp(8, with_key, &length, &part) == 0 && length == 128 &&
           dsa_tchk(with_key, 20, x, 128, part) == 0 &&
           dsa_get_comp(8, token, &length, &part) == (int)E_ECDSA_BAD_PARAM);
    EXPECT(dsa_tkeygen2(0, token, NULL, &l_x, x) == (int)E_ECDSA_BAD_PARAM);
    os_mem_del_set(token, 0);
    os_mem_del_set(with_key, 0);
    EXPECT(dsa_xgen_fips186_4(1024, 160, 0, &d->l_seed, NULL, d->seed, 0, 7, &d->counter, &d->l_p, d->p,
                              &d->l_q, d->q, d->g) == 0 &&
           dsa_pqg_chk_fips186_4(1024, 160, 0, 20, d->seed, 7, d->counter, 128, d->p, 20, d->q, d->g) == 0 &&
           dsa_pqg_chk_fips186_4(1024, 160, 0, 20, d->seed, 8, d->counter, 128, d->p, 20, d->q, d->g) ==
               (int)E_ECDSA_BAD_KEY_FMT);
    EXPECT(dsa_xgen_fips186_2(1024, 160, 0, &old.l_seed, NULL, old.seed, &l_h, h, &old.counter, &old.l_p,
                              old.p, &old.l_q, old.q, old.g) == 0 &&
           h[3] >= 2 && !is_subprime_of(old.seed, old.q));
    EXPECT(dsa_xkeygen(0, 128, old.p, 20, old.q, 128, old.g, x, y) == 0 &&
           dsa_xchk(128, old.p, 20, old.q, 128, old.g, 20, x, 128, y) == 0);
    EXPECT(dsa_xgen_fips186_2(2048, 256, 0, &old.l_seed, NULL, old.seed, &l_h, h, NULL, &old.l_p, old.p,
                              &old.l_q, old.q, old.g) == (int)E_ECDSA_BAD_PARAM);
    return -1;
}

static unsigned int drawn;
static int counting(unsigned char* out, unsigned int length) {
    unsigned char start[4];
    store_int4(++drawn, start);
    memset(out, 0, length);
    return hash_sha256(0, 4, start, NULL, out + (length > 32 ? length - 32 : 0)) == 0 && length >= 32 ? 0
                                                                                                      : -1;
}
static int short_counting(unsigned char* out, unsigned int length) {
    unsigned int i;
    for (i = 0; i < length; ++i) out[i] = (unsigned char)(++drawn * 37);
    return 0;
}
static int refusing(unsigned char* out, unsigned int length) {
    (void)out, (void)length;
    return (int)0xB1700055u;
}

static int lna_primes(T_CMDS_HANDLE* handle) {
    lword first[16], second[16], rest[17], exponent[] = {3}, six[] = {6};
    unsigned int length = 16;
    int prime = 0;
    drawn = 0;
    EXPECT(lna_gen_prob_prime(0, 512, 5, 3, counting, first) == 0 && lna_bitlen(16, first) == 512);
    EXPECT(lna_prime_test_mr(16, first, 0, 5, &prime) == 0 && prime == 1);
    drawn = 0;
    EXPECT(lna_gen_prob_prime(0, 512, 5, 3, counting, second) == 0 && memcmp(first, second, 64) == 0);
    EXPECT(lna_gen_prob_prime(0, 512, 5, 3, counting, second) == 0 && memcmp(first, second, 64) != 0);
    memcpy(rest, first, 64);
    EXPECT(lna_mod(1, exponent, &length, rest) == 0 && length == 1 &&
           rest[0] == 2); /* 3 is no factor of p - 1 */
    EXPECT(lna_gen_prov_prime(0, 256, NULL, first) == 0 && lna_bitlen(8, first) == 256);
    EXPECT(lna_gen_ansi_prime(0, 512, short_counting, first) == 0 && lna_bitlen(16, first) == 512 &&
           lna_prime_test_mr(16, first, 0, 5, &prime) == 0 && prime == 1);
    EXPECT(lna_gen_ansi_prime_ex(0, 512, short_counting, 1, exponent, first) == 0);
    EXPECT(lna_gen_prob_prime_aux_prob(0, 512, short_counting, 1, exponent, 140, 141, first) == 0);
    EXPECT(lna_gen_prob_prime_aux_prob(0, 512, short_counting, 1, exponent, 0, 141, first) ==
               (int)E_ECA_BAD_PARAM &&
           lna_gen_prob_prime_aux_prob(0, 512, short_counting, 1, exponent, 400, 141, first) ==
               (int)E_ECA_BAD_PARAM);
    EXPECT(lna_gen_prob_prime(0, 512, 5, 3, refusing, first) == (int)0xB1700055u);
    EXPECT(lna_gen_prob_prime(0, 8, 5, 3, counting, first) == (int)E_ECA_BAD_PARAM &&
           lna_gen_prob_prime(0, 512, 5, 3, counting, NULL) == (int)E_ECA_BAD_PARAM &&
           lna_gen_ansi_prime_ex(0, 512, NULL, 1, six, first) == (int)E_ECA_BAD_PARAM);
    return -1;
}

static int seeds(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    struct seeded_domain d;
    int done;
    (void)l_cmd;
    (void)cmd;
    done = dsa_seeds(handle, &d);
    if (done == -1) done = dsa_whole(handle, &d);
    if (done == -1) done = lna_primes(handle);
    return done == -1 ? 0 : done;
}
