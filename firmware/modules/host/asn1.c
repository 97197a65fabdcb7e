/* ASN.1: flat tables of items in the order of the encoding (firmware-facts.md, section 6.11;
 * sdk-facts.md, 6.6). */
#include "host.h"

enum { DEEPEST = 32, LONGEST_TAG = 3, FARTHEST = 65536 };

struct decoder {
    ASN1_ITEM* table; /* NULL: counts only */
    u32 room;
    u32 count;
    u32 levels; /* to list; 0: all */
    int with_offsets;
};

/* Tag and length of one element; `at` moves to its contents. */
static int read_head(const u8** at, const u8* end, u32* tag, u32* length) {
    const u8* p = *at;
    u32 number, n;
    if (p == end) return CODE(E_ASN1_DATASIZE);
    *tag = ((u32)(*p >> 6) << 1) | ((*p >> 5) & 1u);
    number = *p++ & 0x1Fu;
    if (number == 0x1F) {
        number = 0;
        for (n = 0;; ++n) {
            if (p == end) return CODE(E_ASN1_DATASIZE);
            if (n == LONGEST_TAG) return CODE(E_ASN1_TAGSIZE);
            number = number << 7 | (*p & 0x7Fu);
            if ((*p++ & 0x80) == 0) break;
        }
    }
    *tag |= number << 3;
    if (p == end) return CODE(E_ASN1_DATASIZE);
    *length = *p++;
    if (*length == 0x80) return CODE(E_ASN1_INDEF_LEN);
    if (*length > 0x80) {
        n = *length & 0x7F;
        if (n > 4) return CODE(E_ASN1_LENSIZE);
        if ((u32)(end - p) < n) return CODE(E_ASN1_DATASIZE);
        for (*length = 0; n != 0; --n) *length = *length << 8 | *p++;
    }
    if (*length > (u32)(end - p)) return CODE(E_ASN1_DATASIZE);
    *at = p;
    return 0;
}

static int decode_element(struct decoder* decoder, const u8** at, const u8* end, u32 depth);

static int decode_children(struct decoder* decoder, const u8* at, const u8* end, u32 depth, u32* children) {
    if (depth == DEEPEST) return CODE(E_ASN1_STACK_OVL);
    for (*children = 0; at != end; ++*children) {
        const int code = decode_element(decoder, &at, end, depth);
        if (code != 0) return code;
    }
    return *children > 0xFFFF ? CODE(E_ASN1_ITEMCOUNT) : 0;
}

static int decode_element(struct decoder* decoder, const u8** at, const u8* end, u32 depth) {
    const u8* const start = *at;
    const u32 place = decoder->count;
    u32 tag, length, children = 0;
    int code = read_head(at, end, &tag, &length);
    if (code != 0) return code;
    if (tag == ASN_INTEGER && length == 0) return CODE(E_ASN1_DECODE_ERR);
    ++decoder->count;
    if (decoder->table && place >= decoder->room) return CODE(E_ASN1_TAB_OVL);
    if (ASN_IS_STRUCT(tag) && (decoder->levels == 0 || depth < decoder->levels))
        code = decode_children(decoder, *at, *at + length, depth + 1, &children);
    if (code == 0 && decoder->table) {
        ASN1_ITEM* item = &decoder->table[place];
        item->tag = tag;
        item->len = length;
        item->p_data = (u8*)(uintptr_t)*at;
        item->raw_off = decoder->with_offsets ? (unsigned short)(*at - start) : 0;
        item->nitems = (unsigned short)children;
    }
    *at += length;
    return code;
}

/* The first element only; what follows it is the caller's business. */
int sdk_asn1_decode(u8* data, u32 size, int flags, ASN1_ITEM* table, u32* count) {
    struct decoder decoder = {table, count ? *count : 0, 0, (u32)flags & ASN_LEVEL_MASK,
                              (flags & ASN_RAW_OFFSET) != 0};
    const u8* at = data;
    int code;
    if (!data || !count) return CODE(E_ASN1_DATASIZE);
    if ((flags & ~(ASN_LEVEL_MASK | ASN_RAW_OFFSET)) != 0) return CODE(E_ASN1_FLAG);
    code = decode_element(&decoder, &at, data + size, 1);
    if (code == 0) *count = decoder.count;
    return code;
}

int sdk_asn1_get_item(u32 size, u8* data, ASN1_ITEM* item) {
    u32 count = 1;
    return sdk_asn1_decode(data, size, ASN_TOP_LEVEL_ONLY | ASN_RAW_OFFSET, item, &count);
}

/* --- encoding, from the end of the buffer to its beginning --- */

static u32 length_size(u32 length, int flag) {
    if (length < 0x80 && (flag & ASN_LONG_LENGTH) == 0) return 1;
    return length < 0x100 ? 2 : length < 0x10000 ? 3 : length < 0x1000000 ? 4 : 5;
}
static u32 tag_size(u32 tag) {
    const u32 number = ASN_NUM_OF(tag);
    return number < 0x1F ? 1 : number < 0x80 ? 2 : number < 0x4000 ? 3 : 4;
}

static void write_head(u8* to, u32 tag, u32 length, int flag) {
    const u32 number = ASN_NUM_OF(tag), n = tag_size(tag), l = length_size(length, flag);
    u32 i;
    to[0] = (u8)((tag & 6) << 5 | (tag & 1) << 5 | (n == 1 ? number : 0x1F));
    for (i = 1; i < n; ++i) to[i] = (u8)((number >> (7 * (n - 1 - i)) & 0x7F) | (i + 1 < n ? 0x80 : 0));
    to += n;
    if (l == 1) {
        to[0] = (u8)length;
        return;
    }
    to[0] = (u8)(0x80 | (l - 1));
    for (i = 1; i < l; ++i) to[i] = (u8)(length >> (8 * (l - 1 - i)));
}

