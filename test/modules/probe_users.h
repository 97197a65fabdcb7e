/* CMDS: users and their attributes, modes, keys of sessions. */

#define OF(text) sizeof text - 1, (unsigned char*)text

/* Two users, for this test and the next. */
static int add_users(void) {
    unsigned char short_name[8];
    int code =
        cmds_add_user_ex(OF("ANNA_OF_SLOT_0"), 0x00000002, CMDS_MECH_HMAC_PWD, CMDS_UFLG_SM,
                         OF("anna's password"), OF("CXI_GROUP=SLOT_0000,SLOT_1*,LABEL=first"), short_name);
    if (code == 0)
        code = cmds_add_user_ex(OF("BERT"), 0x00000021, CMDS_MECH_HMAC_PWD, 0, OF("bert's password"), 0, NULL,
                                short_name);
    return code;
}

static int item(const char* name, unsigned char which, unsigned int* length, void* value) {
    return cmds_get_user_info((unsigned int)strlen(name), (unsigned char*)name, which, length, value);
}

static int users(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    unsigned char text[256], *backup = NULL, short_name[8];
    unsigned char* properties[] = {(unsigned char*)"CXI_GROUP=SLOT_1234", (unsigned char*)"LABEL=second",
                                   NULL};
    unsigned char* without_value[] = {(unsigned char*)"CXI_GROUP", NULL};
    T_CMDS_PERM permission = 77;
    unsigned int length = sizeof text, l_backup = 0;
    int code;
    (void)l_cmd;
    (void)cmd;
    if ((code = add_users()) != 0) return code;
    EXPECT(item("ANNA_OF_SLOT_0", 'S', &length, text) == 0 && length == 8);
    memcpy(short_name, text, 8);

    EXPECT(item("ANNA_OF_SLOT_0", 'A', &length, NULL) == 0 && length == 39);
    EXPECT(item("ANNA_OF_SLOT_0", 'A', &length, text) == 0 &&
           memcmp(text, "CXI_GROUP=SLOT_0000,SLOT_1*,LABEL=first", 39) == 0);
    EXPECT(item("ANNA_OF_SLOT_0", 'L', &length, text) == 0 && length == 5 && memcmp(text, "first", 5) == 0);
    length = sizeof text;
    EXPECT(item("ANNA_OF_SLOT_0", 'N', &length, text) == 0 && length == 14 && text[13] == '0');
    length = sizeof text;
    EXPECT(item("BERT", 'N', &length, text) == 0 && length == 4 && memcmp(text, "BERT", 4) == 0);
    length = sizeof permission;
    EXPECT(item("BERT", 'P', &length, &permission) == 0 && permission == 0x21);
    length = 1;
    EXPECT(item("ANNA_OF_SLOT_0", 'M', &length, text) == 0 && text[0] == CMDS_MECH_HMAC_PWD);
    EXPECT(item("ANNA_OF_SLOT_0", 'F', &length, text) == 0 && text[0] == CMDS_UFLG_SM);
    EXPECT(item("ANNA_OF_SLOT_0", 'Z', &length, text) == 0 && text[0] == 0);
    EXPECT(item("ANNA_OF_SLOT_0", 'I', &length, text) == 0 && length == 1 && text[0] == 1);
    length = 3;
    EXPECT(item("BERT", 'N', &length, text) == (int)E_CMDS_BUFF_SIZE && length == 4);
    EXPECT(item("BERT", 'L', &length, text) == (int)E_CMDS_BAD_ATT &&
           item("BERT", 'x', &length, text) == (int)E_CMDS_BAD_ATT);
    EXPECT(item("NOBODY", 'N', &length, text) == (int)E_CMDS_NO_USER &&
           item("BERT", 'N', NULL, text) == (int)E_CMDS_INVAL);

    EXPECT(cmds_match_user_att(short_name, 0, 0, properties, &permission) == 0 && permission == 0);
    EXPECT(cmds_match_user_att(short_name, 1, 0, properties, &permission) == 0 && permission == 2);
    properties[1] = (unsigned char*)"LABEL=first";
    EXPECT(cmds_match_user_att(short_name, 0, 0, properties, &permission) == 0 && permission == 2);
    properties[1] = NULL;
    EXPECT(cmds_match_user_att((unsigned char*)"BERT    ", 0, 0, properties, &permission) == 0 &&
           permission == 0);
    EXPECT(cmds_match_user_att((unsigned char*)"BERT    ", 0, 1, properties, &permission) == 0 &&
           permission == 0x21);
    properties[0] = (unsigned char*)"CXI_GROUP=SLOT_2000";
    EXPECT(cmds_match_user_att(short_name, 0, 1, properties, &permission) == 0 && permission == 0);
    EXPECT(cmds_match_user_att(short_name, 2, 0, properties, &permission) == (int)E_CMDS_INVAL &&
           cmds_match_user_att(short_name, 0, 0, without_value, &permission) == (int)E_CMDS_INVAL &&
           cmds_match_user_att(short_name, 0, 0, properties, NULL) == (int)E_CMDS_INVAL &&
           cmds_match_user_att((unsigned char*)"NOBODY  ", 0, 0, properties, &permission) ==
               (int)E_CMDS_NO_USER);

    EXPECT(cmds_backup_user((unsigned char*)"BERT    ", &l_backup, &backup) == 0 && l_backup > 40);
    EXPECT(cmds_del_user((unsigned char*)"BERT    ") == 0 &&
           cmds_backup_user((unsigned char*)"BERT    ", &length, &backup) == (int)E_CMDS_NO_USER);
    EXPECT(cmds_restore_user(l_backup, backup) == 0);
    length = sizeof permission;
    EXPECT(item("BERT", 'P', &length, &permission) == 0 && permission == 0x21);
    backup[l_backup - 1] ^= 1;
    EXPECT(cmds_restore_user(l_backup, backup) == (int)E_CMDS_INVAL_BCK &&
           cmds_restore_user(3, backup) == (int)E_CMDS_INVAL_BCK &&
           cmds_restore_user(0, NULL) == (int)E_CMDS_INVAL);
    os_mem_del_set(backup, 0);

    EXPECT(cmds_login_user((unsigned char*)"BERT    ", 2) == (int)E_CMDS_STATIC_LOGIN &&
           cmds_login_user((unsigned char*)"NOBODY  ", 2) == (int)E_CMDS_NO_USER &&
           cmds_login_user(NULL, 2) == (int)E_CMDS_INVAL);
    EXPECT(cmds_logoff_user((unsigned char*)"BERT    ", 2) == (int)E_CMDS_LOGOFF_FAILED &&
           cmds_logoff_user((unsigned char*)"NOBODY  ", 2) == (int)E_CMDS_NO_USER);
    return 0;
}

