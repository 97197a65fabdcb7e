/* Vendor-defined mechanisms: one that chains operations (derive, encrypt, MAC in one call), and bad ones. */
#include <cryptoserversdk/aes.h>
#include <cryptoserversdk/cmds.h>
#include <cryptoserversdk/cxi.h>
#include <cryptoserversdk/cxi_vdm.h>
#include <cryptoserversdk/ecdsa.h>
#include <cryptoserversdk/hash.h>
#include <cryptoserversdk/load_store.h>
#include <cryptoserversdk/module_1.5.h>
#include <cryptoserversdk/os_file.h>
#include <cryptoserversdk/os_log.h>
#include <cryptoserversdk/os_mdl.h>
#include <cryptoserversdk/os_mem.h>
#include <cryptoserversdk/os_task.h>
#include <cryptoserversdk/vrsa.h>
#include <stddef.h>
#include <string.h>

#include "published.h"

#ifndef VDM_ID
#define VDM_ID 0x176
#define VDM_NAME "VDMA"
#define VDM_START VDMA_start
#endif
#define DENIED (0xB0000001u | VDM_ID << 16)

T_OS_MDL_HDL P_SMOS, P_CXI, P_AES, P_HASH, P_ECA, P_ECDSA, P_VRSA;

int VDM_START(T_OS_MDL_HDL smos, OS_FILE_HANDLE file, void* memory);

/* MAC. CHAINED: derive by the parameter, encrypt, MAC. BY_TYPE: a signature as the key's type has it. The
 * others: what a callback must not do. */
enum {
    MAC = 21,
    CHAINED = 22,
    BY_TYPE = 23,
    TOO_LONG = 10,
    NOTHING,
    STATE,
    WRITES_BEHIND,
    CRASHES,
    DAMAGES,
    ITS_OWN_CODE
};

enum { L_MAC = 32, L_IV = 16 };

static int mac(const T_VDM_BUF* key, const unsigned char* data, unsigned int length, unsigned char* to) {
    unsigned int l_mac = L_MAC;
    return hash_hmac(HASH_SHA256, key->len, key->pBuf, length, (unsigned char*)data, NULL, to, &l_mac);
}

static int derive(const T_VDM_MECH* mechanism, const T_VDM_KEY* key, AES_KEY* made) {
    unsigned char bytes[L_MAC];
    const int code = mac(&key->priv_token, mechanism->Param.pBuf, mechanism->Param.len, bytes);
    if (code == 0) aes_pkey(L_MAC, bytes, AES_ENC, made);
    return code;
}

/* Of a SHA-256: RSA by PKCS#1, ECDSA as r and s, a custom key by HMAC over its public data and the hash. */
static int sign_by_type(const T_VDM_KEY* key, const T_VDM_BUF* in, T_VDM_BUF* result) {
    unsigned char text[64];
    unsigned int length = result->len;
    int code = (int)E_CXI_VDM_MECH_NOT_HANDLED;
    if (key->type == VDM_TYPE_RSA && key->comp.RSA.pub_exp.len == 3 && key->pub_token.len != 0)
        code = vrsa_pkcs1_sign(key->priv_token.pBuf, HASH_SHA256, in->pBuf, length, &length, result->pBuf);
    if (key->type == VDM_TYPE_ECC)
        code = ecdsa_sign(key->comp.ECC.p_dp, 0, key->priv_token.len, key->priv_token.pBuf, in->len, in->pBuf,
                          &length, result->pBuf);
    if (key->type == VDM_TYPE_DSA) { /* only what is there */
        length = 3;
        result->pBuf[0] = (unsigned char)(key->comp.DSA.p.len / 128);
        result->pBuf[1] = (unsigned char)key->comp.DSA.q.len;
        result->pBuf[2] = key->priv_token.len != 0 && key->pub_token.len != 0;
        code = 0;
    }
    if (key->type == VDM_TYPE_CUSTOM && key->comp.CUSTOM.algo == (CXI_KEY_ALGO_CUSTOM | 7) &&
        key->comp.CUSTOM.ext_or_int == VDM_INTERNAL_KEY && key->pub_data.len == 5) {
        memcpy(text, key->pub_data.pBuf, 5);
        memcpy(text + 5, in->pBuf, 32);
        code = mac(&key->priv_token, text, 37, result->pBuf);
        length = L_MAC;
    }
    result->len = length;
    return code;
}

