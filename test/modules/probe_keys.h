/* CXI's internal interface; the keys that it makes are the test's to look at. */

/* A DSA key by its numbers; keys by the older functions, which have no macros. */
static int more_keys(T_CMDS_HANDLE* handle) {
    static unsigned char plain[] = {0, 0, 0, 3}, value[16] = "a key of AES-128";
    static unsigned char p[128], q[20], g[128], x[20], y[128];
    T_CXI_TABLE_PUB* const cxi = (T_CXI_TABLE_PUB*)P_CXI;
    unsigned int l_p = sizeof p, l_q = sizeof q, l_object = 0;
    unsigned char* object = NULL;
    T_CXI_PROP made[] = {{CXI_PROP_KEY_GROUP, 1, (unsigned char*)"G"},
                         {CXI_PROP_KEY_NAME, 6, (unsigned char*)"by DSA"},
                         {CXI_PROP_KEY_EXPORT, 4, plain}};
    T_CXI_PROP table[] = {{CXI_PROP_KEY_GROUP, 1, (unsigned char*)"G"},
                          {CXI_PROP_KEY_SIZE, 0, NULL},
                          {CXI_PROP_KEY_NAME, 5, (unsigned char*)"older"}};
    T_CXI_KEY_COMP key = {CXI_KEY_ALGO_DSA, {{0}}}, back;
    EXPECT(dsa_xgen(1024, 160, 0, &l_p, p, &l_q, q, g) == 0 &&
           dsa_xkeygen(0, 128, p, 20, q, 128, g, x, y) == 0);
    key.u.dsa.p_p = p;
    key.u.dsa.l_p = 128;
    key.u.dsa.p_q = q;
    key.u.dsa.l_q = 20;
    key.u.dsa.p_sec = x;
    key.u.dsa.l_sec = 20;
    EXPECT(cxi_int_key_import_ex(0, made, 3, &key, &object, &l_object) == (int)E_CXI_KEY_MISSING_COMP);
    key.u.dsa.p_g = g;
    key.u.dsa.l_g = 128;
    EXPECT(cxi_int_key_import_ex(0, made, 3, &key, &object, &l_object) == 0);
    EXPECT(cxi_int_key_export_ex(0, object, l_object, NULL, 0, NULL, 0, &back) == 0 &&
           back.algo == CXI_KEY_ALGO_DSA && back.u.dsa.l_p == 128 && memcmp(back.u.dsa.p_p, p, 128) == 0 &&
           back.u.dsa.l_sec == 20 && memcmp(back.u.dsa.p_sec, x, 20) == 0 && back.u.dsa.l_pub <= 128 &&
           memcmp(back.u.dsa.p_pub, y + 128 - back.u.dsa.l_pub, back.u.dsa.l_pub) == 0);
    EXPECT(cxi_int_free_key_comp(&back) == 0 && back.u.dsa.p_g == NULL);
    os_mem_del_set(object, 0);

    memset(&key, 0, sizeof key);
    key.algo = CXI_KEY_ALGO_AES;
    key.u.sym.p_val = value;
    key.u.sym.l_val = sizeof value;
    made[1].p_value = (unsigned char*)"older";
    made[1].l_value = 5;
    EXPECT(cxi->_cxi_int_key_import(0, made, 3, &key) == 0 &&
           cxi->_cxi_int_key_import(0, made, 3, &key) == (int)E_DB_EXISTS &&
           cxi->_cxi_int_key_import(0, made, 3, NULL) == (int)E_CXI_INVALID_IN_PARAM);
    EXPECT(cxi->_cxi_int_key_export(0, table, 3, &back) == 0 && back.u.sym.l_val == 16 &&
           memcmp(back.u.sym.p_val, value, 16) == 0);
    EXPECT(table[1].l_value == 4 && load_int4(table[1].p_value) == 128);
    os_mem_del_set(table[1].p_value, 0);
    EXPECT(cxi_int_free_key_comp(&back) == 0);
    EXPECT(cxi->_cxi_int_key_export(0, NULL, 3, &back) == (int)E_CXI_INVALID_IN_PARAM &&
           cxi->_cxi_int_key_export(0, table + 2, 1, &back) != 0);
    return -1;
}

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
    {
        const int done = more_keys(handle);
        return done == -1 ? 0 : done;
    }
}
