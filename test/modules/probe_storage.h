/* Files of the module's own, configuration files, volatile records. */

static int files(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    T_OS_FILE_INFO info;
    unsigned char bytes[64], *value = NULL, *key = NULL;
    unsigned int length = 0, l_key = 0;
    OS_CFG_HANDLE configuration = OS_CFG_INVALID_HANDLE;
    OS_FILE_HANDLE file;
    static const char text[] = "first = 1\n# a comment\n[Section]\nname = a value \r\nempty=\n";
    (void)l_cmd;
    (void)cmd;
    EXPECT(os_file_open("FLASH\\prob.cfg", OS_FILE_O_RD_ONLY) == (int)E_OS_FILE_NO_SUCH_FILE);
    EXPECT(os_file_open("FLASH\\other.cfg", OS_FILE_O_RDWR | OS_FILE_O_CREATE) == (int)E_OS_FILE_ILL_NAME);
    EXPECT(os_file_open("FLASH\\prob.key", OS_FILE_O_RDWR | OS_FILE_O_CREATE) == (int)E_OS_FILE_ILL_NAME);
    EXPECT(os_file_open("FLASH\\prob.MSC", OS_FILE_O_RDWR | OS_FILE_O_CREATE) == (int)E_OS_FILE_ILL_NAME);
    EXPECT(os_file_open("FLASH\\prob.so", OS_FILE_O_RDWR | OS_FILE_O_CREATE) == (int)E_OS_FILE_ILL_NAME);
    EXPECT(os_file_open("FLASH\\prob.MTC", OS_FILE_O_RDWR | OS_FILE_O_CREATE) == (int)E_OS_FILE_ILL_NAME);
    EXPECT(os_file_open("NVRAM\\prob.cfg", OS_FILE_O_RDWR | OS_FILE_O_CREATE) == (int)E_OS_FILE_ILL_NAME);
    EXPECT(os_file_open(NULL, 0) < 0 && os_file_read(3, bytes, 1) == (int)E_OS_FILE_HANDLE &&
           os_file_close(-1) == (int)E_OS_FILE_HANDLE && os_file_close(1000) == (int)E_OS_FILE_HANDLE);
    file = os_file_open("FLASH\\prob.cfg", OS_FILE_O_RDWR | OS_FILE_O_CREATE);
    EXPECT(file >= 0 && os_file_write(file, text, sizeof text - 1) == sizeof text - 1);
    EXPECT(os_file_length(file) == sizeof text - 1 && os_file_pos(file, 8) == 0);
    EXPECT(os_file_read(file, bytes, 4) == 4 && memcmp(bytes, "1\n# ", 4) == 0);
    EXPECT(os_file_pos_relativ(file, -3) == 0 && os_file_read(file, bytes, 64) == sizeof text - 10);
    EXPECT(os_file_read(file, bytes, 64) == 0 && os_file_pos(file, 1000) == (int)E_OS_FILE_ILL_POS);
    EXPECT(os_file_pos_relativ(file, -1000) == (int)E_OS_FILE_ILL_POS && os_file_close(file) == 0);
    EXPECT(os_file_access("FLASH\\prob.cfg", OS_FILE_EXIST) == 0);
    file = os_file_open("prob.cfg", OS_FILE_O_RD_ONLY);
    EXPECT(file >= 0 && os_file_write(file, text, 1) == (int)E_OS_FILE_NOT_OPEN && os_file_close(file) == 0);

    EXPECT(os_cfg_open("FLASH\\prob.cfg", &configuration) == 0);
    EXPECT(os_cfg_get_value(configuration, OS_CFG_GLOBAL_SECT, "first", &value, &length) == 0 &&
           length == 1 && value[0] == '1');
    EXPECT(os_cfg_get_value(configuration, "section", "NAME", &value, &length) == 0 && length == 7 &&
           memcmp(value, "a value", 8) == 0);
    EXPECT(os_cfg_get_value(configuration, "Section", "first", &value, &length) ==
           (int)E_OS_CFG_ITEM_NOT_FOUND);
    EXPECT(os_cfg_get_value(configuration, "none", "first", &value, &length) == (int)E_OS_CFG_SECT_NOT_FOUND);
    EXPECT(os_cfg_find(configuration, OS_CFG_FIND_FIRST, "Section", &key, &l_key, &value, &length) == 0 &&
           l_key == 4 && memcmp(key, "name", 4) == 0);
    EXPECT(os_cfg_find(configuration, OS_CFG_FIND_NEXT, "Section", &key, &l_key, &value, &length) == 0 &&
           l_key == 5 && length == 0);
    EXPECT(os_cfg_find(configuration, OS_CFG_FIND_NEXT, "Section", &key, &l_key, &value, &length) ==
           (int)E_OS_CFG_ITEM_NOT_FOUND);
    EXPECT(os_cfg_close(configuration) == 0 && os_cfg_close(NULL) == (int)E_OS_CFG_INVALID_HDL);

    EXPECT(os_file_rename("FLASH\\prob.cfg", "FLASH\\prob-two") == 0);
    EXPECT(os_file_access("prob.cfg", OS_FILE_EXIST) == (int)E_OS_FILE_NO_SUCH_FILE);
    file = os_file_find_first("FLASH\\prob*", &info);
    EXPECT(file >= 0 && strcmp(info.name, "prob-two") == 0 && info.size == sizeof text - 1);
    EXPECT(os_file_find_next(file, &info) == (int)E_OS_FILE_NO_SUCH_FILE);
    os_file_find_close(file);
    EXPECT(os_file_unlink("FLASH\\prob-two") == 0 &&
           os_file_unlink("prob-two") == (int)E_OS_FILE_NO_SUCH_FILE);
    EXPECT(os_file_unlink("newer.mtc") == (int)E_OS_FILE_ILL_NAME);
    return 0;
}

