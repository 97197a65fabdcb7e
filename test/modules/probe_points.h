/* ECA's points and numbers, agreements and ECIES. */

enum { WORDS = 8, POINT = 2 * WORDS + 1 }; /* of P-256 */

/* 2 G of P-256 (its X), by every way that leads there. */
static int points(T_CMDS_HANDLE* handle, ECDP* curve) {
    static const unsigned char twice[] = {0x7C, 0xF2, 0x7B, 0x18, 0x8D, 0x03, 0x4F, 0x7E, 0x8A, 0x52, 0x38,
                                          0x03, 0x04, 0xB5, 0x1A, 0xC3, 0xC0, 0x89, 0x69, 0xE2, 0x77, 0xF2,
                                          0x1B, 0x35, 0xA6, 0x0B, 0x48, 0xFC, 0x47, 0x66, 0x99, 0x78};
    fword one = 1, two = 2, g[POINT], g2[POINT], sum[POINT], back[POINT];
    unsigned char form[65];
    ECPCP* prepared = NULL;
    EXPECT(eca_point_get_len(curve, ECA_LB_INTERN) == sizeof g && eca_int_get_wlen(curve) == WORDS);
    EXPECT(eca_point_mul_G(curve, 1, &one, g) == 0 && eca_point_mul_G(curve, 1, &two, g2) == 0);
    EXPECT(eca_point_add(curve, g, g, sum) == 0 && memcmp(sum, g2, sizeof g2) == 0);
    EXPECT(eca_point_mul_G_P(curve, 1, &one, 1, &one, g, sum) == 0 && memcmp(sum, g2, sizeof g2) == 0);
    EXPECT(eca_point_precalc(curve, g, &prepared) == 0 &&
           eca_point_mul_G_pcP(curve, 0, NULL, 1, &two, prepared, sum) == 0 &&
           memcmp(sum, g2, sizeof g2) == 0);
    eca_pcp_free(prepared);
    EXPECT(eca_point2fmto(curve, g2, ECA_FMT_UNCOMP, form) == 0 && form[0] == 4 &&
           memcmp(form + 1, twice, 32) == 0);
    EXPECT(eca_fmto2point(curve, 65, form, back) == 0 && memcmp(back, g2, sizeof g2) == 0);
    EXPECT(eca_point2fmto(curve, g2, ECA_FMT_COMP, form) == 0 && (form[0] & ~1) == 2 &&
           eca_fmto2point(curve, 33, form, back) == 0 && memcmp(back, g2, sizeof g2) == 0);
    EXPECT(eca_point2fmto(curve, g2, ECA_FMT_X, form) == 0 && memcmp(form, twice, 32) == 0);
    EXPECT(eca_point_check(curve, g2) == 0);
    back[0] ^= 1;
    EXPECT(eca_point_check(curve, back) == (int)E_ECA_BAD_POINT);
    form[0] = 7;
    EXPECT(eca_fmto2point(curve, 33, form, back) == (int)E_ECA_BAD_TAG);
    /* the order times G is infinity */
    {
        unsigned char* order = NULL;
        unsigned int length = 0;
        fword n[WORDS];
        EXPECT(eca_dp_get_info(curve, ECA_DP_ORDER_INT, &length, &order) == 0 && length == 32);
        eca_btow(length, order, n);
        EXPECT(eca_point_mul_G(curve, WORDS, n, sum) == (int)E_ECA_INFINITE && sum[POINT - 1] == 1 &&
               eca_point2fmto(curve, sum, ECA_FMT_UNCOMP, form) == (int)E_ECA_INFINITE);
        EXPECT(eca_b2int(curve, length, order, n) == (int)E_ECA_TOO_BIG);
    }
    return -1;
}

