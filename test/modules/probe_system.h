/* Memory, cmds_scanf, the clock, semaphores, logs; many services in one command. */

static int memory(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    T_OS_MEM_INFO before, info;
    T_OS_MEM_BLOCK* list;
    unsigned int count = 0, size = 0, i, found = 0;
    unsigned char* block;
    unsigned char text[40];
    (void)l_cmd;
    (void)cmd;
    EXPECT(os_mem_info(OS_MEM_TYPE_SD, &before) == 0);
    block = os_mem_new_tag(100, OS_MEM_TYPE_SD, "probe.c", 4711);
    EXPECT(block != NULL && ((size_t)block & 7) == 0);
    EXPECT(os_mem_info(OS_MEM_TYPE_SD, &info) == 0);
    EXPECT(info.used_blocks == before.used_blocks + 1 && info.used_bytes == before.used_bytes + 100);
    list = os_mem_new((info.used_blocks + 2) * sizeof *list, OS_MEM_TYPE_SD);
    EXPECT(os_mem_trace(list, info.used_blocks + 2, &count) == 0 && count == info.used_blocks + 1);
    for (i = 0; i < count; ++i) found += list[i].line == 4711 && strcmp(list[i].file, "probe.c") == 0;
    EXPECT(found == 1);
    EXPECT(os_mem_check(block, &size) == 0 && size == 100);
    os_mem_del_set(list, 0);
    os_mem_del_set(block, 0);
    os_mem_del_set(NULL, 0);
    EXPECT(os_mem_info(OS_MEM_TYPE_KC, &info) != 0);
    EXPECT(os_mem_cmp_ti("ab", "ab", 2) == 0 && os_mem_cmp_ti("ab", "ac", 2) != 0);
    EXPECT(os_str_snprintf(text, sizeof text, "%d %08x %4d|%.08x", -1, 0xABCu, 7, 1u) == 25);
    EXPECT(strcmp((char*)text, "-1 00000abc    7|00000001") == 0);
    EXPECT(os_str_snprintf(text, 4, "no conversions") == 3);
    return 0;
}

static int scanf_rules(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    struct {
        unsigned int flags, mech;
        unsigned char *name, *group;
        unsigned int spec, l_hash;
        unsigned char* hash;
        unsigned int l_data;
        unsigned char* data;
    } in;
    unsigned char block[1 + 4 + 2 + 3 + 4 + 2 + 3 + 2] = {7, 0, 0, 1, 2, 'n', 'm', 'g', 'r', 'p', 0,
                                                          0, 0, 9, 0, 3, 'a', 'b', 'c', 'x', 'y'};
    (void)l_cmd;
    (void)cmd;
    EXPECT(cmds_scanf(sizeof block, block, "u1u4c2c3u4v2*", sizeof in, &in) == 0);
    EXPECT(in.flags == 7 && in.mech == 0x102 && in.name == block + 5 && in.group[2] == 'p' && in.spec == 9);
    EXPECT(in.l_hash == 3 && in.hash[0] == 'a' && in.l_data == 2 && in.data[1] == 'y');
    EXPECT(cmds_scanf(4, block, "u1u4", 8, &in) == (int)E_CMDS_BAD_CMD);
    EXPECT(cmds_scanf(6, block, "u1u4", 8, &in) == (int)E_CMDS_DATA_LEN);
    EXPECT(cmds_scanf(6, block, "u1x4", 8, &in) == (int)E_CMDS_BAD_FMT);
    EXPECT(cmds_scanf(6, block, "u5", 4, &in) == (int)E_CMDS_FMT_LEN);
    EXPECT(cmds_scanf(1, block, "u1", 8, &in) == (int)E_CMDS_BAD_OUT);
    EXPECT(cmds_scanf(2, block, "v1", sizeof in, &in) == (int)E_CMDS_BAD_CMD);
    return 0;
}

/* 15 services, as a command of a real module asks for. */
static int services(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    unsigned char bytes[64], hash[32];
    unsigned int i, seconds, milliseconds;
    AES_KEY key;
    (void)l_cmd;
    (void)cmd;
    EXPECT(os_crypt_drbg_rnd(DRBG_PSEUDO, bytes, 32) == 0);
    aes_pkey(32, bytes, AES_ENC, &key);
    for (i = 0; i < 7; ++i) {
        EXPECT(aes_ecb(&key, AES_ENC, 64, bytes, bytes) == 0);
        EXPECT(hash_sha256(0, 64, bytes, NULL, hash) == 0);
    }
    EXPECT(util_get_time(&seconds, &milliseconds) == 0);
    return 0;
}

static int system_calls(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    T_MBK_KEY_INFO info;
    unsigned char key[32], again[32];
    unsigned int seconds = 0, milliseconds = 0, version = 0;
    char name[OS_MDL_NAME_LEN];
    void* sema = os_sema_new(OS_MEM_TYPE_SD);
    TIME_STR time;
    (void)l_cmd;
    (void)cmd;
    EXPECT(util_get_time(&seconds, &milliseconds) == 0 && seconds > 1600000000 && milliseconds < 1000);
    EXPECT(util_time_to_str(951868800, 5, &time) == 0 && time.year == 2000 && time.month == 3 &&
           time.day == 1 && time.hour == 0);
    EXPECT(util_str_to_time(&time, &seconds, &milliseconds) == 0 && seconds == 951868800);
    EXPECT(os_mdl_name_get(0, name, &version) == 0 && version != 0 && strlen(name) > 0);
    EXPECT(os_sema_req(sema, 0xFFFFFFFF) == 0 && os_sema_req(sema, 1) != 0);
    os_sema_rls(sema);
    EXPECT(os_sema_req(sema, 0xFFFFFFFF) == 0);
    os_sema_del(sema);
    EXPECT(mbk_get_key_info(2, &info) == (int)E_MBK_SLOT_EMPTY);
    EXPECT(mbk_get_key_info(3, &info) == 0 && info.key_len == 32);
    EXPECT(mbk_derive_key_sp800108(3, KDF_MOD_FEEDBACK, KDF_PRF_HMAC, HASH_SHA256, NULL, 0,
                                   (unsigned char*)"fixed", 6, 32, key) == 0);
    EXPECT(mbk_derive_key_sp800108(3, KDF_MOD_FEEDBACK, KDF_PRF_HMAC, HASH_SHA256, NULL, 0,
                                   (unsigned char*)"fixed", 6, 32, again) == 0);
    EXPECT(memcmp(key, again, 32) == 0);
    EXPECT(cmds_audit_write(24, handle, (unsigned char*)"probe %s %d", "writes", 7) == 0);
    EXPECT(os_audit_write(0x01000000, (unsigned char*)"probe without users") == 0);
    EXPECT(eca_point_bl_get(NULL, NULL, NULL) == (int)E_ECA_NOT_SUPP); /* named in the log */
    EXPECT(util_get_time_cal(NULL) == (int)E_UTIL_NOT_SUPPORTED &&
           cxi_int_get_info(NULL, NULL) == (int)E_CXI_NOT_SUPPORTED && cxi_int_attr_map("x", 0) == NULL);
    os_log_print((unsigned char*)"probe says %08x\n", 0x4711u);
    return 0;
}
