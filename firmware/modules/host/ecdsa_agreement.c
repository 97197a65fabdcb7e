/* ECDSA: agreement, with a key of its own for this once too, and ECIES. */
#include "ec.h"
#include "kdf.h"

enum { LONGEST_SECRET = LONGEST_FIELD, LONGEST_KEY = 128, LONGEST_TEXT = 256 * 1024, DES_BLOCK = 8 };

/* The X coordinate. */
static int agree(const ECDP* curve, u32 l_peer, const u8* peer, u32 l_x, const u8* x, u8* out) {
    struct request request = request_for(SERVICE_ec_dh);
    struct answer answer;
    int code;
    put_number(&request, curve->place, 4);
    put_bytes(&request, 2, x, l_x);
    put_bytes(&request, 2, peer, l_peer);
    code = ask(&request, &answer);
    if (code == 0) memcpy(out, get_raw(&answer, curve->l_field), curve->l_field);
    return code;
}

/* The own public key is not needed: it follows from x. */
int sdk_ecdsa_dh_ex(ECDP* curve, u32 l_peer, u8* peer, u32 l_x, u8* x, u32 l_y, u8* y, u32 flags,
                    u32 l_shared, u8* shared, u32 l_secret, u8* secret) {
    u8 agreed[LONGEST_SECRET];
    int code;
    (void)l_y, (void)y;
    if (!is_curve(curve) || !peer || !x || !secret) return CODE(E_ECDSA_BAD_PARAM);
    if ((flags & ECDSA_KDF_RAW) && l_secret > curve->l_field) return CODE(E_ECDSA_WRONG_DATA_SIZE);
    code = agree(curve, l_peer, peer, l_x, x, agreed);
    if (code == 0)
        code = derive_secret(agreed, curve->l_field, flags, shared, shared ? l_shared : 0, secret, l_secret);
    explicit_bzero(agreed, sizeof agreed);
    return code;
}
int sdk_ecdsa_dh(ECDP* curve, u32 l_peer, u8* peer, u32 l_x, u8* x, u32 l_y, u8* y, u32 flags, u32 l_secret,
                 u8* secret) {
    return sdk_ecdsa_dh_ex(curve, l_peer, peer, l_x, x, l_y, y, flags, 0, NULL, l_secret, secret);
}

/* BSI TR-03111, 4.3.1: the point, 04 || X || Y, and its X coordinate; either may be left out. The cofactor of
 * each curve here is 1. */
int sdk_ecdsa_agree_secret_tr03111(ECDP* curve, u32 l_y, u8* y, u32 l_x, u8* x, u32 l_point, u8* point,
                                   u32 l_value, u8* value) {
    struct request request = request_for(SERVICE_ec_sum);
    struct answer answer;
    const u8* made;
    u32 length;
    int code;
    if (!is_curve(curve) || !y || !x || (!point && !value)) return CODE(E_ECDSA_BAD_PARAM);
    if ((point && l_point != 1 + 2 * curve->l_field) || (value && l_value != curve->l_field))
        return CODE(E_ECDSA_WRONG_DATA_SIZE);
    put_number(&request, curve->place, 4);
    put_bytes(&request, 2, NULL, 0);
    put_bytes(&request, 2, x, l_x);
    put_bytes(&request, 2, y, l_y);
    put_bytes(&request, 2, NULL, 0);
    code = ask(&request, &answer);
    if (code != 0) return code;
    made = get_rest(&answer, &length);
    if (length != 1 + 2 * curve->l_field) return CODE(E_ECDSA_ALL_ZERO);
    if (point) memcpy(point, made, length);
    if (value) memcpy(value, made + 1, curve->l_field);
    return 0;
}

/* With a new pair, whose public key it gives in a block. */
int sdk_ecdsa_dh_gen_ex(ECDP* curve, u32 l_y, u8* y, ECPCP* prepared, u32 flags, u32 l_shared, u8* shared,
                        u32 l_secret, u8* secret, u32* l_r, u8** r) {
    u8 *x = NULL, *open = NULL;
    u32 l_x = 0, l_open = 0;
    int code;
    if (!y && prepared) {
        y = prepared->y;
        l_y = prepared->l_y;
    }
    if (!y || !secret || !l_r || !r) return CODE(E_ECDSA_BAD_PARAM);
    code = sdk_ecdsa_keygen(curve, flags & (ECA_FMT_MASK | ECA_FMT_X), &l_x, &x, &l_open, &open);
    if (code != 0) return code;
    code = sdk_ecdsa_dh_ex(curve, l_y, y, l_x, x, 0, NULL, flags, l_shared, shared, l_secret, secret);
    sdk_os_mem_del_set(x, 0);
    if (code != 0) {
        sdk_os_mem_del_set(open, 0);
        return code;
    }
    *l_r = l_open;
    *r = open;
    return 0;
}
int sdk_ecdsa_dh_gen(ECDP* curve, u32 l_y, u8* y, ECPCP* prepared, u32 flags, u32 l_secret, u8* secret,
                     u32* l_r, u8** r) {
    return sdk_ecdsa_dh_gen_ex(curve, l_y, y, prepared, flags, 0, NULL, l_secret, secret, l_r, r);
}

