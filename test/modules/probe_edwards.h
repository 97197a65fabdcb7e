/* Ed25519, keys made ready. */

static int edwards(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    /* RFC 8032, section 7.1, test 2 */
    static unsigned char x[] = {0x4C, 0xCD, 0x08, 0x9B, 0x28, 0xFF, 0x96, 0xDA, 0x9D, 0xB6, 0xC3,
                                0x46, 0xEC, 0x11, 0x4E, 0x0F, 0x5B, 0x8A, 0x31, 0x9F, 0x35, 0xAB,
                                0xA6, 0x24, 0xDA, 0x8C, 0xF6, 0xED, 0x4F, 0xB8, 0xA6, 0xFB};
    static unsigned char y[] = {0x3D, 0x40, 0x17, 0xC3, 0xE8, 0x43, 0x89, 0x5A, 0x92, 0xB7, 0x0A,
                                0xA7, 0x4D, 0x1B, 0x7E, 0xBC, 0x9C, 0x98, 0x2C, 0xCF, 0x2E, 0xC4,
                                0x96, 0x8C, 0xC0, 0xCD, 0x55, 0xF1, 0x2A, 0xF4, 0x66, 0x0C};
    static const unsigned char begin[] = {0x92, 0xA0, 0x09, 0xA9, 0xF0, 0xD4, 0xCA, 0xB8};
    unsigned char message[1] = {0x72}, sign[64], key[64], hash[32] = {5};
    unsigned char *made_x = NULL, *made_y = NULL, *found = NULL;
    unsigned int l_sign = sizeof sign, l_x, l_y, l_key = sizeof key, bits_length = 0;
    unsigned char* bits = NULL;
    ECDP *curve = NULL, *same = NULL, *weierstrass = NULL;
    ECPCP* ready = NULL;
    (void)l_cmd;
    (void)cmd;
    EXPECT(eca_dp_find_name("edwards25519", &curve) == 0 && eca_int_get_blen(curve) == 32);
    EXPECT(eca_dp_find_oid(3, (unsigned char*)"\x2B\x65\x70", &same) == 0 && same == curve);
    EXPECT(eca_dp_get_info(curve, ECA_DP_P, &bits_length, &bits) == 0 && bits_length == 32 &&
           bits[31] == 0xED);
    EXPECT(ecdsa_sign_edwards(curve, 0, 32, x, 32, y, 1, message, 0, NULL, NULL, NULL, &l_sign, sign) == 0);
    EXPECT(l_sign == 64 && memcmp(sign, begin, sizeof begin) == 0);
    EXPECT(ecdsa_verify_edwards(curve, 0, 32, y, 1, message, 0, NULL, 64, sign, 0, NULL, NULL, NULL) == 0);
    EXPECT(ecdsa_verify_edwards(curve, 0, 32, y, 1, message, 0, NULL, 32, sign, 32, sign + 32, NULL, NULL) ==
           0);
    sign[40] ^= 1;
    EXPECT(ecdsa_verify_edwards(curve, 0, 32, y, 1, message, 0, NULL, 64, sign, 0, NULL, NULL, NULL) ==
           (int)E_ECDSA_VERIFY_FAILED);
    EXPECT(ecdsa_sign_edwards(curve, ECDSA_PRE_HASH, 32, x, 32, y, 1, message, 0, NULL, NULL, NULL, &l_sign,
                              sign) == (int)E_ECDSA_NOT_SUPP);
    EXPECT(ecdsa_sign_edwards(curve, 0, 31, x, 32, y, 1, message, 0, NULL, NULL, NULL, &l_sign, sign) ==
           (int)E_ECDSA_BAD_SKEY);
    EXPECT(ecdsa_keychk(curve, 32, x, 32, y) == 0 &&
           ecdsa_keychk(curve, 32, y, 32, y) == (int)E_ECDSA_BAD_KEY);
    EXPECT(ecdsa_sign(curve, 0, 32, x, 32, hash, &l_sign, sign) != 0);
    EXPECT(ecdsa_keygen(curve, 0, &l_x, &made_x, &l_y, &made_y) == 0 && l_x == 32 && l_y == 32);
    EXPECT(ecdsa_keychk(curve, l_x, made_x, l_y, made_y) == 0);
    EXPECT(ecdsa_key_encode_rfc8410(l_x, made_x, &l_key, key) == 0 && l_key == 48);
    EXPECT(ecdsa_key_decode_rfc8410(l_key, key, &l_x, &found) == 0 && memcmp(found, made_x, 32) == 0);
    EXPECT(ecdsa_key_decode_rfc8410(l_key - 1, key, &l_x, &found) == (int)E_ECDSA_BAD_KEY_FMT);
    os_mem_del_set(made_x, 0);
    os_mem_del_set(made_y, 0);

    EXPECT(eca_dp_find_name("NIST-P256", &weierstrass) == 0);
    EXPECT(ecdsa_sign_edwards(weierstrass, 0, 32, x, 32, y, 1, message, 0, NULL, NULL, NULL, &l_sign, sign) ==
           (int)E_ECDSA_BAD_PARAM);
    EXPECT(ecdsa_keygen(weierstrass, ECDSA_FMT_UNCOMP, &l_x, &made_x, &l_y, &made_y) == 0);
    EXPECT(ecdsa_calc_pcpk(weierstrass, l_y, made_y, &ready) == 0);
    l_sign = sizeof sign;
    EXPECT(ecdsa_sign(weierstrass, 0, l_x, made_x, 32, hash, &l_sign, sign) == 0);
    EXPECT(ecdsa_verify(weierstrass, 0, NULL, ready, 32, hash, 64, sign, 0, NULL) == 0);
    hash[0] ^= 1;
    EXPECT(ecdsa_verify(weierstrass, 0, NULL, ready, 32, hash, 64, sign, 0, NULL) ==
           (int)E_ECDSA_VERIFY_FAILED);
    ecdsa_free_pcpk(ready);
    made_y[1] ^= 1;
    EXPECT(ecdsa_calc_pcpk(weierstrass, l_y, made_y, &ready) == (int)E_ECDSA_BAD_PKEY);
    os_mem_del_set(made_x, 0);
    os_mem_del_set(made_y, 0);
    return 0;
}
