/* Tokens of VRSA (vrsa.h). */
#include "vrsa.h"

#include <stdarg.h>

static const u8 token_tag[4] = {'R', 'S', 'A', 'T'};

/* --- numbers on their way to the simulator --- */

void add_number(struct numbers* numbers, u32 which, u32 length, const u8* bytes) {
    if (!bytes || length == 0) return;
    while (length > 1 && *bytes == 0) {
        ++bytes;
        --length;
    }
    if (length > LONGEST_NUMBER || numbers->length + 3 + length > sizeof numbers->bytes) {
        numbers->too_long = 1;
        return;
    }
    numbers->bytes[numbers->length] = (u8)which;
    store_int2(length, numbers->bytes + numbers->length + 1);
    memcpy(numbers->bytes + numbers->length + 3, bytes, length);
    numbers->length += 3 + length;
}

const u8* find_number(const u8* at, u32 left, u32 which, u32* length) {
    while (left >= 3) {
        const u32 here = load_int2(at + 1);
        if (here > left - 3) return NULL;
        if (at[0] == which) {
            *length = here;
            return at + 3;
        }
        at += 3 + here;
        left -= 3 + here;
    }
    return NULL;
}

/* --- tokens --- */

u32 token_size(const u8* token) {
    u32 size;
    if (!token || memcmp(token, token_tag, sizeof token_tag) != 0) return 0;
    size = load_int4(token + 4);
    return size >= TOKEN_HEAD && size <= LONGEST_TOKEN ? size : 0;
}

int add_token(struct numbers* numbers, const u8* token) {
    const u32 size = token_size(token);
    const u8* at = token + TOKEN_HEAD;
    u32 left;
    if (size == 0) return CODE(E_VRSA_NO_KEYTOKEN);
    for (left = size - TOKEN_HEAD; left >= 3;) {
        const u32 length = load_int2(at + 1);
        u32 known;
        if (length > left - 3) return CODE(E_VRSA_KEYT_LEN);
        /* of two tokens the first counts where both have a number */
        if (!find_number(numbers->bytes, numbers->length, at[0], &known))
            add_number(numbers, at[0], length, at + 3);
        at += 3 + length;
        left -= 3 + length;
    }
    return 0;
}

/* The numbers of `mask` as a token into `out`; its size. */
u32 write_token(const struct numbers* numbers, u32 mask, u8* out) {
    u32 bit, size = TOKEN_HEAD;
    for (bit = 1; bit < 0x100; bit <<= 1) {
        u32 length;
        const u8* bytes = mask & bit ? find_number(numbers->bytes, numbers->length, bit, &length) : NULL;
        if (!bytes) continue;
        if (out) memcpy(out + size, bytes - 3, 3 + length);
        size += 3 + length;
    }
    if (out) {
        memcpy(out, token_tag, sizeof token_tag);
        store_int4(size, out + 4);
    }
    return size;
}

u8* new_token(const struct numbers* numbers, u32 mask, const void* caller) {
    u8* token = heap_new(write_token(numbers, mask, NULL), OS_MEM_TYPE_SECURE, NULL, 0, caller);
    if (token) write_token(numbers, mask, token);
    return token;
}

int sdk_vrsa_mk_token(u8** token, int memory, ...) {
    struct numbers numbers = {0, 0, {0}};
    va_list arguments;
    u32 which;
    (void)memory;
    if (!token) return CODE(E_VRSA_INV_PARAM);
    va_start(arguments, memory); /* which, length, bytes, … to VRSA_KC_END (our assumption) */
    /* The analyzer overlooks that. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    while ((which = va_arg(arguments, u32)) != VRSA_KC_END) {
        const u32 length = va_arg(arguments, u32);
        const u8* bytes = va_arg(arguments, const u8*);
        u32 known;
        if ((which & ~(u32)VRSA_KC_ALL) != 0 || (which & (which - 1)) != 0 || !bytes || length == 0 ||
            find_number(numbers.bytes, numbers.length, which, &known)) {
            va_end(arguments);
            return bytes ? CODE(E_VRSA_DOUBLE_COMP) : CODE(E_VRSA_INV_PARAM);
        }
        add_number(&numbers, which, length, bytes);
    }
    va_end(arguments);
    if (numbers.too_long) return CODE(E_VRSA_INV_PARAM);
    *token = new_token(&numbers, VRSA_KC_ALL, CALLER);
    explicit_bzero(&numbers, sizeof numbers);
    return *token ? 0 : CODE(E_VRSA_MEM);
}

int sdk_vrsa_get_comp(int which, u8* token, u32* length, u8** bytes) {
    const u32 size = token_size(token);
    const u8* found;
    u32 l_found;
    if (size == 0) return CODE(E_VRSA_NO_KEYTOKEN);
    found = find_number(token + TOKEN_HEAD, size - TOKEN_HEAD, (u32)which, &l_found);
    if (!found) return CODE(E_VRSA_NO_COMP);
    if (length) *length = l_found;
    if (bytes) *bytes = (u8*)(uintptr_t)found;
    return 0;
}
int sdk_vrsa_get_size(u8* token) {
    return token_size(token) ? (int)token_size(token) : CODE(E_VRSA_NO_KEYTOKEN);
}
int sdk_vrsa_chk_size(u8* token, u32 room, u32* length) {
    const u32 size = room >= TOKEN_HEAD ? token_size(token) : 0;
    if (size == 0) return CODE(E_VRSA_NO_KEYTOKEN);
    if (size > room) return CODE(E_VRSA_KEYT_LEN);
    if (length) *length = size;
    return 0;
}
