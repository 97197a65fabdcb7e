/* Long numbers: division undone by multiplication, for numbers where its corrections are needed; powers,
 * primes. */

static int divides(T_CMDS_HANDLE* handle, unsigned int l_a, lword* a, unsigned int l_b, lword* b) {
    lword q[40], rest[40], back[80], sum[80];
    unsigned int l_q = 0, l_rest = 0, l_sum = 0;
    EXPECT(lna_div(l_a, a, l_b, b, &l_q, q, &l_rest, rest) == 0);
    EXPECT(lna_cmp(l_rest, rest, l_b, b) < 0);
    EXPECT(lna_mul(l_q, q, l_b, b, back) == 0 && lna_add(l_q + l_b, back, l_rest, rest, &l_sum, sum) == 0);
    EXPECT(lna_cmp(l_sum, sum, l_a, a) == 0 && lna_cmp_eq(l_sum, sum, l_a, a) == 0);
    return -1;
}

static int divisions(T_CMDS_HANDLE* handle) {
    /* of these the first guess of a word is one or two too many */
    lword a1[] = {0, 0, 0x80000000u, 0x7FFFFFFFu}, b1[] = {1, 0, 0x80000000u};
    lword a2[] = {3, 0, 0x80000000u}, b2[] = {1, 0, 0x20000000u};
    lword a3[] = {0, 0xFFFFFFFEu, 0x80000000u}, b3[] = {0xFFFFFFFFu, 0x80000000u};
    lword a[33], b[17];
    unsigned int i;
    int done = divides(handle, 4, a1, 3, b1);
    if (done == -1) done = divides(handle, 3, a2, 3, b2);
    if (done == -1) done = divides(handle, 3, a3, 2, b3);
    for (i = 0; i < 50 && done == -1; ++i) {
        unsigned char random[33 * 4 + 17 * 4];
        EXPECT(os_crypt_drbg_rnd(DRBG_PSEUDO, random, sizeof random) == 0);
        lna_btow(33 * 4, random, a);
        lna_btow(17 * 4, random + 33 * 4, b);
        if (i % 3 == 0) memset(b + 5, 0, 12 * 4);
        if (i % 5 == 0) memset(a, 0xFF, 20 * 4);
        done = divides(handle, 33, a, 1 + i % 17, b);
        if (b[0] == 0 && done > 0) done = -1; /* chance made it 0 */
    }
    return done;
}

static int lna(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    lword m[] = {497}, base[] = {4}, out[4], big[] = {0xFFFFFFFFu, 0xFFFFFFFFu}, one[] = {1}, a[] = {6, 0},
          mersenne[] = {0xFFFFFFFFu, 0x1FFFFFFFu}; /* 2^61 - 1, a prime */
    unsigned char exponent[] = {13}, bytes[12];
    unsigned int length = 2;
    int prime = -1, done;
    (void)l_cmd;
    (void)cmd;
    done = divisions(handle);
    if (done != -1) return done;
    EXPECT(lna_wlen(2, a) == 1 && lna_bitlen(2, a) == 3 && lna_bitlen(2, big) == 64);
    EXPECT(lna_inc(2, big) == 1 && big[0] == 0 && big[1] == 0 && lna_dec(2, big) == 1 &&
           big[1] == 0xFFFFFFFFu);
    EXPECT(lna_add(2, big, 1, one, &length, out) == 0 && length == 3 && out[2] == 1 && out[0] == 0);
    EXPECT(lna_sub(3, out, 1, one, out) == 0 && out[2] == 0 && out[1] == 0xFFFFFFFFu);
    EXPECT(lna_sub(1, one, 1, base, out) == (int)E_ECA_TOO_BIG);
    lna_shr(33, 2, big);
    EXPECT(big[0] == 0x7FFFFFFFu && big[1] == 0);
    lna_shl(32, 2, big);
    EXPECT(big[0] == 0 && big[1] == 0x7FFFFFFFu && lna_norm(2, big) == 1 && big[1] == 0xFFFFFFFEu);
    lna_wtob(2, a, 12, bytes);
    EXPECT(bytes[11] == 6 && bytes[0] == 0);
    EXPECT(lna_exp_mg(1, m, 1, exponent, 1, base, out) == 0 && out[0] == 445); /* 4 ** 13 modulo 497 */
    EXPECT(lna_exp2(1, m, 0, 1, one, 1, base, out) == 0 && out[0] == 4);
    EXPECT(lna_euclid(1, m, 1, base, out) == 0 && out[0] * 4 % 497 == 1);
    EXPECT(lna_euclid(1, base, 2, a, out) == (int)E_ECA_NO_INVERSE);
    EXPECT(lna_gcd(2, a, 1, base, &length, out) == 0 && length == 1 && out[0] == 2);
    EXPECT(lna_prime_test_mr(2, mersenne, 0, 5, &prime) == 0 && prime == 1);
    --mersenne[0];
    EXPECT(lna_prime_test_lucas(2, mersenne, &prime) == 0 && prime == 0);
    length = 2;
    EXPECT(lna_mod(1, m, &length, mersenne) == 0 && length <= 1);
    EXPECT(lna_mod_1(7, 1, m, out) == 0 && out[0] == 0 && lna_mod_1(0, 1, m, out) == (int)E_ECA_DIV0);
    EXPECT(lna_div(1, m, 0, one, NULL, NULL, NULL, NULL) == (int)E_ECA_DIV0 &&
           lna_mul(1, m, 1, m, m) == (int)E_ECA_BAD_PARAM &&
           lna_exp_mg(0x40000000, m, 1, exponent, 1, base, out) == (int)E_ECA_BAD_PARAM);
    return 0;
}