/* With ANNA and BERT logged on. */
static int logged_on(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    unsigned char* properties[] = {(unsigned char*)"CXI_GROUP=SLOT_0000", NULL};
    T_CMDS_AUTH_LIST list[2];
    T_CMDS_PERM permission = 0;
    unsigned int count = 2;
    (void)l_cmd;
    (void)cmd;
    EXPECT(cmds_check_auth_state(handle, 0, 0, properties, &count, list, &permission) == 0);
    EXPECT(count == 1 && permission == 2 && list[0].perm == 2 && memcmp(list[0].name, "ANNA", 4) == 0);
    count = 2;
    EXPECT(cmds_check_auth_state(handle, 0, 1, properties, &count, list, &permission) == 0);
    EXPECT(count == 2 && permission == 0x23 && memcmp(list[1].name, "BERT\0\0\0\0", 8) == 0);
    count = 1;
    EXPECT(cmds_check_auth_state(handle, 0, 1, properties, &count, list, NULL) == (int)E_CMDS_BUFF_SIZE &&
           count == 2);
    EXPECT(cmds_check_auth_state(handle, 0, 1, properties, NULL, NULL, &permission) == 0 &&
           permission == 0x23);
    EXPECT(cmds_check_auth_state(NULL, 0, 1, properties, &count, list, NULL) == (int)E_CMDS_INVAL &&
           cmds_check_auth_state(handle, 0, 1, NULL, &count, list, NULL) == (int)E_CMDS_INVAL &&
           cmds_check_auth_state(handle, 0, 1, properties, NULL, list, NULL) == (int)E_CMDS_INVAL);
    return 0;
}

static int modes(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    OS_CFG_HANDLE configuration = NULL;
    (void)l_cmd;
    (void)cmd;
    EXPECT(cmds_get_startup_mode() == 0 && cmds_set_startup_mode(1) == 0 && cmds_get_startup_mode() == 1);
    EXPECT(cmds_set_startup_mode(2) == (int)E_CMDS_BAD_MODE && cmds_set_startup_mode(0) == 0);
    EXPECT(cmds_set_admin_mode(1) == 0 && cmds_set_admin_mode(0) == 0 &&
           cmds_set_admin_mode(7) == (int)E_CMDS_BAD_MODE);
    EXPECT(cmds_register_ppapp(PROBE_ID, 3, "Probe", 2, (unsigned char*)"ab") == 0);
    EXPECT(cmds_register_ppapp(PROBE_ID, 3, "Probe", 0, NULL) == (int)E_CMDS_IN_USE &&
           cmds_register_ppapp(PROBE_ID, 4, "", 0, NULL) == (int)E_CMDS_INVAL &&
           cmds_register_ppapp(PROBE_ID, 4, "Probe", 2, NULL) == (int)E_CMDS_INVAL &&
           cmds_register_ppapp(0x10000, 4, "Probe", 0, NULL) == (int)E_CMDS_BAD_FC &&
           cmds_register_ppapp(PROBE_ID, 256, "Probe", 0, NULL) == (int)E_CMDS_BAD_SFC);
    EXPECT(cmds_unregister_ppapp(PROBE_ID, 3) == 0 &&
           cmds_unregister_ppapp(PROBE_ID, 3) == (int)E_CMDS_BAD_FC);
    EXPECT(cmds_signed_cfg_open("probe", 5, &configuration) == (int)E_OS_FILE_NO_SUCH_FILE &&
           configuration == OS_CFG_INVALID_HANDLE &&
           cmds_signed_cfg_open(NULL, 5, &configuration) == (int)E_CMDS_INVAL);
    return 0;
}

