/* CFB of one bit: NIST SP 800-38A, F.3.1, and in pieces. */
static int one_bit(T_CMDS_HANDLE* handle) {
    static unsigned char key[] = {0x2B, 0x7E, 0x15, 0x16, 0x28, 0xAE, 0xD2, 0xA6,
                                  0xAB, 0xF7, 0x15, 0x88, 0x09, 0xCF, 0x4F, 0x3C};
    unsigned char iv[16], next[16], text[40] = {0x6B, 0xC1}, whole[40], pieces[40], back[40];
    unsigned int i;
    AES_KEY prepared;
    for (i = 0; i < 16; ++i) iv[i] = (unsigned char)i;
    EXPECT(aes_pkey(16, key, AES_ENC, &prepared) == &prepared);
    EXPECT(aes_cfb1(&prepared, AES_ENC, iv, 40, text, whole, NULL) == 0 && whole[0] == 0x68 &&
           whole[1] == 0xB3);
    EXPECT(aes_cfb1(&prepared, AES_ENC, iv, 3, text, pieces, next) == 0 &&
           aes(&prepared, AES_ENC | AES_CFB1, next, 30, text + 3, pieces + 3, next) == 0 &&
           aes_cfb1(&prepared, AES_ENC, next, 7, text + 33, pieces + 33, next) == 0 &&
           memcmp(whole, pieces, 40) == 0);
    EXPECT(aes_cfb1(&prepared, AES_DEC, iv, 17, whole, back, next) == 0 &&
           aes_cfb1(&prepared, AES_DEC, next, 23, whole + 17, back + 17, next) == 0 &&
           memcmp(back, text, 40) == 0);
    return -1;
}

/* AES-CCM: example 3 of NIST SP 800-38C, whole and in pieces. */

static int ccm(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    static const unsigned char sealed[] = {0xE3, 0xB2, 0x01, 0xA9, 0xF5, 0xB7, 0x1A, 0x7A, 0x9B, 0x1C, 0xEA,
                                           0xEC, 0xCD, 0x97, 0xE7, 0x0B, 0x61, 0x76, 0xAA, 0xD9, 0xA4, 0x42,
                                           0x8A, 0xA5, 0x48, 0x43, 0x92, 0xFB, 0xC1, 0xB0, 0x99, 0x51};
    unsigned char key[16], ad[20], text[24], ctr[16], hash[16], out[24], back[24], tag[8];
    unsigned int i, first = 0;
    AES_KEY prepared;
    (void)l_cmd;
    (void)cmd;
    for (i = 0; i < 24; ++i) {
        if (i < 16) key[i] = (unsigned char)(0x40 + i);
        if (i < 20) ad[i] = (unsigned char)i;
        text[i] = (unsigned char)(0x20 + i);
    }
    EXPECT(aes_pkey(16, key, AES_ENC, &prepared) == &prepared);
    for (i = 0; i < 12; ++i) ctr[i] = (unsigned char)(0x10 + i);
    EXPECT(aes_ccm_init_sl(&prepared, 12, 20, 24, 8, ctr, hash, &first) == 0 && first == 14);
    EXPECT(aes_ccm_ad(&prepared, 20, 20, ad, hash) == 0);
    EXPECT(aes_ccm_data(&prepared, AES_ENC, 24, text, ctr, hash, out) == 0 && memcmp(out, sealed, 24) == 0);
    EXPECT(aes_ccm_final(&prepared, AES_ENC, ctr, hash, 64, tag) == 0 && memcmp(tag, sealed + 24, 8) == 0);

    for (i = 0; i < 12; ++i) ctr[i] = (unsigned char)(0x10 + i);
    EXPECT(aes_ccm_init_sl(&prepared, 12, 20, 24, 64, ctr, hash, &first) == 0);
    EXPECT(aes_ccm_ad(&prepared, 20, first, ad, hash) == 0 &&
           aes_ccm_ad(&prepared, 0, 20 - first, ad + first, hash) == 0);
    EXPECT(aes_ccm_data(&prepared, AES_DEC, 16, out, ctr, hash, back) == 0 &&
           aes_ccm_data(&prepared, AES_DEC, 8, out + 16, ctr, hash, back + 16) == 0 &&
           memcmp(back, text, 24) == 0);
    EXPECT(aes_ccm_final(&prepared, AES_DEC, ctr, hash, 8, tag) == 0);
    tag[7] ^= 1;
    EXPECT(aes_ccm_final(&prepared, AES_DEC, ctr, hash, 8, tag) == (int)E_AES_TAG_VERIFICATION);
    EXPECT(aes_ccm_init_sl(&prepared, 6, 0, 0, 8, ctr, hash, NULL) == (int)E_AES_PARAM &&
           aes_ccm_init_sl(&prepared, 13, 0, 0x10000, 8, ctr, hash, NULL) == (int)E_AES_DATA_LEN &&
           aes_ccm_init_sl(&prepared, 13, 0, 0xFFFF, 7, ctr, hash, NULL) == (int)E_AES_PARAM);
    {
        const int done = one_bit(handle);
        return done == -1 ? 0 : done;
    }
}
