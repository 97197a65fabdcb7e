/* A module that tries the SDK from within: each function answers nothing when all is well, or the number of
 * the line that found otherwise. */
#include <cryptoserversdk/aes.h>
#include <cryptoserversdk/asn1.h>
#include <cryptoserversdk/cmds.h>
#include <cryptoserversdk/cxi.h>
#include <cryptoserversdk/db.h>
#include <cryptoserversdk/dsa.h>
#include <cryptoserversdk/ecdsa.h>
#include <cryptoserversdk/hash.h>
#include <cryptoserversdk/lna.h>
#include <cryptoserversdk/load_store.h>
#include <cryptoserversdk/mbk.h>
#include <cryptoserversdk/module_1.5.h>
#include <cryptoserversdk/os_audit.h>
#include <cryptoserversdk/os_cfg.h>
#include <cryptoserversdk/os_crypt.h>
#include <cryptoserversdk/os_file.h>
#include <cryptoserversdk/os_log.h>
#include <cryptoserversdk/os_mdl.h>
#include <cryptoserversdk/os_mem.h>
#include <cryptoserversdk/os_sema.h>
#include <cryptoserversdk/os_str.h>
#include <cryptoserversdk/os_task.h>
#include <cryptoserversdk/os_tmr.h>
#include <cryptoserversdk/pp.h>
#include <cryptoserversdk/stype.h>
#include <cryptoserversdk/util.h>
#include <cryptoserversdk/vdes.h>
#include <cryptoserversdk/vrsa.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "expect_in_module.h"
#include "published.h"

#ifndef PROBE_ID
#define PROBE_ID 0x170
#endif
#ifndef PROBE_VERSION
#define PROBE_VERSION 0x01000203
#endif
#ifndef PROBE_NAME
#define PROBE_NAME "PROB"
#define PROBE_START PROB_start
#endif

T_OS_MDL_HDL P_SMOS, P_CMDS, P_UTIL, P_DB, P_AES, P_VDES, P_HASH, P_ECA, P_ECDSA, P_ASN1, P_MBK, P_VRSA,
    P_CXI, P_DSA, P_LNA, P_PP, P_OTHER;

int PROBE_START(T_OS_MDL_HDL smos, OS_FILE_HANDLE file, void* memory);
static DB* database;
static int stopped_well;

static int echo(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    unsigned char* answer = NULL;
    const int code = cmds_alloc_answ(handle, l_cmd, &answer);
    if (code != 0) return code;
    if (l_cmd) os_mem_cpy(answer, cmd, (unsigned int)l_cmd);
    return 0;
}

static int permission(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    (void)l_cmd;
    (void)cmd;
    return check_permission(handle, 0, 2) ? (int)0xB1700001u : 0;
}

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

static int decode(const char* bytes, unsigned int length, unsigned int* count) {
    ASN1_ITEM items[8];
    int code;
    *count = 0;
    code = asn1_decode((unsigned char*)bytes, length, 0, NULL, count);
    if (code != 0) return code;
    if (*count > 8) return -1;
    return asn1_decode((unsigned char*)bytes, length, ASN_RAW_OFFSET, items, count);
}
#define DECODE(bytes) decode(bytes, sizeof bytes - 1, &count)

/* The answers that a client's tests expect (sdk-facts.md, section 6.6). */
static int asn1(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    unsigned int count = 0, size;
    ASN1_ITEM* items;
    ASN1_ITEM* found = NULL;
    unsigned char path[4] = {1, 2, 0, 0};
    unsigned char text[] = {0x30, 0x0C, 0x30, 0x07, 0x02, 0x01, 0x05,
                            0x06, 0x02, 0x2A, 0x03, 0x04, 0x01, 0x77};
    unsigned char* out;
    int steps = 9;
    (void)l_cmd;
    (void)cmd;
    EXPECT(DECODE("\x30\x01\x02\x01\x00") == (int)E_ASN1_DATASIZE);
    EXPECT(DECODE("\x30\x06\x02\x01\x00") == (int)E_ASN1_DATASIZE);
    EXPECT(DECODE("\x30\x03\x02\x02\x00") == (int)E_ASN1_DATASIZE);
    EXPECT(DECODE("\x30\x03\x02\x01") == (int)E_ASN1_DATASIZE);
    EXPECT(DECODE("\x30\x04\x02\x01\x00\xFF") == (int)E_ASN1_DATASIZE);
    EXPECT(DECODE("\x30\x03\x02\x00\x00") == (int)E_ASN1_DECODE_ERR);
    EXPECT(DECODE("\x30\x03\x02\x01\x00garbage") == 0 && count == 2);
    EXPECT(DECODE("\x30\x02\x04\x00") == 0 && count == 2);
    EXPECT(DECODE("\x30\x80\x02\x01\x00") == (int)E_ASN1_INDEF_LEN);
    EXPECT(asn1_decode(text, sizeof text, 0, NULL, &count) == 0 && count == 5);
    items = os_mem_new(count * (unsigned int)sizeof *items, OS_MEM_TYPE_SD);
    EXPECT(asn1_decode(text, sizeof text, ASN_RAW_OFFSET, items, &count) == 0);
    EXPECT(items[0].tag == ASN_SEQUENCE && items[0].nitems == 2 && items[1].nitems == 2 &&
           items[2].nitems == 0);
    EXPECT(items[1].raw_off == 2 && items[1].p_data == text + 4);
    EXPECT(asn1_find_item(items, path, &steps, &found) == 0 && found == &items[3] && steps == 2);
    path[0] = 2;
    path[1] = 0;
    EXPECT(asn1_find_item(items, path, NULL, &found) == 0 && found == &items[4]);
    path[0] = 3;
    EXPECT(asn1_find_item(items, path, NULL, &found) == (int)E_ASN1_NOT_FOUND);
    EXPECT(asn1_find_object((unsigned char*)"\x2A\x03", 2, items, &found) == 0 && found == &items[4]);
    items[0].len = items[1].len = 0xFFFFFFFF; /* of constructed items it is not looked at */
    items[2].nitems = 77;
    out = os_mem_new(20, OS_MEM_TYPE_SD);
    size = 20;
    {
        unsigned char* at = out;
        EXPECT(asn1_encode(items, count, 0, &at, &size) == 0);
        EXPECT(size == sizeof text && at == out + 20 - size && memcmp(at, text, size) == 0);
        at = out;
        size = 5;
        EXPECT(asn1_encode(items, count, 0, &at, &size) == (int)E_ASN1_BUFF_OVL);
    }
    os_mem_del_set(out, 0);
    os_mem_del_set(items, 0);
    return 0;
}

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
    os_log_print((unsigned char*)"probe says %08x\n", 0x4711u);
    return 0;
}

