/* VRSA, and ASN1's functions of its tokens. */

static int rsa_powers(T_CMDS_HANDLE* handle, unsigned char* public, unsigned char* secret) {
    unsigned char exponent[1] = {13}, modulus[2] = {0x01, 0xF1}, base[1] = {4}, out[256], text[256],
                  back[256];
    unsigned int length = 0, bits = 0;
    unsigned char *component = NULL, *both = NULL;
    EXPECT(vrsa_scrypt(2, modulus, 1, exponent, 1, base, sizeof out, &length, out) ==
           0); /* 4 ** 13 mod 497 */
    EXPECT(length == 2 && out[0] == 0x01 && out[1] == 0xBD);
    EXPECT(vrsa_scrypt(2, modulus, 1, exponent, 1, base, 1, &length, out) == (int)E_VRSA_BUFF_TOO_SMALL);
    EXPECT(vrsa_scrypt(2, modulus, 1, exponent, 2, modulus, 256, &length, out) == (int)E_VRSA_DATA_LEN);
    memset(text, 0x11, sizeof text);
    EXPECT(vrsa_tcrypt(public, VRSA_MODE_PUBLIC, 256, text, sizeof out, &length, out) == 0 && length == 256);
    EXPECT(vrsa_tcrypt(secret, VRSA_MODE_PRIVATE, 256, out, sizeof back, &length, back) == 0);
    EXPECT(length == 256 && memcmp(back, text, 256) == 0);
    EXPECT(vrsa_tcrypt(public, VRSA_MODE_PRIVATE, 256, text, 256, &length, out) == (int)E_VRSA_MISS_COMP);
    EXPECT(vrsa_tcrypt(text, VRSA_MODE_PUBLIC, 256, text, 256, &length, out) == (int)E_VRSA_NO_KEYTOKEN);
    EXPECT(vrsa_tcrypt(public, 0, 256, text, 256, &length, out) == (int)E_VRSA_INVALID_FLAG);
    EXPECT(vrsa_tget_keysize(public, &bits) == 0 && bits == 2048);
    bits = 0;
    EXPECT(vrsa_tget_keysize(secret, &bits) == 0 && bits == 2048);
    EXPECT(vrsa_get_comp(VRSA_KC_P, secret, &length, &component) == 0 && length == 128);
    EXPECT(vrsa_get_comp(VRSA_KC_P, public, &length, &component) == (int)E_VRSA_NO_COMP);
    EXPECT(vrsa_get_comp(VRSA_KC_EXP, public, &length, &component) == 0 && length == 3);
    EXPECT(vrsa_chk_size(public, 4096, &length) == 0 && length == (unsigned int)vrsa_get_size(public));
    EXPECT(vrsa_chk_size(public, length - 1, &length) == (int)E_VRSA_KEYT_LEN);
    EXPECT(vrsa_tchk(secret, 0) == 0 && vrsa_tchk(public, 0) == 0 && vrsa_tchk2(public, secret, 0) == 0);
    EXPECT(vrsa_mk_token(&both, OS_MEM_TYPE_SECURE, VRSA_KC_MOD, 2, modulus, VRSA_KC_EXP, 1, exponent,
                         VRSA_KC_END) == 0);
    EXPECT(vrsa_tchk2(both, secret, 0) == (int)E_VRSA_BAD_PEXP || vrsa_tchk2(both, secret, 0) != 0);
    os_mem_del_set(both, 0);
    return -1;
}