static int sign(const T_VDM_MECH* const mechanism, const unsigned int flags, const T_VDM_KEY* const key,
                const T_VDM_BUF* const in, const T_VDM_BUF* const state_in, T_VDM_BUF* const result) {
    (void)state_in;
    if (flags != (CXI_FLAG_CRYPT_INIT | CXI_FLAG_CRYPT_FINAL)) return (int)DENIED;
    switch (mechanism->Type) {
        case MAC: {
            const int code = mac(&key->priv_token, in->pBuf, in->len, result->pBuf);
            if (code == 0) result->len = L_MAC;
            return code;
        }
        case BY_TYPE:
            return sign_by_type(key, in, result);
        case TOO_LONG:
            result->len += 1;
            return 0;
        case NOTHING:
            result->len = 0;
            return 0;
        case WRITES_BEHIND:
            memset(result->pBuf, 0, result->len + 1);
            result->len = 1;
            return 0;
        case CRASHES:
            *(volatile int*)NULL = 0;
            return 0;
        case DAMAGES: { /* the heap, while its result is good */
            unsigned char* block = os_mem_new_tag(8, OS_MEM_TYPE_SD, "vdm.c", 48);
            if (!block) return (int)DENIED;
            memset(block, 0, 9);
            memcpy(result->pBuf, "well", result->len = 4);
            return 0;
        }
        case ITS_OWN_CODE:
            return (int)DENIED;
        default:
            return (int)E_CXI_VDM_MECH_NOT_HANDLED;
    }
}

static int verify(const T_VDM_MECH* const mechanism, const unsigned int flags, const T_VDM_KEY* const key,
                  const T_VDM_BUF* const in, const T_VDM_BUF* const signature,
                  const T_VDM_BUF* const state_in, T_VDM_BUF* const state_out) {
    unsigned char expected[L_MAC];
    (void)flags;
    (void)state_in;
    (void)state_out;
    if (mechanism->Type != MAC) return (int)E_CXI_VDM_MECH_NOT_HANDLED;
    if (mac(&key->priv_token, in->pBuf, in->len, expected) != 0 || signature->len != L_MAC ||
        memcmp(expected, signature->pBuf, L_MAC) != 0)
        return (int)E_CXI_CRYPT_SIGN_VERIFY;
    return 0;
}

/* The text by a key that is derived from the key and the parameter, then a MAC over it. */
static int encrypt(const T_VDM_MECH* const mechanism, const unsigned int flags, const T_VDM_KEY* const key,
                   const T_VDM_BUF* const in, const T_VDM_BUF* const state_in, T_VDM_BUF* const out,
                   T_VDM_BUF* const state_out) {
    unsigned char iv[L_IV] = {0};
    AES_KEY derived;
    int code;
    (void)flags;
    (void)state_in;
    if (mechanism->Type == STATE) {
        state_out->len = 5;
        out->len = 1;
        return 0;
    }
    if (mechanism->Type != CHAINED || key->type != VDM_TYPE_AES) return (int)E_CXI_VDM_MECH_NOT_HANDLED;
    if (out->len < in->len + L_MAC) return (int)DENIED;
    code = derive(mechanism, key, &derived);
    if (code == 0) code = aes_cbc(&derived, AES_ENC, iv, in->len, in->pBuf, out->pBuf, NULL);
    if (code == 0) code = mac(&key->priv_token, out->pBuf, in->len, out->pBuf + in->len);
    if (code == 0) out->len = in->len + L_MAC;
    return code;
}

