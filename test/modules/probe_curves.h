/* Curves by name and OID, keys, signatures, agreement. */

static int curves(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    ECDP *curve = NULL, *other = NULL;
    unsigned char *x = NULL, *y = NULL, *x2 = NULL, *y2 = NULL, *oid = NULL, *r, *s, *kx, *ky, *koid;
    unsigned int l_x, l_y, l_x2, l_y2, l_oid, l_sign = 200, l_der = 200, l_r, l_s, l_key = 2000, l_kx, l_ky,
                                              l_koid;
    unsigned char sign[200], der[200], key[2000], secret[32], secret2[32], hash[32] = {1, 2, 3};
    (void)l_cmd;
    (void)cmd;
    EXPECT(eca_dp_find_name("no such curve", &curve) == (int)E_ECA_NOT_FOUND);
    EXPECT(eca_dp_find_oid(8, (unsigned char*)"\x2A\x86\x48\xCE\x3D\x03\x01\x07", &other) == 0);
    EXPECT(eca_dp_find_name("brainpoolP256r1", &curve) == 0 && eca_int_get_blen(curve) == 32);
    EXPECT(eca_dp_get_info(curve, ECA_DP_OID, &l_oid, &oid) == 0 && l_oid == 9 && oid[8] == 7);
    EXPECT(ecdsa_keygen(curve, ECDSA_FMT_UNCOMP, &l_x, &x, &l_y, &y) == 0 && l_x == 32 && l_y == 65 &&
           y[0] == 4);
    EXPECT(ecdsa_keygen(curve, ECDSA_FMT_UNCOMP, &l_x2, &x2, &l_y2, &y2) == 0);
    EXPECT(ecdsa_sign(curve, 0, l_x, x, 32, hash, &l_sign, sign) == 0 && l_sign == 64);
    EXPECT(ecdsa_verify(curve, l_y, y, NULL, 32, hash, 64, sign, 0, NULL) == 0);
    EXPECT(ecdsa_sign_encode(32, sign, 32, sign + 32, &l_der, der) == 0);
    EXPECT(ecdsa_sign_decode(l_der, der, &l_r, &r, &l_s, &s) == 0);
    EXPECT(ecdsa_verify(curve, l_y, y, NULL, 32, hash, l_r, r, l_s, s) == 0);
    hash[0] ^= 1;
    EXPECT(ecdsa_verify(curve, l_y, y, NULL, 32, hash, l_r, r, l_s, s) == (int)E_ECDSA_VERIFY_FAILED);
    EXPECT(ecdsa_dh(curve, l_y2, y2, l_x, x, 0, NULL, ECDSA_KDF_RAW, 32, secret) == 0);
    EXPECT(ecdsa_dh(curve, l_y, y, l_x2, x2, 0, NULL, ECDSA_KDF_RAW, 32, secret2) == 0 &&
           memcmp(secret, secret2, 32) == 0);
    EXPECT(ecdsa_dh(other, l_y, y, l_x2, x2, 0, NULL, ECDSA_KDF_RAW, 32, secret2) != 0);
    EXPECT(ecdsa_key_encode(l_x, x, l_y, y, l_oid, oid, NULL, &l_key, key) == 0 && l_key == 122);
    EXPECT(ecdsa_key_decode(l_key, key, NULL, &l_kx, &kx, &l_ky, &ky, &l_koid, &koid) == 0);
    EXPECT(l_kx == 32 && memcmp(kx, x, 32) == 0 && l_ky == 65 && memcmp(ky, y, 65) == 0 && l_koid == l_oid &&
           memcmp(koid, oid, l_oid) == 0);
    EXPECT(ecdsa_keychk(curve, l_x, x, l_y, y) == 0 && ecdsa_keychk(curve, l_x, x, l_y2, y2) != 0);
    os_mem_del_set(x, 0);
    os_mem_del_set(y, 0);
    os_mem_del_set(x2, 0);
    os_mem_del_set(y2, 0);
    return 0;
}