struct encoder {
    const ASN1_ITEM* table;
    u32 count;
    u32 next;
    int flag;
};

/* The bytes of the next element of the table, its children with it. */
static int element_size(struct encoder* encoder, u32 depth, u32* size) {
    const ASN1_ITEM* item;
    u32 i, contents = 0, one;
    if (encoder->next == encoder->count) return CODE(E_ASN1_ITEMCOUNT);
    if (depth == DEEPEST) return CODE(E_ASN1_STACK_OVL);
    item = &encoder->table[encoder->next++];
    if (!ASN_IS_STRUCT(item->tag)) {
        contents = item->len;
    } else {
        for (i = 0; i < item->nitems; ++i) {
            const int code = element_size(encoder, depth + 1, &one);
            if (code != 0) return code;
            contents += one;
        }
    }
    if (contents > 0x0FFFFFFF) return CODE(E_ASN1_SIZE_EXCEEDED);
    *size = tag_size(item->tag) + length_size(contents, encoder->flag) + contents;
    return 0;
}

static u8* write_element(struct encoder* encoder, u8* to) {
    const u32 place = encoder->next;
    const ASN1_ITEM* item = &encoder->table[place];
    u32 size = 0, contents, i;
    struct encoder measure = *encoder;
    element_size(&measure, 1, &size);
    for (contents = item->len, i = 0; ASN_IS_STRUCT(item->tag) && i == 0; ++i) {
        struct encoder inside = *encoder;
        u32 child, one;
        inside.next = place + 1;
        for (contents = 0, child = 0; child < item->nitems; ++child) {
            element_size(&inside, 1, &one);
            contents += one;
        }
    }
    write_head(to, item->tag, contents, encoder->flag);
    to += tag_size(item->tag) + length_size(contents, encoder->flag);
    ++encoder->next;
    if (!ASN_IS_STRUCT(item->tag)) {
        if (contents) memcpy(to, item->p_data, contents);
        return to + contents;
    }
    for (i = 0; i < item->nitems; ++i) to = write_element(encoder, to);
    return to;
}

int sdk_asn1_encode(ASN1_ITEM* table, u32 count, int flag, u8** buffer, u32* size) {
    struct encoder encoder = {table, count, 0, flag};
    u32 all = 0, one;
    int code;
    if (!table || !size || !buffer) return CODE(E_ASN1_DATASIZE);
    if ((flag & ~ASN_LONG_LENGTH) != 0) return CODE(E_ASN1_FLAG); /* what the other two do is not known */
    while (encoder.next < count) {
        code = element_size(&encoder, 1, &one);
        if (code != 0) return code;
        all += one;
    }
    if (!*buffer) {
        *buffer = heap_new(all, OS_MEM_TYPE_SD, NULL, 0, CALLER);
        if (!*buffer) return CODE(E_ASN1_MEM);
        *size = all;
    }
    if (all > *size) return CODE(E_ASN1_BUFF_OVL);
    *buffer += *size - all;
    *size = all;
    encoder.next = 0;
    for (u8* to = *buffer; encoder.next < count;) to = write_element(&encoder, to);
    return 0;
}

/* --- searching --- */

/* How many items there are from this one on: to the end of the block of the heap that the table lies in. */
static u32 items_behind(const ASN1_ITEM* item) {
    const u32 room = heap_room(item);
    return room ? room / (u32)sizeof *item : FARTHEST;
}

/* The item behind the subtree of `at`; `end` when the table ends before. */
static u32 behind_subtree(const ASN1_ITEM* table, u32 at, u32 end) {
    u32 open = 1;
    while (open != 0 && at < end) open += table[at++].nitems - 1u;
    return at;
}

/* A step may go beyond the parent's children and finds what follows in the table: only its end bounds the
 * walk. */
int sdk_asn1_find_item(ASN1_ITEM* item, u8* path, int* steps, ASN1_ITEM** entry) {
    const u32 end = item ? items_behind(item) : 0;
    u32 at = 0;
    int done = 0;
    if (!item || !path || !entry) return CODE(E_ASN1_NOT_FOUND);
    for (; path[done] != 0; ++done) {
        u32 skip;
        if (steps) *steps = done;
        ++at;
        for (skip = 1; skip < path[done] && at < end; ++skip) at = behind_subtree(item, at, end);
        if (at >= end) return CODE(E_ASN1_NOT_FOUND);
    }
    if (steps) *steps = done;
    *entry = item + at;
    return 0;
}

int sdk_asn1_find_object(u8* oid, u32 l_oid, ASN1_ITEM* item, ASN1_ITEM** found) {
    const u32 end = item ? behind_subtree(item, 0, items_behind(item)) : 0;
    u32 at;
    if (!oid || !found) return CODE(E_ASN1_NOT_FOUND);
    for (at = 0; at + 1 < end; ++at) {
        if (item[at].tag != ASN_OBJECT_ID || item[at].len != l_oid ||
            memcmp(item[at].p_data, oid, l_oid) != 0)
            continue;
        *found = &item[at + 1];
        return 0;
    }
    return CODE(E_ASN1_NOT_FOUND);
}