/* cmd: the host's public value. Answers the sequence, both keys and the device's public value. */
static int session_key(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    unsigned char used = 0, sequence[16], key[32], mac_key[32], other[32], open[128], *answer = NULL;
    unsigned int l_open = 64;
    int code;
    EXPECT(cmds_gen_sessionkey(CMDS_MODE_SM_ECDH, CMDS_MECH_SM_AES, (unsigned int)l_cmd, cmd, &used, sequence,
                               other, &l_open, open) == (int)E_CMDS_BUFF_SIZE);
    l_open = sizeof open;
    EXPECT(cmds_gen_sessionkey(4, CMDS_MECH_SM_AES, (unsigned int)l_cmd, cmd, &used, sequence, other, &l_open,
                               open) == (int)E_CMDS_BAD_MODE &&
           cmds_gen_sessionkey(CMDS_MODE_SM_DH_MA_RSA, CMDS_MECH_SM_AES, (unsigned int)l_cmd, cmd, &used,
                               sequence, other, &l_open, open) == (int)E_CMDS_BAD_MODE &&
           cmds_gen_sessionkey(CMDS_MODE_SM_ECDH, 9, (unsigned int)l_cmd, cmd, &used, sequence, other,
                               &l_open, open) == (int)E_CMDS_BAD_MECH &&
           cmds_gen_sessionkey(CMDS_MODE_SM_ECDH, CMDS_MECH_SM_AES, 5, cmd, &used, sequence, other, &l_open,
                               open) == (int)E_CMDS_SM_DH_BAD_PARAM &&
           cmds_gen_sessionkey(CMDS_MODE_SM_ECDH, CMDS_MECH_SM_AES, 0, NULL, &used, sequence, other, &l_open,
                               open) == (int)E_CMDS_INVAL);
    EXPECT(cmds_gen_sessionkey(CMDS_MODE_SM_ECDH, CMDS_MECH_SM_AES, (unsigned int)l_cmd, cmd, &used, sequence,
                               other, &l_open, open) == 0);
    code = cmds_gen_sessionkey_ex(CMDS_MODE_SM_ECDH | CMDS_MODE_SM_FAST, CMDS_MECH_SM_AES_CMAC,
                                  (unsigned int)l_cmd, cmd, 0x4711, &used, sequence, key, &l_open, open,
                                  mac_key);
    EXPECT(code == 0 && used == CMDS_MODE_SM_ECDH && l_open == 65 && memcmp(key, other, 32) != 0);
    code = cmds_alloc_answ(handle, 16 + 32 + 32 + 65, &answer);
    if (code != 0) return code;
    memcpy(answer, sequence, 16);
    memcpy(answer + 16, key, 32);
    memcpy(answer + 48, mac_key, 32);
    memcpy(answer + 80, open, 65);
    return 0;
}

/* Answers mechanism and key of the session in which it came, or the code. */
static int own_session_key(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    unsigned char mechanism = 0, key[32], *answer = NULL;
    unsigned int length = 31;
    int code = cmds_get_sessionkey(handle, &mechanism, &length, NULL);
    (void)l_cmd;
    (void)cmd;
    EXPECT(cmds_get_sessionkey(NULL, &mechanism, &length, key) == (int)E_CMDS_INVAL &&
           cmds_get_sessionkey(handle, &mechanism, NULL, key) == (int)E_CMDS_INVAL);
    if (code != 0) return code;
    EXPECT(length == 32);
    length = 31;
    EXPECT(cmds_get_sessionkey(handle, &mechanism, &length, key) == (int)E_CMDS_BUFF_SIZE && length == 32);
    EXPECT(cmds_get_sessionkey(handle, &mechanism, &length, key) == 0 && length == 32);
    code = cmds_alloc_answ(handle, 33, &answer);
    if (code != 0) return code;
    answer[0] = mechanism;
    memcpy(answer + 1, key, 32);
    return 0;
}

static int erase(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    (void)handle;
    (void)l_cmd;
    (void)cmd;
    return cmds_erase();
}
static int critical(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    (void)handle;
    (void)l_cmd;
    (void)cmd;
    return cmds_critical_error((int)0xB1700099u);
}