/* A signature of ECDSA by hand, which ECDSA itself must take. */
static int by_hand(T_CMDS_HANDLE* handle, ECDP* curve) {
    fword x[WORDS], k[WORDS], r[WORDS], s[WORDS], h[WORDS], point[POINT];
    unsigned char y[65], hash[48] = {1, 2, 3}, sign[64], bytes[8] = {0, 0, 0, 0, 0, 0, 1, 2};
    EXPECT(eca_int_rnd(curve, 0, x) == 0 && eca_int_rnd(curve, 0, k) == 0 && memcmp(x, k, sizeof x) != 0);
    EXPECT(eca_point_mul_G(curve, WORDS, x, point) == 0 &&
           eca_point2fmto(curve, point, ECA_FMT_UNCOMP, y) == 0);
    EXPECT(eca_point_mul_G(curve, WORDS, k, point) == 0 && eca_point2int(curve, point, r) == 0);
    EXPECT(eca_hash2int(curve, 48, hash, h) == 0 && h[WORDS - 1] == 0x01020300u); /* its first 32 bytes */
    EXPECT(eca_int_mul(curve, r, x, s) == 0 && eca_int_add(curve, s, h, s) == 0 &&
           eca_int_div(curve, s, k, s) == 0);
    eca_wtob(r, 32, sign);
    eca_wtob(s, 32, sign + 32);
    EXPECT(ecdsa_verify(curve, 65, y, NULL, 48, hash, 64, sign, 0, NULL) == 0);
    EXPECT(eca_int_sub(curve, s, s, r) == 0 && eca_int_div(curve, s, r, h) == (int)E_ECA_DIV0);
    EXPECT(eca_b2int(curve, 8, bytes, h) == 0 && h[0] == 0x102 && h[1] == 0 &&
           eca_int_mod(curve, 1, h, r) == 0 && r[0] == 0x102);
    EXPECT(eca_int_get_cof(curve, r) == 0 && r[0] == 1 && r[1] == 0);
    return -1;
}

