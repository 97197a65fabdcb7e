/* ASN.1. */

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