static int decrypt(const T_VDM_MECH* const mechanism, const unsigned int flags, const T_VDM_KEY* const key,
                   const T_VDM_BUF* const in, const T_VDM_BUF* const state_in, T_VDM_BUF* const out,
                   T_VDM_BUF* const state_out) {
    unsigned char iv[L_IV] = {0}, expected[L_MAC];
    AES_KEY derived;
    unsigned int length;
    int code;
    (void)flags;
    (void)state_in;
    (void)state_out;
    if (mechanism->Type != CHAINED) return (int)E_CXI_VDM_MECH_NOT_HANDLED;
    if (in->len < L_MAC) return (int)DENIED;
    length = in->len - L_MAC;
    code = mac(&key->priv_token, in->pBuf, length, expected);
    if (code == 0 && memcmp(expected, in->pBuf + length, L_MAC) != 0) return (int)DENIED;
    if (code == 0) code = derive(mechanism, key, &derived);
    if (code == 0) code = aes_cbc(&derived, AES_DEC, iv, length, in->pBuf, out->pBuf, NULL);
    if (code == 0) out->len = length;
    return code;
}

/* SHA-256 over "vdm" and the data. */
static int digest(const T_VDM_MECH* const mechanism, const unsigned int flags, const T_VDM_BUF* const in,
                  const T_VDM_BUF* const state_in, T_VDM_BUF* const result) {
    HASH_SHA256_INFO info;
    int code;
    (void)flags;
    (void)state_in;
    if (mechanism->Type != MAC && mechanism->Type != 0x4567) return (int)E_CXI_VDM_MECH_NOT_HANDLED;
    code = hash_sha256(0, 3, (unsigned char*)"vdm", &info, NULL);
    if (code == 0) code = hash_sha256(HASH_CONT, in->len, in->pBuf, &info, result->pBuf);
    if (code == 0) result->len = 32;
    return code;
}

/* AES: 00 01 02 …; a custom key of 40 bytes has public data as well. */
static int generate(const T_VDM_MECH* const mechanism, T_VDM_KEY* const key) {
    unsigned int i, length = key->type == VDM_TYPE_CUSTOM ? 40 : key->size / 8;
    if (mechanism->Type == TOO_LONG) {
        key->priv_token.len += 1;
        return 0;
    }
    if (mechanism->Type == NOTHING) return 0;
    if (mechanism->Type != MAC || length > key->priv_token.len) return (int)E_CXI_VDM_MECH_NOT_HANDLED;
    for (i = 0; i < length; ++i) key->priv_token.pBuf[i] = (unsigned char)i;
    key->priv_token.len = length;
    if (key->type == VDM_TYPE_CUSTOM) {
        memcpy(key->pub_data.pBuf, "open!", 5);
        key->pub_data.len = 5;
    }
    return 0;
}

static int derive_key(const T_VDM_MECH* const mechanism, const T_VDM_KEY* const base, T_VDM_KEY* const key) {
    int code;
    if (mechanism->Type != MAC) return (int)E_CXI_VDM_MECH_NOT_HANDLED;
    code = mac(&base->priv_token, mechanism->Param.pBuf, mechanism->Param.len, key->priv_token.pBuf);
    key->priv_token.len = key->size / 8;
    return code;
}

