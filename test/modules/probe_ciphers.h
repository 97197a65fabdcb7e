/* Digests and ciphers. */

static int hashes(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    static const unsigned char abc[] = {0xBA, 0x78, 0x16, 0xBF, 0x8F, 0x01, 0xCF, 0xEA, 0x41, 0x41, 0x40,
                                        0xDE, 0x5D, 0xAE, 0x22, 0x23, 0xB0, 0x03, 0x61, 0xA3, 0x96, 0x17,
                                        0x7A, 0x9C, 0xB4, 0x10, 0xFF, 0x61, 0xF2, 0x00, 0x15, 0xAD};
    HASH_SHA256_INFO info, copy;
    HASH_HMAC_INFO mac_info;
    unsigned char hash[64], mac[64], whole[64];
    unsigned int length = 64, l_mac = 256, l_whole = 256;
    unsigned char* key = NULL;
    (void)l_cmd;
    (void)cmd;
    memset(&info, 0xEE, sizeof info); /* never initialised */
    EXPECT(hash_hash(HASH_SHA256, 3, (unsigned char*)"abc", &info, hash, &length) == 0);
    EXPECT(length == 32 && memcmp(hash, abc, 32) == 0);
    EXPECT(hash_sha256(0, 3, (unsigned char*)"abc", NULL, hash) == 0 && memcmp(hash, abc, 32) == 0);
    EXPECT(hash_hash(HASH_SHA256, 1, (unsigned char*)"a", &info, NULL, NULL) == 0);
    copy = info;
    EXPECT(hash_hash(HASH_SHA256 | HASH_CONT, 2, (unsigned char*)"bc", &info, hash, &length) == 0);
    EXPECT(memcmp(hash, abc, 32) == 0);
    EXPECT(hash_hash(HASH_SHA256 | HASH_CONT, 1, (unsigned char*)"b", &copy, NULL, NULL) == 0);
    EXPECT(hash_hash(HASH_SHA256 | HASH_CONT, 1, (unsigned char*)"c", &copy, hash, &length) == 0);
    EXPECT(memcmp(hash, abc, 32) == 0);
    length = 31;
    EXPECT(hash_hash(HASH_SHA256, 3, (unsigned char*)"abc", NULL, hash, &length) == (int)E_HASH_LEN);
    EXPECT(hash_hmac(HASH_SHA256, 3, (unsigned char*)"key", 6, (unsigned char*)"abcdef", NULL, whole,
                     &l_whole) == 0 &&
           l_whole == 32);
    EXPECT(hash_hmac(HASH_SHA256, 3, (unsigned char*)"key", 3, (unsigned char*)"abc", &mac_info, NULL,
                     NULL) == 0);
    EXPECT(hash_hmac(HASH_SHA256 | HASH_CONT, 0, NULL, 3, (unsigned char*)"def", &mac_info, mac, &l_mac) ==
           0);
    EXPECT(l_mac == 32 && memcmp(mac, whole, 32) == 0);
    EXPECT(hash_kdf_sp800108(HASH_SHA256 | KDF_PRF_HMAC | KDF_MOD_FEEDBACK, 3, (unsigned char*)"key", 0, NULL,
                             3, (unsigned char*)"abc", 40, &key) == 0);
    /* K(1) = HMAC(key, 00000001 | abc) */
    EXPECT(hash_hmac(HASH_SHA256, 3, (unsigned char*)"key", 7, (unsigned char*)"\0\0\0\1abc", NULL, whole,
                     &l_whole) == 0);
    EXPECT(memcmp(key, whole, 32) == 0);
    os_mem_del_set(key, 0);
    return 0;
}

