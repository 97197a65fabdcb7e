/* Digests, HMAC, key derivation. An unfinished digest is kept by the simulator; the info structure names it,
 * and may be copied: each continuation makes a state of its own. */
#include "host.h"

enum { PART = 512 * 1024, LONGEST = 256 * 1024 };

struct kept { /* what stands at the beginning of an info structure */
    u32 magic;
    u32 state;
};
#define KEPT 0x4B455054u

struct algorithm {
    int id;
    u32 length; /* 0: the caller says */
    u32 l_oid;
    const char* oid;
};
static const struct algorithm algorithms[] = {
    {HASH_SHA1, 20, 5, "\x2B\x0E\x03\x02\x1A"},
    {HASH_RMD160, 20, 5, "\x2B\x24\x03\x02\x01"},
    {HASH_MD5, 16, 8, "\x2A\x86\x48\x86\xF7\x0D\x02\x05"},
    {HASH_SHA224, 28, 9, "\x60\x86\x48\x01\x65\x03\x04\x02\x04"},
    {HASH_SHA256, 32, 9, "\x60\x86\x48\x01\x65\x03\x04\x02\x01"},
    {HASH_SHA384, 48, 9, "\x60\x86\x48\x01\x65\x03\x04\x02\x02"},
    {HASH_SHA512, 64, 9, "\x60\x86\x48\x01\x65\x03\x04\x02\x03"},
    {HASH_SHA3_224, 28, 9, "\x60\x86\x48\x01\x65\x03\x04\x02\x07"},
    {HASH_SHA3_256, 32, 9, "\x60\x86\x48\x01\x65\x03\x04\x02\x08"},
    {HASH_SHA3_384, 48, 9, "\x60\x86\x48\x01\x65\x03\x04\x02\x09"},
    {HASH_SHA3_512, 64, 9, "\x60\x86\x48\x01\x65\x03\x04\x02\x0A"},
    {HASH_SHAKE128, 0, 9, "\x60\x86\x48\x01\x65\x03\x04\x02\x0B"},
    {HASH_SHAKE256, 0, 9, "\x60\x86\x48\x01\x65\x03\x04\x02\x0C"},
};

static const struct algorithm* algorithm_of(int mode) {
    u32 i;
    for (i = 0; i < sizeof algorithms / sizeof algorithms[0]; ++i)
        if (algorithms[i].id == (mode & HASH_ALGO)) return &algorithms[i];
    return NULL;
}

/* Without HASH_CONT a digest begins, whatever is in the info; with it the one that the info names goes on. It
 * ends where the caller wants the digest. */
static int begin(int mode, const struct kept* info, u32* state) {
    *state = 0;
    if ((mode & HASH_CONT) == 0) return 0;
    if (!info || info->magic != KEPT) return CODE(E_HASH_PARAMETER);
    *state = info->state;
    return 0;
}

/* One step over the whole of `data`; key NULL: a plain digest. */
static int step(int mode, u32* state, int keep, int finish, u32 length, const u8* data, u32 l_key,
                const u8* key, u8* out, u32 l_out) {
    const int mac = key != NULL;
    for (;;) {
        const u32 part = length < PART ? length : PART;
        const int last = part == length;
        struct request request = request_for(mac ? SERVICE_hmac : SERVICE_hash);
        struct answer answer;
        int code;
        put_number(&request, (u32)(mode & HASH_ALGO), 4);
        put_number(&request, *state, 4);
        put_number(&request, (u32)(keep || !last), 1);
        put_number(&request, (u32)(finish && last), 1);
        if (mac)
            put_bytes(&request, 4, key, l_key);
        else
            put_number(&request, l_out, 4);
        put_raw(&request, data, part);
        code = ask(&request, &answer);
        if (code != 0) return code;
        *state = get_number(&answer, 4);
        if (last && finish) memcpy(out, get_raw(&answer, l_out), l_out);
        if (last) return 0;
        data += part;
        length -= part;
    }
}

static int digest(int mode, u32 length, const u8* data, void* info, u8* hash, u32 l_hash) {
    struct kept* kept = info;
    u32 state;
    int code = begin(mode, kept, &state);
    if (code != 0) return code;
    if (!data && length) return CODE(E_HASH_PARAMETER);
    if (!kept && !hash) return CODE(E_HASH_PARAMETER);
    code = step(mode, &state, kept && !hash, hash != NULL, length, data, 0, NULL, hash, l_hash);
    if (code == 0 && kept && !hash) {
        kept->magic = KEPT;
        kept->state = state;
    }
    return code;
}

int sdk_hash_hash(int mode, u32 length, u8* data, void* info, u8* hash, u32* l_hash) {
    const struct algorithm* algorithm = algorithm_of(mode);
    int code;
    if (!algorithm || (algorithm->length == 0 && !l_hash)) return CODE(E_HASH_MODE);
    if (hash && l_hash && *l_hash < algorithm->length) return CODE(E_HASH_LEN);
    code = digest(mode, length, data, info, hash, algorithm->length ? algorithm->length : *l_hash);
    if (code == 0 && hash && l_hash && algorithm->length) *l_hash = algorithm->length;
    return code;
}