/* --- ECIES: R || encrypted || MAC (SEC 1, section 5.1). The cipher's initial vector is zero, its padding
 * PKCS's; the MAC is of the encrypted text and the second shared information (our assumption) --- */

struct ecies {
    u32 kdf;   /* flags of derive_secret() */
    u32 l_key; /* 0: exclusive or */
    u32 block; /* of the cipher */
    u32 mac;   /* HASH_* */
    u32 l_mac_key, l_mac;
    const u8 *shared1, *shared2;
    u32 l_shared1, l_shared2;
};

static int hash_size(u32 algorithm, u32* size) {
    u32 l_oid;
    u8* oid;
    return sdk_hash_get_info((int)algorithm, size, &l_oid, &oid) == 0 ? 0 : CODE(E_ECDSA_BAD_HASH_ALGO);
}

static int read_algorithms(struct ecies* ecies, u32 dh_mode, u32 hash, u32 cipher, u32 mac) {
    u32 l_hash = 0;
    int code = hash_size(mac & ECDSA_ECIES_HMAC_ALGO_MASK, &l_hash);
    if (code != 0) return code;
    ecies->kdf = (dh_mode & ~(u32)HASH_ALGO) | (hash & HASH_ALGO);
    if ((ecies->kdf & (ECDSA_KDF_RAW | ECDSA_KDF_CT_NIST)) == 0) ecies->kdf |= ECDSA_KDF_CT;
    ecies->mac = mac & ECDSA_ECIES_HMAC_ALGO_MASK;
    ecies->l_mac_key = l_hash;
    ecies->l_mac = l_hash;
    switch (cipher & ECDSA_ECIES_ALGO_MASK) {
        case ECDSA_ECIES_XOR:
            ecies->l_key = 0;
            break;
        case ECDSA_ECIES_AES:
            ecies->l_key = cipher & ECDSA_ECIES_AES_LEN_MASK;
            ecies->block = AES_BLOCK_SIZE;
            if (ecies->l_key != 16 && ecies->l_key != 24 && ecies->l_key != 32)
                return CODE(E_ECDSA_ECIES_PARAM);
            break;
        case ECDSA_ECIES_DES: /* of two or three keys; no length stands for three */
            ecies->l_key = cipher & ECDSA_ECIES_AES_LEN_MASK ? cipher & ECDSA_ECIES_AES_LEN_MASK : 24;
            ecies->block = DES_BLOCK;
            if (ecies->l_key != 16 && ecies->l_key != 24) return CODE(E_ECDSA_ECIES_PARAM);
            break;
        default:
            return CODE(E_ECDSA_NOT_SUPP);
    }
    switch (mac & ECDSA_ECIES_ALGO_MASK) {
        case ECDSA_ECIES_HMAC:
            if (mac & ECDSA_ECIES_HMAC_KEYLEN_MASK)
                ecies->l_mac_key = (mac & ECDSA_ECIES_HMAC_KEYLEN_MASK) >> 12;
            break;
        case ECDSA_ECIES_MAC1: /* an HMAC of which the first bytes count */
            if (mac & ECDSA_ECIES_MAC1_MACLEN_MASK) ecies->l_mac = mac >> ECDSA_ECIES_MAC1_MACLEN_SHIFT;
            if (ecies->l_mac < ECDSA_ECIES_MAC1_MACLEN_MIN || ecies->l_mac > l_hash)
                return CODE(E_ECDSA_BAD_MAC1_MAC_LEN);
            break;
        default:
            return CODE(E_ECDSA_NOT_SUPP);
    }
    return ecies->l_mac_key > LONGEST_KEY ? CODE(E_ECDSA_ECIES_PARAM) : 0;
}

