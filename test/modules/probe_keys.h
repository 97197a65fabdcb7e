/* CXI's internal interface; the keys that it makes are the test's to look at. */

static int keys(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    static unsigned char value[32] = "thirty-two bytes of a secret key";
    static unsigned char curve[] = "NIST-P256", plain[] = {0, 0, 0, 3}; /* may leave, in clear too */
    unsigned char *object = NULL, *x = NULL, *y = NULL;
    unsigned int l_object = 0, l_x, l_y;
    T_CXI_PROP names[] = {{CXI_PROP_KEY_GROUP, 1, (unsigned char*)"G"},
                          {CXI_PROP_KEY_NAME, 6, (unsigned char*)"probed"}};
    T_CXI_PROP made[] = {{CXI_PROP_KEY_GROUP, 1, (unsigned char*)"G"},
                         {CXI_PROP_KEY_NAME, 6, (unsigned char*)"probed"},
                         {CXI_PROP_KEY_EXPORT, 4, plain}};
    T_CXI_PROP asked[] = {{CXI_PROP_KEY_NAME, 0, NULL}};
    T_CXI_KEY_COMP key = {CXI_KEY_ALGO_AES, {{0}}}, back;
    ECDP* group = NULL;
    (void)l_cmd;
    (void)cmd;
    key.u.sym.p_val = value;
    key.u.sym.l_val = sizeof value;
    EXPECT(cxi_int_key_import_ex(0, made, 3, NULL, &object, &l_object) == (int)E_CXI_INVALID_IN_PARAM);
    EXPECT(cxi_int_key_import_ex(0, NULL, 3, &key, &object, &l_object) == (int)E_CXI_INVALID_IN_PARAM);
    EXPECT(cxi_int_key_import_ex(0, made, 3, &key, &object, &l_object) == 0 && l_object != 0);
    EXPECT(cxi_int_key_import_ex(0, made, 3, &key, NULL, NULL) == (int)E_DB_EXISTS);
    EXPECT(cxi_int_key_export_ex(0, object, l_object, NULL, 0, asked, 1, &back) == 0);
    EXPECT(back.algo == CXI_KEY_ALGO_AES && back.u.sym.l_val == 32 &&
           memcmp(back.u.sym.p_val, value, 32) == 0);
    EXPECT(asked[0].l_value == 6 && memcmp(asked[0].p_value, "probed", 6) == 0);
    os_mem_del_set(asked[0].p_value, 0);
    EXPECT(cxi_int_free_key_comp(&back) == 0 && back.u.sym.p_val == NULL);
    os_mem_del_set(object, 0);
    EXPECT(cxi_int_key_export_ex(0, NULL, 0, names, 2, NULL, 0, &back) == 0 && back.u.sym.l_val == 32);
    EXPECT(cxi_int_free_key_comp(&back) == 0);
    names[1].p_value = (unsigned char*)"absent";
    EXPECT(cxi_int_key_export_ex(0, NULL, 0, names, 2, NULL, 0, &back) == (int)E_DB_NOT_FOUND);
    EXPECT(cxi_int_key_export_ex(0, NULL, 0, NULL, 0, NULL, 0, &back) == (int)E_CXI_INVALID_IN_PARAM);

    EXPECT(eca_dp_find_name("NIST-P256", &group) == 0 &&
           ecdsa_keygen(group, ECDSA_FMT_UNCOMP, &l_x, &x, &l_y, &y) == 0);
    memset(&key, 0, sizeof key);
    key.algo = CXI_KEY_ALGO_ECDSA;
    key.u.ecc.p_curve = curve;
    key.u.ecc.l_curve = sizeof curve - 1;
    key.u.ecc.p_sec = x;
    key.u.ecc.l_sec = l_x;
    made[1].p_value = (unsigned char*)"curved";
    EXPECT(cxi_int_key_import_ex(0, made, 3, &key, &object, &l_object) == 0);
    EXPECT(cxi_int_key_export_ex(0, object, l_object, NULL, 0, NULL, 0, &back) == 0 &&
           back.algo == CXI_KEY_ALGO_ECDSA);
    EXPECT(back.u.ecc.l_sec == l_x && memcmp(back.u.ecc.p_sec, x, l_x) == 0 && back.u.ecc.l_pub == l_y &&
           memcmp(back.u.ecc.p_pub, y, l_y) == 0);
    EXPECT(cxi_int_free_key_comp(&back) == 0);
    key.algo = 77;
    EXPECT(cxi_int_key_import_ex(0, made, 3, &key, NULL, NULL) == (int)E_CXI_KEY_INVALID_ALGO);
    os_mem_del_set(object, 0);
    os_mem_del_set(x, 0);
    os_mem_del_set(y, 0);
    return 0;
}
