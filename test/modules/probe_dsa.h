/* DSA: parameters, keys, signatures, agreement. */

struct dsa_domain {
    unsigned char p[128], q[20], g[128], x[20], y[128];
    unsigned int l_p, l_q;
};

static int dsa_by_numbers(T_CMDS_HANDLE* handle, struct dsa_domain* d) {
    unsigned char hash[20] = {9}, sign[64], der[80], *r, *s;
    unsigned int l_sign = sizeof sign, l_der = sizeof der, l_r, l_s;
    EXPECT(dsa_xkeygen(0, d->l_p, d->p, d->l_q, d->q, d->l_p, d->g, d->x, d->y) == 0);
    EXPECT(dsa_xchk(d->l_p, d->p, d->l_q, d->q, d->l_p, d->g, 20, d->x, 128, d->y) == 0);
    EXPECT(dsa_xsign(0, d->l_p, d->p, d->l_q, d->q, d->l_p, d->g, 20, d->x, 20, hash, &l_sign, sign) == 0 &&
           l_sign == 40);
    EXPECT(dsa_xverify(d->l_p, d->p, d->l_q, d->q, d->l_p, d->g, 128, d->y, 20, hash, 40, sign, 0, NULL) ==
           0);
    EXPECT(dsa_sign_encode(20, sign, 20, sign + 20, &l_der, der) == 0 && der[0] == 0x30 &&
           dsa_sign_decode(l_der, der, &l_r, &r, &l_s, &s) == 0);
    EXPECT(dsa_xverify(d->l_p, d->p, d->l_q, d->q, d->l_p, d->g, 128, d->y, 20, hash, l_r, r, l_s, s) == 0);
    hash[0] ^= 1;
    EXPECT(dsa_xverify(d->l_p, d->p, d->l_q, d->q, d->l_p, d->g, 128, d->y, 20, hash, 40, sign, 0, NULL) ==
           (int)E_ECDSA_VERIFY_FAILED);
    l_sign = 39;
    EXPECT(dsa_xsign(0, d->l_p, d->p, d->l_q, d->q, d->l_p, d->g, 20, d->x, 20, hash, &l_sign, sign) ==
           (int)E_ECDSA_BUFF_TOO_SMALL);
    d->y[127] ^= 1;
    EXPECT(dsa_xchk(d->l_p, d->p, d->l_q, d->q, d->l_p, d->g, 20, d->x, 128, d->y) == (int)E_ECDSA_BAD_KEY);
    d->y[127] ^= 1;
    return -1;
}

static int dsa_by_token(T_CMDS_HANDLE* handle, struct dsa_domain* d) {
    unsigned char hash[20] = {7}, x[20], y[128], sign[40], *token = NULL, *part = NULL;
    unsigned int l_x = 20, l_y = 128, l_sign = 40, length = 0;
    EXPECT(dsa_mk_token(&token, 1, d->l_p, d->p, 2, d->l_q, d->q, 4, d->l_p, d->g, 0) == 0);
    EXPECT(dsa_get_comp(2, token, &length, &part) == 0 && length == 20 && memcmp(part, d->q, 20) == 0 &&
           dsa_get_comp(3, token, &length, &part) == (int)E_ECDSA_BAD_PARAM);
    EXPECT(dsa_chk_size(token, 4096, &length) == 0 && length == 8 + 9 + 128 + 20 + 128 &&
           dsa_chk_size(token, length - 1, &length) == (int)E_ECDSA_BUFF_TOO_SMALL);
    EXPECT(dsa_tkeygen(0, token, &l_x, x, &l_y, y) == 0 && l_x == 20 && l_y == 128);
    EXPECT(dsa_tchk(token, l_x, x, l_y, y) == 0);
    EXPECT(dsa_tsign(0, token, l_x, x, 20, hash, &l_sign, sign) == 0 &&
           dsa_tverify(token, l_y, y, 20, hash, 20, sign, 20, sign + 20) == 0);
    EXPECT(dsa_tsign(0, hash, l_x, x, 20, hash, &l_sign, sign) == (int)E_ECDSA_BAD_KEY_FMT);
    os_mem_del_set(token, 0);
    return -1;
}

/* X9.63's function of the secret, by hand. */
static int dsa_agrees(T_CMDS_HANDLE* handle, struct dsa_domain* d) {
    unsigned char x[20], y[128], one[128], two[128], text[128 + 4 + 3], hash[32], key[40], *r = NULL;
    unsigned int l_x = 20, l_y = 128;
    unsigned char* token = NULL;
    EXPECT(dsa_mk_token(&token, 1, d->l_p, d->p, 2, d->l_q, d->q, 4, d->l_p, d->g, 0) == 0 &&
           dsa_tkeygen(0, token, &l_x, x, &l_y, y) == 0);
    os_mem_del_set(token, 0);
    EXPECT(dsa_dh(128, d->p, 20, x, 128, d->y, ECDSA_KDF_RAW, 0, NULL, 128, one) == 0 &&
           dsa_dh(128, d->p, 20, d->x, 128, y, ECDSA_KDF_RAW, 0, NULL, 128, two) == 0 &&
           memcmp(one, two, 128) == 0);
    EXPECT(dsa_dh(128, d->p, 20, d->x, 128, y, ECDSA_KDF_CT | HASH_SHA256, 3, (unsigned char*)"abc", 40,
                  key) == 0);
    memcpy(text, one, 128);
    memcpy(text + 128, "\0\0\0\1abc", 7);
    EXPECT(hash_sha256(0, sizeof text, text, NULL, hash) == 0 && memcmp(hash, key, 32) == 0);
    text[131] = 2;
    EXPECT(hash_sha256(0, sizeof text, text, NULL, hash) == 0 && memcmp(hash, key + 32, 8) == 0);
    EXPECT(dsa_dh(128, d->p, 20, d->x, 128, y, HASH_SHA256, 0, NULL, 33, key) ==
           (int)E_ECDSA_WRONG_DATA_SIZE);
    EXPECT(dsa_dh(128, d->p, 20, d->x, 1, (unsigned char*)"\1", ECDSA_KDF_RAW, 0, NULL, 128, two) ==
           (int)E_ECDSA_BAD_PKEY);
    EXPECT(dsa_dh_gen(128, d->p, 128, d->g, 128, d->y, ECDSA_KDF_RAW, 0, NULL, 128, one, &r) == 0 &&
           dsa_dh(128, d->p, 20, d->x, 128, r, ECDSA_KDF_RAW, 0, NULL, 128, two) == 0 &&
           memcmp(one, two, 128) == 0);
    os_mem_del_set(r, 0);
    return -1;
}

static int dsa(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    struct dsa_domain d;
    int done;
    (void)l_cmd;
    (void)cmd;
    d.l_p = sizeof d.p;
    d.l_q = sizeof d.q;
    EXPECT(dsa_xgen(1000, 160, 0, &d.l_p, d.p, &d.l_q, d.q, d.g) == (int)E_ECDSA_BAD_PARAM);
    EXPECT(dsa_xgen(1024, 160, 0, &d.l_p, d.p, &d.l_q, d.q, d.g) == 0 && d.l_p == 128 && d.l_q == 20);
    done = dsa_by_numbers(handle, &d);
    if (done == -1) done = dsa_by_token(handle, &d);
    if (done == -1) done = dsa_agrees(handle, &d);
    return done == -1 ? 0 : done;
}