#define DIGEST(name, id, type)                                                                      \
    int sdk_hash_##name(int mode, u32 length, u8* data, type* info, u8* hash) {                     \
        return digest((mode & HASH_CONT) | id, length, data, info, hash, algorithm_of(id)->length); \
    }
DIGEST(sha1, HASH_SHA1, HASH_SHA1_INFO)
DIGEST(rmd160, HASH_RMD160, HASH_RMD160_INFO)
DIGEST(sha224, HASH_SHA224, HASH_SHA224_INFO)
DIGEST(sha256, HASH_SHA256, HASH_SHA256_INFO)
DIGEST(md5, HASH_MD5, HASH_MD5_INFO)
DIGEST(sha384, HASH_SHA384, HASH_SHA384_INFO)
DIGEST(sha512, HASH_SHA512, HASH_SHA512_INFO)
DIGEST(sha3_224, HASH_SHA3_224, HASH_SHA3_INFO)
DIGEST(sha3_256, HASH_SHA3_256, HASH_SHA3_INFO)
DIGEST(sha3_384, HASH_SHA3_384, HASH_SHA3_INFO)
DIGEST(sha3_512, HASH_SHA3_512, HASH_SHA3_INFO)

#define SHAKE(name, id)                                                                               \
    int sdk_hash_##name(int mode, u32 length, u8* data, HASH_SHA3_INFO* info, u32 l_hash, u8* hash) { \
        if (l_hash > LONGEST) return CODE(E_HASH_LEN);                                                \
        return digest((mode & HASH_CONT) | id, length, data, info, hash, l_hash);                     \
    }
SHAKE(shake128, HASH_SHAKE128)
SHAKE(shake256, HASH_SHAKE256)

int sdk_hash_hmac(int mode, u32 l_key, u8* key, u32 length, u8* data, HASH_HMAC_INFO* info, u8* mac,
                  u32* l_mac) {
    const struct algorithm* algorithm = algorithm_of(mode);
    struct kept* kept = (struct kept*)info;
    u32 state;
    int code;
    if (!algorithm || algorithm->length == 0) return CODE(E_HASH_MODE);
    if ((!key && l_key) || (!data && length) || (!kept && !mac)) return CODE(E_HASH_PARAMETER);
    if (mac && l_mac && *l_mac < algorithm->length) return CODE(E_HASH_LEN);
    code = begin(mode, kept, &state);
    if (code != 0) return code;
    code = step(mode, &state, kept && !mac, mac != NULL, length, data, key ? l_key : 0,
                key ? key : (const u8*)"", mac, algorithm->length);
    if (code != 0) return code;
    if (kept && !mac) {
        kept->magic = KEPT;
        kept->state = state;
    }
    if (mac && l_mac) *l_mac = algorithm->length;
    return 0;
}

int sdk_hash_get_info(int mode, u32* length, u32* l_oid, u8** oid) {
    const struct algorithm* algorithm = algorithm_of(mode);
    if (!algorithm) return CODE(E_HASH_MODE);
    if (length) *length = algorithm->length;
    if (l_oid) *l_oid = algorithm->l_oid;
    if (oid) *oid = (u8*)(uintptr_t)algorithm->oid;
    return 0;
}
int sdk_hash_get_oid(int mode, u32* l_oid, u8** oid) { return sdk_hash_get_info(mode, NULL, l_oid, oid); }

int sdk_hash_kdf_sp800108(int algorithm, u32 l_ki, u8* ki, u32 l_iv, u8* iv, u32 l_fixed, u8* fixed,
                          u32 length, u8** key) {
    struct request request = request_for(SERVICE_kdf_sp800108);
    struct answer answer;
    int code;
    if (!key || length == 0 || length > LONGEST) return CODE(E_HASH_PARAMETER);
    if ((algorithm & KDF_MOD_MASK) != KDF_MOD_FEEDBACK || (algorithm & KDF_PRF_MASK) != KDF_PRF_HMAC)
        return CODE(E_HASH_FUNCTION); /* the other modes are reserved */
    put_number(&request, (u32)algorithm & HASH_ALGO, 4);
    put_bytes(&request, 4, ki, l_ki);
    put_bytes(&request, 4, iv, l_iv);
    put_bytes(&request, 4, fixed, l_fixed);
    put_number(&request, length, 4);
    code = ask(&request, &answer);
    if (code != 0) return code;
    *key = heap_new(length, OS_MEM_TYPE_SECURE, NULL, 0, CALLER);
    if (!*key) return CODE(E_HASH_MEM);
    memcpy(*key, get_raw(&answer, length), length);
    return 0;
}