/* GCM of NIST's test case 4, then with odd lengths back and forth. */
static int ciphers(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    static unsigned char key[] = {0xFE, 0xFF, 0xE9, 0x92, 0x86, 0x65, 0x73, 0x1C,
                                  0x6D, 0x6A, 0x8F, 0x94, 0x67, 0x30, 0x83, 0x08};
    static unsigned char iv[] = {0xCA, 0xFE, 0xBA, 0xBE, 0xFA, 0xCE, 0xDB, 0xAD, 0xDE, 0xCA, 0xF8, 0x88};
    static unsigned char ad[] = {0xFE, 0xED, 0xFA, 0xCE, 0xDE, 0xAD, 0xBE, 0xEF, 0xFE, 0xED,
                                 0xFA, 0xCE, 0xDE, 0xAD, 0xBE, 0xEF, 0xAB, 0xAD, 0xDA, 0xD2};
    static unsigned char plain[] = {0xD9, 0x31, 0x32, 0x25, 0xF8, 0x84, 0x06, 0xE5, 0xA5, 0x59, 0x09, 0xC5,
                                    0xAF, 0xF5, 0x26, 0x9A, 0x86, 0xA7, 0xA9, 0x53, 0x15, 0x34, 0xF7, 0xDA,
                                    0x2E, 0x4C, 0x30, 0x3D, 0x8A, 0x31, 0x8A, 0x72, 0x1C, 0x3C, 0x0C, 0x95,
                                    0x95, 0x68, 0x09, 0x53, 0x2F, 0xCF, 0x0E, 0x24, 0x49, 0xA6, 0xB5, 0x25,
                                    0xB1, 0x6A, 0xED, 0xF5, 0xAA, 0x0D, 0xE6, 0x57, 0xBA, 0x63, 0x7B, 0x39};
    static const unsigned char tag[] = {0x5B, 0xC9, 0x4F, 0xBC, 0x32, 0x21, 0xA5, 0xDB,
                                        0x94, 0xFA, 0xE9, 0x5A, 0xE7, 0x12, 0x1A, 0x47};
    unsigned char counter[16], hash[16] = {0}, out[64], back[64], made[16];
    AES_KEY prepared;
    AES_KEY* allocated;
    VDES_KEY des;
    (void)l_cmd;
    (void)cmd;
    EXPECT(aes_pkey(16, key, AES_ENC, &prepared) == &prepared && prepared.error == 0);
    EXPECT(aes_gcm_init(&prepared, 12, iv, counter) == 0 && counter[15] == 1);
    EXPECT(aes_gcm_ad(&prepared, sizeof ad, ad, hash) == 0);
    EXPECT(aes_gcm_data(&prepared, AES_ENC, sizeof plain, plain, counter, hash, out) == 0);
    EXPECT(aes_gcm_final(&prepared, AES_ENC, sizeof ad, sizeof plain, counter, hash, 128, made) == 0);
    EXPECT(memcmp(made, tag, 16) == 0 && out[0] == 0x42);
    memset(hash, 0, sizeof hash);
    EXPECT(aes_gcm_ad(&prepared, sizeof ad, ad, hash) == 0);
    EXPECT(aes_gcm_data(&prepared, AES_DEC, sizeof plain, out, counter, hash, back) == 0);
    EXPECT(memcmp(back, plain, sizeof plain) == 0);
    EXPECT(aes_gcm_final(&prepared, AES_DEC, sizeof ad, sizeof plain, counter, hash, 128, made) == 0);
    made[3] ^= 1;
    EXPECT(aes_gcm_final(&prepared, AES_DEC, sizeof ad, sizeof plain, counter, hash, 128, made) ==
           (int)E_AES_TAG_VERIFICATION);
    allocated = aes_pkey(15, key, AES_ENC, NULL);
    EXPECT(allocated && allocated->error == (int)E_AES_KEY_LEN);
    EXPECT(aes_ecb(allocated, AES_ENC, 16, plain, out) != 0);
    os_mem_del_set(allocated, 0);
    EXPECT(aes_ecb(&prepared, AES_ENC, 48, plain, out) == 0 &&
           aes_ecb(&prepared, AES_DEC, 48, out, back) == 0);
    EXPECT(memcmp(back, plain, 48) == 0 &&
           aes_ecb(&prepared, AES_ENC, 47, plain, out) == (int)E_AES_DATA_LEN);
    EXPECT(aes_cbc_xpad(&prepared, AES_ENC, AES_PAD_PKCS, NULL, 21, plain, out) == 0);
    EXPECT(aes_cbc_xpad(&prepared, AES_DEC, AES_PAD_PKCS, NULL, 32, out, back) == 0);
    {
        unsigned int length = 32;
        EXPECT(aes_unpad(AES_PAD_PKCS, &length, back) == 0 && length == 21 && memcmp(back, plain, 21) == 0);
    }
    EXPECT(vdes_pkey(16, key, &des) == &des && des.error == 0);
    EXPECT(vdes_cbc(&des, VDES_ENC, iv, 24, plain, out, NULL) == 0 &&
           vdes_cbc(&des, (int)VDES_DEC, iv, 24, out, back, NULL) == 0);
    EXPECT(memcmp(back, plain, 24) == 0);
    return 0;
}