static int agreements(T_CMDS_HANDLE* handle, ECDP* curve) {
    static unsigned char text[] = "twenty-one bytes text", info[] = "info";
    unsigned char *x = NULL, *y = NULL, *r = NULL, *sealed = NULL, *opened = NULL;
    unsigned char one[40], two[40], agreed[32], block[32 + 4 + 4], hash[32];
    unsigned int l_x, l_y, l_r, l_sealed, l_opened, i;
    static const struct {
        unsigned int cipher, mac, length;
    } ways[] = {{ECDSA_ECIES_XOR, ECDSA_ECIES_HMAC | HASH_SHA256, 65 + 21 + 32},
                {ECDSA_ECIES_AES | ECDSA_ECIES_AES_KEYLEN256, ECDSA_ECIES_HMAC | HASH_SHA1, 65 + 32 + 20},
                {ECDSA_ECIES_AES | ECDSA_ECIES_AES_KEYLEN128, ECDSA_ECIES_MAC1_SHA256_128, 65 + 32 + 16},
                {ECDSA_ECIES_DES, ECDSA_ECIES_HMAC | HASH_SHA256, 65 + 24 + 32},
                {ECDSA_ECIES_DES | 16, ECDSA_ECIES_HMAC | HASH_SHA256, 65 + 24 + 32}};
    EXPECT(ecdsa_keygen(curve, ECDSA_FMT_UNCOMP, &l_x, &x, &l_y, &y) == 0);
    EXPECT(ecdsa_dh_gen_ex(curve, l_y, y, NULL, ECDSA_FMT_COMP | ECDSA_KDF_CT_NIST | HASH_SHA256, 4, info, 40,
                           one, &l_r, &r) == 0 &&
           l_r == 33);
    EXPECT(ecdsa_dh_ex(curve, l_r, r, l_x, x, 0, NULL, ECDSA_KDF_CT_NIST | HASH_SHA256, 4, info, 40, two) ==
               0 &&
           memcmp(one, two, 40) == 0);
    EXPECT(ecdsa_dh(curve, l_r, r, l_x, x, 0, NULL, ECDSA_KDF_RAW, 32, agreed) == 0);
    memcpy(block, "\0\0\0\1", 4); /* SP 800-56A: the counter first */
    memcpy(block + 4, agreed, 32);
    memcpy(block + 36, info, 4);
    EXPECT(hash_sha256(0, sizeof block, block, NULL, hash) == 0 && memcmp(hash, one, 32) == 0);
    EXPECT(ecdsa_dh(curve, l_r, r, l_x, x, 0, NULL, ECDSA_KDF_CT, 32, agreed) == (int)E_ECDSA_BAD_HASH_ALGO);
    {
        unsigned char point[65], value[32];
        EXPECT(ecdsa_agree_secret_tr03111(curve, l_r, r, l_x, x, 65, point, 32, value) == 0 &&
               point[0] == 4 && memcmp(point + 1, agreed, 32) == 0 && memcmp(value, agreed, 32) == 0);
        EXPECT(ecdsa_agree_secret_tr03111(curve, l_r, r, l_x, x, 64, point, 0, NULL) ==
               (int)E_ECDSA_WRONG_DATA_SIZE);
    }
    os_mem_del_set(r, 0);
    for (i = 0; i < sizeof ways / sizeof ways[0]; ++i) {
        EXPECT(ecdsa_ecies_encrypt(curve, l_y, y, NULL, ECDSA_FMT_UNCOMP, ECDSA_KDF_CT, HASH_SHA256,
                                   ways[i].cipher, ways[i].mac, 4, info, 0, NULL, 21, text, &l_sealed,
                                   &sealed) == 0 &&
               l_sealed == ways[i].length);
        EXPECT(ecdsa_ecies_decrypt(curve, l_x, x, ECDSA_KDF_CT, HASH_SHA256, ways[i].cipher, ways[i].mac, 4,
                                   info, 0, NULL, l_sealed, sealed, &l_opened, &opened) == 0 &&
               l_opened == 21 && memcmp(opened, text, 21) == 0);
        os_mem_del_set(opened, 0);
        sealed[66] ^= 1; /* no longer a point */
        EXPECT(ecdsa_ecies_decrypt(curve, l_x, x, ECDSA_KDF_CT, HASH_SHA256, ways[i].cipher, ways[i].mac, 4,
                                   info, 0, NULL, l_sealed, sealed, &l_opened, &opened) != 0);
        sealed[66] ^= 1;
        sealed[l_sealed - 1] ^= 1;
        EXPECT(ecdsa_ecies_decrypt(curve, l_x, x, ECDSA_KDF_CT, HASH_SHA256, ways[i].cipher, ways[i].mac, 4,
                                   info, 0, NULL, l_sealed, sealed, &l_opened,
                                   &opened) == (int)E_ECDSA_ECIES_MAC_CHECK);
        os_mem_del_set(sealed, 0);
    }
    EXPECT(ecdsa_ecies_encrypt(curve, l_y, y, NULL, ECDSA_FMT_UNCOMP, ECDSA_KDF_CT, HASH_SHA256,
                               ECDSA_ECIES_HMAC, ways[0].mac, 4, info, 0, NULL, 21, text, &l_sealed,
                               &sealed) == (int)E_ECDSA_NOT_SUPP &&
           ecdsa_ecies_encrypt(curve, l_y, y, NULL, ECDSA_FMT_UNCOMP, ECDSA_KDF_CT, HASH_SHA256,
                               ECDSA_ECIES_DES | 8, ways[0].mac, 4, info, 0, NULL, 21, text, &l_sealed,
                               &sealed) == (int)E_ECDSA_ECIES_PARAM);
    os_mem_del_set(x, 0);
    os_mem_del_set(y, 0);
    return -1;
}

static int eca(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    ECDP *curve = NULL, *twisted = NULL;
    fword one = 1, out[POINT];
    int done;
    (void)l_cmd;
    (void)cmd;
    EXPECT(eca_dp_find_asn1(10, (unsigned char*)"\x06\x08\x2A\x86\x48\xCE\x3D\x03\x01\x07", &curve) == 0 &&
           eca_dp_find_asn1(10, (unsigned char*)"\x30\x08\x2A\x86\x48\xCE\x3D\x03\x01\x07", &curve) ==
               (int)E_ECA_ECDP_DECODE);
    done = points(handle, curve);
    if (done == -1) done = by_hand(handle, curve);
    if (done == -1) done = agreements(handle, curve);
    if (done != -1) return done;
    EXPECT(eca_dp_find_name("edwards25519", &twisted) == 0 &&
           eca_point_mul_G(twisted, 1, &one, out) == (int)E_ECA_NOT_SUPP);
    EXPECT(eca_point_mul_G((ECDP*)out, 1, &one, out) == (int)E_ECA_BAD_PARAM &&
           eca_point_mul_G(curve, 0x7FFFFFFF, &one, out) == (int)E_ECA_LEN);
    return 0;
}