/* The key by a mask that the wrapping key and the parameter make. */
static int mask(const T_VDM_MECH* mechanism, const T_VDM_KEY* wrapping, const T_VDM_BUF* in,
                unsigned char* out) {
    unsigned char bytes[L_MAC];
    unsigned int i;
    const int code = mac(&wrapping->priv_token, mechanism->Param.pBuf, mechanism->Param.len, bytes);
    for (i = 0; i < in->len && code == 0; ++i) out[i] = in->pBuf[i] ^ bytes[i % L_MAC];
    return code;
}
static int wrap(const T_VDM_MECH* const mechanism, const T_VDM_KEY* const wrapping,
                const T_VDM_KEY* const key, T_VDM_BUF* const wrapped) {
    if (mechanism->Type != MAC) return (int)E_CXI_VDM_MECH_NOT_HANDLED;
    wrapped->len = key->priv_token.len;
    return mask(mechanism, wrapping, &key->priv_token, wrapped->pBuf);
}
static int unwrap(const T_VDM_MECH* const mechanism, const T_VDM_KEY* const unwrapping,
                  const T_VDM_BUF* const wrapped, T_VDM_KEY* const key) {
    if (mechanism->Type != MAC) return (int)E_CXI_VDM_MECH_NOT_HANDLED;
    key->priv_token.len = wrapped->len;
    return mask(mechanism, unwrapping, wrapped, key->priv_token.pBuf);
}

/* Objects to the end of every other custom key. */
static int destroy(const T_VDM_KEY* const key) {
    static unsigned int asked;
    os_log_print((unsigned char*)"vdm: a key of %d bytes ends\n", key->priv_token.len);
    return ++asked % 2 == 0 ? 0 : (int)DENIED;
}

static int init(void) {
    T_CXI_VDM_CB callbacks[] = {{VDM_FCT_SIGN, {NULL}},    {VDM_FCT_VERIFY, {NULL}},
                                {VDM_FCT_ENCRYPT, {NULL}}, {VDM_FCT_DECRYPT, {NULL}},
                                {VDM_FCT_DIGEST, {NULL}},  {VDM_FCT_GENKEY, {NULL}},
                                {VDM_FCT_DERIVE, {NULL}},  {VDM_FCT_WRAP, {NULL}},
                                {VDM_FCT_UWRAP, {NULL}},   {VDM_FCT_DELKEY, {NULL}}};
    unsigned int i;
    int code = 0;
    callbacks[0].cbFct.Sign = sign;
    callbacks[1].cbFct.Verify = verify;
    callbacks[2].cbFct.Encrypt = encrypt;
    callbacks[3].cbFct.Decrypt = decrypt;
    callbacks[4].cbFct.Digest = digest;
    callbacks[5].cbFct.GenKey = generate;
    callbacks[6].cbFct.Derive = derive_key;
    callbacks[7].cbFct.Wrap = wrap;
    callbacks[8].cbFct.Unwrap = unwrap;
    callbacks[9].cbFct.DelKey = destroy;
    if (cxi_int_register_vdm(NULL, VDM_PRIORITY_DEFAULT) == 0) return (int)DENIED;
    for (i = 0; code == 0 && i < sizeof callbacks / sizeof callbacks[0]; ++i)
        code = cxi_int_register_vdm(&callbacks[i], VDM_PRIORITY_DEFAULT);
    return code;
}

static int consent(void) { return 0; }

static const T_MODULE_INFO Module_info = {MODULE_INFO_TAG, VDM_NAME, CS2_U32_TO_BIG_ENDIAN(VDM_ID),
                                          CS2_U32_TO_BIG_ENDIAN(0x01000000), "vendor-defined mechanisms"};

static struct published_head Module_pub = {NULL, VDM_START, consent, consent, consent, NULL, &Module_info};

static T_MODULE_LINK_TAB Module_link_tab[] = {
    {&P_CXI, "CXI", 0x02000800, 0}, {&P_AES, "AES", 0, 0},   {&P_HASH, "HASH", 0, 0}, {&P_ECA, "ECA", 0, 0},
    {&P_ECDSA, "ECDSA", 0, 0},      {&P_VRSA, "VRSA", 0, 0}, {NULL, "", 0, 0}};

int VDM_START(T_OS_MDL_HDL smos, OS_FILE_HANDLE file, void* memory) {
    (void)file;
    P_SMOS = smos;
    return module_start(memory);
}

#define MODULE_NEEDS_EXT_REFS
#define MODULE_INIT_TASK_FUNCTION init
#include <cryptoserversdk/module_init_1.5.c>