#include "bad.h"
#include "probe_ccm.h"
#include "probe_dsa.h"
#include "probe_edwards.h"
#include "probe_keys.h"
#include "probe_lna.h"
#include "probe_own_curves.h"
#include "probe_points.h"
#include "probe_rsa.h"
#include "probe_shares.h"
#include "probe_storage.h"
#include "probe_users.h"

static unsigned int ticks;
static void background(void* unused) {
    (void)unused;
    for (;;) {
        os_task_dly(2);
        ++ticks;
        os_log_print((unsigned char*)"background %d\n", ticks);
        if (ticks >= 3) os_task_del(os_task_id_get(), NULL);
    }
}
static int background_ticks(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    (void)l_cmd;
    (void)cmd;
    return answer_line(handle, (int)ticks);
}

static int init(void) {
    static const T_OS_TASK_PAR task = {"BACK",        0, 0, 0x2000, NULL, background, OS_MEM_TYPE_SD,
                                       OS_MEM_TYPE_SD};
    const DB_INFO info = {DB_INFO_TAG, 8, 0x100000};
#ifdef PROBE_FAILS
    return 0x4711;
#endif
    if (os_task_new(&task) == NULL) return -1;
    return db_open("probe", DB_CREAT, &info, &database);
}

static int PROBE_stop(void) {
    stopped_well = 1;
    os_log_print((unsigned char*)"probe stops\n");
#ifdef PROBE_HOLDS
    return 0; /* the database stays open */
#endif
    return database ? db_close(database) : 0;
}
static int consent_to_replace(void) { return 0; }
#ifdef PROBE_PONDERS
static int consent_to_delete(void) {
    volatile int forever = 1;
    while (forever) {
    }
    return 0;
}
#elif defined(PROBE_STAYS)
static int consent_to_delete(void) { return (int)0xB1700077u; }
#else
static int consent_to_delete(void) { return 0; }
#endif

static const T_MODULE_INFO Module_info = {MODULE_INFO_TAG, PROBE_NAME, CS2_U32_TO_BIG_ENDIAN(PROBE_ID),
                                          CS2_U32_TO_BIG_ENDIAN(PROBE_VERSION), "Probe of the SDK"};

static struct published_head Module_pub = {
    NULL, PROBE_START, PROBE_stop, consent_to_replace, consent_to_delete, NULL, &Module_info};

static T_MODULE_LINK_TAB Module_link_tab[] = {{&P_CMDS, "CMDS", 0, 0},
                                              {&P_UTIL, "UTIL", 0, 0},
                                              {&P_DB, "DB", 0, 0},
                                              {&P_AES, "AES", 0, 0},
                                              {&P_VDES, "VDES", 0, 0},
                                              {&P_HASH, "HASH", 0, 0},
                                              {&P_ECA, "ECA", 0, 0},
                                              {&P_ECDSA, "ECDSA", 0, 0},
                                              {&P_ASN1, "ASN1", 0, 0},
                                              {&P_VRSA, "VRSA", 0, 0},
                                              {&P_DSA, "DSA", 0, 0},
                                              {&P_LNA, "LNA", 0, 0},
                                              {&P_PP, "PP", 0, 0},
                                              {&P_CXI, "CXI", 0x02000800, 0},
                                              {&P_MBK, "MBK", 0x02010200, MODULE_OPTIONAL},
#ifdef PROBE_NEEDS
                                              {&P_OTHER, PROBE_NEEDS, PROBE_NEEDS_VERSION, 0},
#else
                                              {&P_OTHER, "NONE", 0, MODULE_OPTIONAL},
#endif
                                              {NULL, "", 0, 0}};

static P_CMDS_FCT Module_func_tab[] = {echo,          permission, memory,       scanf_rules, asn1,
                                       hashes,        ciphers,    curves,       databases,   fill,
                                       count_records, services,   system_calls, misbehave,   background_ticks,
                                       NULL,          echo,       rsa,          files,       volatile_records,
                                       edwards,       keys,       dsa,          eca,         ccm,
                                       lna,           shares,     users,        logged_on,   modes,
                                       session_key,   erase,      critical,     own_curves};

int PROBE_START(T_OS_MDL_HDL smos, OS_FILE_HANDLE file, void* memory_of_image) {
    (void)file;
    P_SMOS = smos;
#ifdef PROBE_LIES /* about its version */
    if (os_mdl_link_new(PROBE_NAME, PROBE_VERSION + 1, PROBE_ID, memory_of_image, &Module_pub) == 0) return 0;
    return (int)0xB1740001u;
#endif
    return module_start(memory_of_image);
}

#define MODULE_NEEDS_EXT_REFS
#define MODULE_HAS_EXT_INTERFACE
#define MODULE_INIT_TASK_FUNCTION init
#include <cryptoserversdk/module_init_1.5.c>
