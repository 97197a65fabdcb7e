#include "kdf.h"

enum { LONGEST_HASH = 64, LONGEST_SECRET = 64 * 1024 };

/* Of `counter` (0: without one) and the two parts, by HASH. */
static int hash_once(u32 algorithm, const u8* agreed, u32 l_agreed, u32 counter, int counter_first,
                     const u8* shared, u32 l_shared, u8* hash, u32* l_hash) {
    const u32 size = l_agreed + l_shared + 4;
    u8* const text = malloc(size);
    u32 at = 0;
    int code;
    if (!text) return CODE(E_ECDSA_MEM);
    if (counter && counter_first) store_int4(counter, text), at = 4;
    memcpy(text + at, agreed, l_agreed);
    at += l_agreed;
    if (counter && !counter_first) store_int4(counter, text + at), at += 4;
    if (l_shared) memcpy(text + at, shared, l_shared);
    code = sdk_hash_hash((int)algorithm, at + l_shared, text, NULL, hash, l_hash);
    explicit_bzero(text, size);
    free(text);
    return code;
}

int derive_secret(const u8* agreed, u32 l_agreed, u32 flags, const u8* shared, u32 l_shared, u8* out,
                  u32 length) {
    const int counts = (flags & (ECDSA_KDF_CT | ECDSA_KDF_CT_NIST)) != 0;
    const u32 algorithm = flags & HASH_ALGO;
    u8 hash[LONGEST_HASH];
    u32 counter = 0;
    if (flags & ECDSA_KDF_RAW) {
        if (length > l_agreed) return CODE(E_ECDSA_WRONG_DATA_SIZE);
        memcpy(out, agreed, length);
        return 0;
    }
    if (flags & ECDSA_KDF_HASH_R) return CODE(E_ECDSA_NOT_SUPP);
    if (algorithm == 0 || algorithm > HASH_SHA3_512) return CODE(E_ECDSA_BAD_HASH_ALGO);
    if (length > LONGEST_SECRET || l_shared > LONGEST_SECRET) return CODE(E_ECDSA_WRONG_DATA_SIZE);
    while (length != 0) {
        u32 l_hash = sizeof hash, part;
        const int code = hash_once(algorithm, agreed, l_agreed, counts ? ++counter : 0,
                                   (flags & ECDSA_KDF_CT_NIST) != 0, shared, l_shared, hash, &l_hash);
        if (code != 0) return code;
        if (!counts && length > l_hash) return CODE(E_ECDSA_WRONG_DATA_SIZE);
        part = length < l_hash ? length : l_hash;
        memcpy(out, hash, part);
        out += part;
        length -= part;
    }
    explicit_bzero(hash, sizeof hash);
    return 0;
}
