/* MBK's shares and codes of messages; a PIN pad that is not there. */

static int shares(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    unsigned char secret[32] = "thirty-two bytes, or 24 of them", back[32], x[5], y[5 * 32], mac[16],
                  other[16];
    unsigned char start[16] = {1}, text[20] = "a text of 19 bytes.";
    unsigned int l_mac = 16, l_other = 16;
    T_MBK_SYM_MAC_MODE_0_INFO how;
    (void)l_cmd;
    (void)cmd;
    EXPECT(mbk_ks_split(24, secret, 3, 5, 32, x, y) == 0 && x[0] == 1 && x[4] == 5);
    EXPECT(mbk_ks_combine(3, 32, x + 2, y + 64, 24, back) == 0 && memcmp(back, secret, 24) == 0);
    EXPECT(mbk_ks_combine(2, 32, x, y, 32, back) == 0 && memcmp(back + 8, secret, 24) != 0);
    x[1] = x[0];
    EXPECT(mbk_ks_combine(3, 32, x, y, 24, back) == (int)E_MBK_KEY_ID_SAME);
    EXPECT(mbk_ks_split(24, secret, 6, 5, 32, x, y) == (int)E_MBK_SHARE_CNT &&
           mbk_ks_split(24, secret, 3, 5, 31, x, y) == (int)E_MBK_SHARE_LB);

    memset(&how, 0, sizeof how);
    EXPECT(mbk_sym_mac(3, MBK_SYM_MAC_MODE_0, &how, sizeof how, text, 19, mac, &l_mac) == 0 && l_mac == 16);
    how.p_mac_iv_inp = start;
    how.l_mac_iv_inp = 16;
    EXPECT(mbk_sym_mac(3, MBK_SYM_MAC_MODE_0, &how, sizeof how, text, 19, other, &l_other) == 0 &&
           memcmp(mac, other, 16) != 0);
    text[0] ^= 1; /* which undoes the start value */
    EXPECT(mbk_sym_mac(3, MBK_SYM_MAC_MODE_0, &how, sizeof how, text, 19, other, &l_other) == 0 &&
           memcmp(mac, other, 16) == 0);
    EXPECT(mbk_sym_mac(3, MBK_SYM_MAC_MODE_0, &how, sizeof how, text, 15, other, &l_other) ==
           (int)E_MBK_LENGTH);
    EXPECT(mbk_sym_mac(2, MBK_SYM_MAC_MODE_0, &how, sizeof how, text, 19, other, &l_other) ==
           (int)E_MBK_SLOT_EMPTY);

    EXPECT(pp_open() == (int)E_PP_READER_NOT_CONNECTED && pp_getkey(0, NULL) == (int)E_PP_NOT_OPEN &&
           pp_slot_stat(NULL) == (int)E_PP_NOT_OPEN);
    EXPECT(pp_set_type(PP_TYPE_DEFAULT, 0) == 0 && pp_set_type(99, 0) == (int)E_PP_BAD_TYPE);
    pp_close();
    return 0;
}