/* Beside k001 and k002, which databases() leaves. */
static int volatile_records(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    unsigned char key[8] = "k001\0\0\0\0";
    unsigned int count = 0, l_sec = 0;
    void* sec = NULL;
    int code;
    (void)l_cmd;
    (void)cmd;
    EXPECT(db_insert2(database, DB_VOLATILE, "k0015\0\0\0", 0, NULL, 7, "passing") == 0);
    EXPECT(db_insert2(database, DB_VOLATILE, "k0015\0\0\0", 0, NULL, 7, "passing") == (int)E_DB_EXISTS);
    EXPECT(db_insert2(database, DB_VOLATILE, "k001\0\0\0\0", 0, NULL, 1, "x") == (int)E_DB_EXISTS);
    EXPECT(db_insert(database, "k0015\0\0\0", 0, NULL, 1, "x") == (int)E_DB_EXISTS);
    EXPECT(db_insert2(database, 7, "k0016\0\0\0", 0, NULL, 1, "x") == (int)E_DB_BAD_PARAM);
    EXPECT(db_find(database, DB_GREATER, key, NULL, NULL, &l_sec, &sec) == 0 &&
           memcmp(key, "k0015", 5) == 0 && l_sec == 7 && memcmp(sec, "passing", 7) == 0);
    EXPECT(db_find(database, DB_GREATER, key, NULL, NULL, &l_sec, &sec) == 0 && memcmp(key, "k002", 5) == 0);
    EXPECT(db_find(database, DB_GREATER, key, NULL, NULL, &l_sec, &sec) == (int)E_DB_NOT_FOUND);
    memcpy(key, "       0", 8);
    while ((code = db_find(database, DB_GREATER | DB_ONLY_PERMANENT, key, NULL, NULL, &l_sec, &sec)) == 0)
        ++count;
    EXPECT(code == (int)E_DB_NOT_FOUND && count == 2);
    memcpy(key, "       0", 8);
    EXPECT(db_find(database, DB_GREATER | DB_ONLY_VOLATILE, key, NULL, NULL, &l_sec, &sec) == 0 &&
           memcmp(key, "k0015", 5) == 0);
    EXPECT(db_update(database, "k0015\0\0\0", 0, NULL, 3, "new") == 0);
    EXPECT(db_find(database, DB_EQUAL, key, NULL, NULL, &l_sec, &sec) == 0 && l_sec == 3);
    EXPECT(db_delete(database, "k0015\0\0\0") == 0 &&
           db_delete(database, "k0015\0\0\0") == (int)E_DB_NOT_FOUND);
    /* left behind: gone after a restart */
    EXPECT(db_insert2(database, DB_VOLATILE, "zzz\0\0\0\0\0", 3, "pub", 7, "passing") == 0);
    return 0;
}