/* CBC without initial vector, padded as PKCS. */
static int encrypt_blocks(const struct ecies* ecies, u8* key, const u8* in, u32 length, u8* out) {
    u8* const plain = (u8*)(uintptr_t)in;
    VDES_KEY for_des;
    AES_KEY for_aes;
    int code;
    if (ecies->block == DES_BLOCK) {
        sdk_vdes_pkey((int)ecies->l_key, key, &for_des);
        code = sdk_vdes_cbc_xpad(&for_des, VDES_ENC, VDES_PAD_PKCS, NULL, length, plain, out);
        explicit_bzero(&for_des, sizeof for_des);
        return code;
    }
    sdk_aes_pkey((int)ecies->l_key, key, AES_ENC, &for_aes);
    code = sdk_aes_cbc_xpad(&for_aes, AES_ENC, AES_PAD_PKCS, NULL, length, plain, out);
    explicit_bzero(&for_aes, sizeof for_aes);
    return code;
}
static int decrypt_blocks(const struct ecies* ecies, u8* key, const u8* in, u32* length, u8* out) {
    u8* const sealed = (u8*)(uintptr_t)in;
    VDES_KEY for_des;
    AES_KEY for_aes;
    int code;
    if (ecies->block == DES_BLOCK) {
        sdk_vdes_pkey((int)ecies->l_key, key, &for_des);
        code = sdk_vdes_cbc(&for_des, (int)VDES_DEC, NULL, *length, sealed, out, NULL);
        explicit_bzero(&for_des, sizeof for_des);
        return code ? code : sdk_vdes_unpad(VDES_PAD_PKCS, length, out);
    }
    sdk_aes_pkey((int)ecies->l_key, key, AES_ENC, &for_aes);
    code = sdk_aes_cbc(&for_aes, AES_DEC, NULL, *length, sealed, out, NULL);
    explicit_bzero(&for_aes, sizeof for_aes);
    return code ? code : sdk_aes_unpad(AES_PAD_PKCS, length, out);
}

/* Exclusive or with the key, which is as long as the text, or a cipher in blocks. `length` is the text's,
 * then the result's. */
static int encrypt(const struct ecies* ecies, u8* key, const u8* in, u32* length, u8* out) {
    const u32 l_in = *length;
    u32 i;
    if (ecies->l_key != 0) {
        *length += ecies->block - l_in % ecies->block;
        return encrypt_blocks(ecies, key, in, l_in, out);
    }
    for (i = 0; i < l_in; ++i) out[i] = in[i] ^ key[i];
    return 0;
}
static int decrypt(const struct ecies* ecies, u8* key, const u8* in, u32* length, u8* out) {
    return ecies->l_key ? decrypt_blocks(ecies, key, in, length, out) : encrypt(ecies, key, in, length, out);
}

static int mac_of(const struct ecies* ecies, u8* key, const u8* text, u32 length, u8* mac) {
    u32 l_mac = 64;
    u8* whole = malloc(length + ecies->l_shared2 + 1);
    int code;
    if (!whole) return CODE(E_ECDSA_MEM);
    memcpy(whole, text, length);
    if (ecies->l_shared2) memcpy(whole + length, ecies->shared2, ecies->l_shared2);
    code = sdk_hash_hmac((int)ecies->mac, ecies->l_mac_key, key, length + ecies->l_shared2, whole, NULL, mac,
                         &l_mac);
    free(whole);
    return code;
}

static int is_sane(u32 l_in, const u8* in, u32 l_shared1, u32 l_shared2, const u32* l_out, u8* const* out) {
    return in && l_in != 0 && l_in <= LONGEST_TEXT && l_shared1 <= LONGEST_TEXT &&
           l_shared2 <= LONGEST_TEXT && l_out && out;
}

static struct ecies shared_by(u32 l_shared1, const u8* shared1, u32 l_shared2, const u8* shared2) {
    struct ecies ecies;
    memset(&ecies, 0, sizeof ecies);
    ecies.shared1 = shared1;
    ecies.shared2 = shared2;
    ecies.l_shared1 = shared1 ? l_shared1 : 0;
    ecies.l_shared2 = shared2 ? l_shared2 : 0;
    return ecies;
}