static int rsa_paddings(T_CMDS_HANDLE* handle, unsigned char* public, unsigned char* secret) {
    static const unsigned char digest_info[] = {0x00, 0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48,
                                                0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
    unsigned char hash[32], sign[256], open[256], text[256];
    unsigned char* made = NULL;
    unsigned int length = 0, l_made = 0;
    memset(hash, 0x5A, sizeof hash);
    EXPECT(vrsa_pkcs1_sign(secret, HASH_SHA256, hash, sizeof sign, &length, sign) == 0 && length == 256);
    EXPECT(vrsa_pkcs1_verify(public, HASH_SHA256, hash, 256, sign) == 0);
    /* what it is without VRSA's help: 00 01 FF … 00, the algorithm, the hash */
    EXPECT(vrsa_tcrypt(public, VRSA_MODE_PUBLIC, 256, sign, 256, &length, open) == 0 && open[0] == 0 &&
           open[1] == 1 && open[2] == 0xFF && memcmp(open + 204, digest_info, 20) == 0 &&
           memcmp(open + 224, hash, 32) == 0);
    hash[0] ^= 1;
    EXPECT(vrsa_pkcs1_verify(public, HASH_SHA256, hash, 256, sign) == (int)E_VRSA_VERIFY_FAILED);
    EXPECT(vrsa_pkcs1_sign(secret, 0x7F0, hash, 256, &length, sign) == (int)E_VRSA_HASH_ALGO);
    EXPECT(vrsa_x9_31_sign(secret, HASH_SHA256, hash, sizeof sign, &length, sign) == 0);
    EXPECT(vrsa_x9_31_verify(public, HASH_SHA256, hash, length, sign) == 0);
    EXPECT(vrsa_pkcs1_pss_sign(secret, HASH_SHA256, HASH_SHA1, 32, hash, 17, 256, &length, sign) == 0);
    EXPECT(vrsa_pkcs1_pss_verify(public, HASH_SHA256, HASH_SHA1, 32, hash, 17, 256, sign) == 0);
    EXPECT(vrsa_pkcs1_pss_verify(public, HASH_SHA256, HASH_SHA1, 32, hash, 18, 256, sign) ==
           (int)E_VRSA_VERIFY_FAILED);
    EXPECT(vrsa_pkcs1_pss_sign(secret, HASH_SHA256, HASH_SHA1, 31, hash, 17, 256, &length, sign) ==
           (int)E_VRSA_DATA_LEN);
    EXPECT(vrsa_pkcs1_sign_ex(secret, HASH_SHA1, hash, NULL, 256, &length, sign) == 0 &&
           vrsa_pkcs1_verify(public, HASH_SHA1, hash, 256, sign) == 0);
    EXPECT(vrsa_pkcs1_encrypt(public, 32, hash, sizeof sign, &length, sign) == 0);
    EXPECT(vrsa_pkcs1_decrypt(secret, 256, sign, &l_made, &made) == 0 && l_made == 32 &&
           memcmp(made, hash, 32) == 0);
    os_mem_del_set(made, 0);
    EXPECT(vrsa_pkcs1_encrypt(public, 250, open, 256, &length, sign) == (int)E_VRSA_ENCODING);
    EXPECT(vrsa_pkcs1_eme_oaep_encrypt(public, HASH_SHA256, HASH_SHA1, 5, (unsigned char*)"label", 32, hash,
                                       256, &length, sign) == 0);
    EXPECT(vrsa_pkcs1_eme_oaep_decrypt(secret, HASH_SHA256, HASH_SHA1, 5, (unsigned char*)"label", 256, sign,
                                       256, &length, text) == 0 &&
           length == 32 && memcmp(text, hash, 32) == 0);
    EXPECT(vrsa_pkcs1_eme_oaep_decrypt(secret, HASH_SHA256, HASH_SHA1, 5, (unsigned char*)"lebal", 256, sign,
                                       256, &length, text) == (int)E_VRSA_DECRYPT_FAILED);
    return -1;
}

/* Through PKCS#1 and back, and the numbers one by one. */
static int rsa_forms(T_CMDS_HANDLE* handle, unsigned char* public, unsigned char* secret) {
    unsigned char numbers[7][256], exponent[3] = {1, 0, 1};
    unsigned char *der = NULL, *token = NULL, *p, *q;
    unsigned int lengths[7], l_der = 0, l_p, l_q, i, length;
    unsigned char text[256], out[256], back[256];
    for (i = 0; i < 7; ++i) lengths[i] = sizeof numbers[i];
    EXPECT(asn1_rsa_tok_to_pkcs1(VRSA_MODE_PRIVATE, secret, NULL, OS_MEM_TYPE_SD, &l_der, &der) == 0);
    EXPECT(asn1_rsa_pkcs1_to_tok(VRSA_KC_ALL, l_der, der, OS_MEM_TYPE_SD, &token) == 0);
    EXPECT(vrsa_tchk(token, 0) == 0);
    memset(text, 0x22, sizeof text);
    EXPECT(vrsa_tcrypt(public, VRSA_MODE_PUBLIC, 256, text, 256, &length, out) == 0);
    EXPECT(vrsa_tcrypt(token, VRSA_MODE_PRIVATE, 256, out, 256, &length, back) == 0 &&
           memcmp(back, text, 256) == 0);
    os_mem_del_set(token, 0);
    EXPECT(asn1_rsa_pkcs1_to_tok(VRSA_KC_ALL, l_der - 1, der, OS_MEM_TYPE_SD, &token) != 0);
    os_mem_del_set(der, 0);
    EXPECT(asn1_rsa_tok_to_pkcs1(VRSA_MODE_PUBLIC, public, NULL, OS_MEM_TYPE_SD, &l_der, &der) == 0);
    EXPECT(asn1_rsa_pkcs1_to_tok(VRSA_KC_ALL, l_der, der, OS_MEM_TYPE_SD, &token) == 0 &&
           vrsa_get_size(token) == vrsa_get_size(public));
    os_mem_del_set(der, 0);
    os_mem_del_set(token, 0);
    EXPECT(vrsa_get_comp(VRSA_KC_P, secret, &l_p, &p) == 0 &&
           vrsa_get_comp(VRSA_KC_Q, secret, &l_q, &q) == 0);
    EXPECT(vrsa_calc_xkey(0, 3, exponent, l_p, p, l_q, q, &lengths[0], numbers[0], &lengths[1], numbers[1],
                          &lengths[2], numbers[2], &lengths[3], numbers[3], &lengths[4], numbers[4]) == 0);
    EXPECT(vrsa_xcrypt(l_p, p, l_q, q, lengths[2], numbers[2], lengths[3], numbers[3], lengths[4], numbers[4],
                       256, out, 256, &length, back) == 0 &&
           memcmp(back, text, 256) == 0);
    EXPECT(vrsa_xchk(lengths[0], numbers[0], 3, exponent, lengths[1], numbers[1], l_p, p, l_q, q, lengths[2],
                     numbers[2], lengths[3], numbers[3], lengths[4], numbers[4]) == 0);
    numbers[3][lengths[3] - 1] ^= 1;
    EXPECT(vrsa_xchk(lengths[0], numbers[0], 3, exponent, lengths[1], numbers[1], l_p, p, l_q, q, lengths[2],
                     numbers[2], lengths[3], numbers[3], lengths[4], numbers[4]) == (int)E_VRSA_BAD_DP);
    return -1;
}

static int rsa(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    unsigned char* public = NULL, *secret = NULL, exponent[3] = {1, 0, 1};
    int done;
    (void)l_cmd;
    (void)cmd;
    EXPECT(vrsa_tgen(2047, 0, 0, 3, exponent, 0, &public, &secret) == (int)E_VRSA_INV_PARAM);
    EXPECT(vrsa_tgen(2048, 0, VRSA_MODE_FIPS_PRIME, 3, exponent, 0, &public, &secret) == 0);
    done = rsa_powers(handle, public, secret);
    if (done == -1) done = rsa_paddings(handle, public, secret);
    if (done == -1) done = rsa_forms(handle, public, secret);
    os_mem_del_set(public, 0);
    os_mem_del_set(secret, 0);
    return done == -1 ? 0 : done;
}
