/* Databases. */

/* Records with an open and a secret part; the whole database read with DB_GREATER. */
static int databases(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    unsigned char key[12] = "k000\0\0\0\0", start[8] = "       0";
    unsigned int l_pub = 77, l_sec = 77, count = 0;
    void *pub = NULL, *sec = NULL;
    DB* second = NULL;
    DB_INFO info = {DB_INFO_TAG, 9, 1000};
    int code;
    (void)l_cmd;
    (void)cmd;
    EXPECT(db_insert(database, "k002\0\0\0\0", 3, "pub", 6, "secret") == 0);
    EXPECT(db_insert(database, "k001\0\0\0\0", 0, NULL, 5, "first") == 0);
    EXPECT(db_insert(database, "k003\0\0\0\0", 0, NULL, 0, NULL) == 0);
    EXPECT(db_insert(database, "k003\0\0\0\0", 0, NULL, 1, "x") == (int)E_DB_EXISTS);
    memcpy(key, "k002\0\0\0\0", 8);
    EXPECT(db_find(database, DB_EQUAL, key, &l_pub, &pub, &l_sec, &sec) == 0);
    EXPECT(l_pub == 3 && memcmp(pub, "pub", 3) == 0 && l_sec == 6 && memcmp(sec, "secret", 6) == 0 &&
           ((size_t)sec & 3) == 0);
    memcpy(key, start, 8);
    while ((code = db_find(database, DB_GREATER, key, NULL, NULL, &l_sec, &sec)) == 0) ++count;
    EXPECT(code == (int)E_DB_NOT_FOUND && count == 3 && memcmp(key, "k003\0\0\0\0", 8) == 0);
    memcpy(key, "k0015\0\0\0", 8);
    EXPECT(db_find(database, DB_GTEQ, key, NULL, NULL, &l_sec, &sec) == 0 && memcmp(key, "k002", 4) == 0);
    EXPECT(db_update(database, "k002\0\0\0\0", 0, NULL, 3, "new") == 0);
    EXPECT(db_find(database, DB_EQUAL, key, &l_pub, &pub, &l_sec, &sec) == 0 && l_pub == 0 && l_sec == 3);
    EXPECT(db_delete(database, "k003\0\0\0\0") == 0 &&
           db_delete(database, "k003\0\0\0\0") == (int)E_DB_NOT_FOUND);
    EXPECT(db_open("probe", DB_CREAT, &info, &second) == (int)E_DB_BAD_INFO);
    info.tag = 1;
    EXPECT(db_open("probe", DB_CREAT, &info, &second) == (int)E_DB_BAD_INFO);
    EXPECT(db_open("user", DB_RDWR, NULL, &second) == (int)E_DB_BAD_NAME);
    EXPECT(db_open("../x", DB_CREAT, NULL, &second) != 0 && db_open("absent", DB_RDWR, NULL, &second) != 0);
    EXPECT(db_open("probe", DB_RDONLY, NULL, &second) == 0 &&
           db_insert(second, "k009\0\0\0\0", 0, NULL, 0, NULL) != 0);
    EXPECT(db_close(second) == 0 && db_close(second) == (int)E_DB_BAD_HANDLE);
    return 0;
}

/* Adds records 00000000, 00000001 …; cmd: their number. */
static int fill(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    unsigned int i;
    unsigned char key[9];
    int code = 0;
    (void)handle;
    if (l_cmd != 4) return (int)E_CMDS_DATA_LEN;
    for (i = 0; i < load_int4(cmd) && code == 0; ++i) {
        os_str_snprintf(key, 9, "%08x", i);
        code = db_insert(database, key, 0, NULL, 40, "forty bytes of a secret that stays sealed");
    }
    return code;
}

/* How many records there are. */
static int count_records(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    unsigned char key[8] = "       0";
    unsigned int count = 0, l_sec;
    void* sec;
    int code;
    (void)l_cmd;
    (void)cmd;
    while ((code = db_find(database, DB_GREATER, key, NULL, NULL, &l_sec, &sec)) == 0) ++count;
    return code == (int)E_DB_NOT_FOUND ? answer_line(handle, (int)count) : code;
}