int sdk_ecdsa_ecies_encrypt(ECDP* curve, u32 l_y, u8* y, ECPCP* prepared, u32 key_flags, u32 dh_mode,
                            u32 hash, u32 cipher, u32 mac_algorithm, u32 l_shared1, u8* shared1,
                            u32 l_shared2, u8* shared2, u32 l_in, u8* in, u32* l_out, u8** out) {
    struct ecies ecies = shared_by(l_shared1, shared1, l_shared2, shared2);
    u8 *r = NULL, *keys = NULL, *made = NULL, mac[64];
    u32 l_r = 0, l_text = l_in, l_cipher_key, l_keys;
    int code;
    if (!is_curve(curve) || !is_sane(l_in, in, l_shared1, l_shared2, l_out, out))
        return CODE(E_ECDSA_ECIES_PARAM);
    code = read_algorithms(&ecies, dh_mode, hash, cipher, mac_algorithm);
    if (code != 0) return code;
    l_cipher_key = ecies.l_key ? ecies.l_key : l_in;
    l_keys = l_cipher_key + ecies.l_mac_key;
    keys = malloc(l_keys);
    code = keys ? sdk_ecdsa_dh_gen_ex(curve, l_y, y, prepared,
                                      ecies.kdf | (key_flags & (ECA_FMT_MASK | ECA_FMT_X)), ecies.l_shared1,
                                      shared1, l_keys, keys, &l_r, &r)
                : CODE(E_ECDSA_MEM);
    if (code == 0) {
        made = heap_new(l_r + l_in + AES_BLOCK_SIZE + ecies.l_mac, OS_MEM_TYPE_SD, NULL, 0, CALLER);
        code = made ? encrypt(&ecies, keys, in, &l_text, made + l_r) : CODE(E_ECDSA_MEM);
    }
    if (code == 0) code = mac_of(&ecies, keys + l_cipher_key, made + l_r, l_text, mac);
    if (code == 0) {
        memcpy(made, r, l_r);
        memcpy(made + l_r + l_text, mac, ecies.l_mac);
        *l_out = l_r + l_text + ecies.l_mac;
        *out = made;
    } else {
        sdk_os_mem_del_set(made, 0);
    }
    if (keys) explicit_bzero(keys, l_keys);
    free(keys);
    sdk_os_mem_del_set(r, 0);
    return code;
}

/* The length of the public key at the start, by its first byte; 0: none. */
static u32 point_size(const ECDP* curve, const u8* in, u32 l_in) {
    const u32 size = in[0] == 4 ? 1 + 2 * curve->l_field : in[0] == 2 || in[0] == 3 ? 1 + curve->l_field : 0;
    return size < l_in ? size : 0;
}

int sdk_ecdsa_ecies_decrypt(ECDP* curve, u32 l_x, u8* x, u32 dh_mode, u32 hash, u32 cipher, u32 mac_algorithm,
                            u32 l_shared1, u8* shared1, u32 l_shared2, u8* shared2, u32 l_in, u8* in,
                            u32* l_out, u8** out) {
    struct ecies ecies = shared_by(l_shared1, shared1, l_shared2, shared2);
    u8 *keys = NULL, *made = NULL, mac[64];
    u32 l_r, l_text, l_cipher_key, l_keys;
    int code;
    if (!is_curve(curve) || !x || !is_sane(l_in, in, l_shared1, l_shared2, l_out, out))
        return CODE(E_ECDSA_ECIES_PARAM);
    code = read_algorithms(&ecies, dh_mode, hash, cipher, mac_algorithm);
    l_r = point_size(curve, in, l_in);
    if (code != 0 || l_r == 0 || l_in - l_r <= ecies.l_mac) return code ? code : CODE(E_ECDSA_ECIES_PARAM);
    l_text = l_in - l_r - ecies.l_mac;
    l_cipher_key = ecies.l_key ? ecies.l_key : l_text;
    l_keys = l_cipher_key + ecies.l_mac_key;
    keys = malloc(l_keys);
    made = heap_new(l_text, OS_MEM_TYPE_SECURE, NULL, 0, CALLER);
    code = keys && made ? sdk_ecdsa_dh_ex(curve, l_r, in, l_x, x, 0, NULL, ecies.kdf, ecies.l_shared1,
                                          shared1, l_keys, keys)
                        : CODE(E_ECDSA_MEM);
    if (code == 0) code = mac_of(&ecies, keys + l_cipher_key, in + l_r, l_text, mac);
    if (code == 0 && sdk_os_mem_cmp_ti(mac, in + l_r + l_text, (int)ecies.l_mac) != 0)
        code = CODE(E_ECDSA_ECIES_MAC_CHECK);
    if (code == 0) code = decrypt(&ecies, keys, in + l_r, &l_text, made);
    if (code == 0) {
        *l_out = l_text;
        *out = made;
    } else {
        sdk_os_mem_del_set(made, 0);
    }
    if (keys) explicit_bzero(keys, l_keys);
    free(keys);
    return code;
}
