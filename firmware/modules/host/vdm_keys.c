/* Keys of vendor-defined mechanisms (vdm.h). */
#include "vdm.h"
#include "vrsa.h"

enum { LONGEST_CURVE = 80 };

/* Numbers as the services have them are what follows the head of a token. */
static u8* token_of(const u8* numbers, u32 length, u32 mask, u32* l_token) {
    struct numbers all;
    u8* token;
    if (length > sizeof all.bytes) return NULL;
    all.length = length;
    all.too_long = 0;
    memcpy(all.bytes, numbers, length);
    *l_token = write_token(&all, mask, NULL);
    token = malloc(*l_token);
    if (token) write_token(&all, mask, token);
    explicit_bzero(&all, sizeof all);
    return token;
}

static int take_rsa(struct vdm_key* key) {
    if (key->l_public != 0) {
        key->public_token = token_of(key->public, key->l_public, VRSA_KC_PUB, &key->l_public_token);
        if (!key->public_token) return CODE(E_CXI_MALLOC);
    }
    if (key->l_private == 0) return 0;
    key->private_token = token_of(key->private, key->l_private, VRSA_KC_PRV, &key->l_private_token);
    return key->private_token ? 0 : CODE(E_CXI_MALLOC);
}

static int take_curve(struct vdm_key* key) {
    char name[LONGEST_CURVE];
    if (key->l_domain >= sizeof name) return CODE(E_CXI_KEY_INVALID_ALGO);
    memcpy(name, key->domain, key->l_domain);
    name[key->l_domain] = 0;
    return sdk_eca_dp_find_name(name, &key->curve);
}

int take_key(struct vdm_key* key, const u8* bytes, u32 length) {
    struct answer block = {bytes, length};
    if (length == 0) return 0;
    key->type = get_number(&block, 1);
    key->bits = get_number(&block, 4);
    key->algorithm = get_number(&block, 4);
    key->external = get_number(&block, 1);
    key->private = get_bytes(&block, 4, &key->l_private);
    key->public = get_bytes(&block, 4, &key->l_public);
    key->public_data = get_bytes(&block, 4, &key->l_public_data);
    key->domain = get_bytes(&block, 4, &key->l_domain);
    switch (key->type) {
        case VDM_TYPE_AES:
            sdk_aes_pkey((int)key->l_private, (u8*)(uintptr_t)key->private, AES_ENC, &key->for_aes);
            return 0;
        case VDM_TYPE_DES:
            sdk_vdes_pkey((int)key->l_private, (u8*)(uintptr_t)key->private, &key->for_des);
            return 0;
        case VDM_TYPE_RSA:
            return take_rsa(key);
        case VDM_TYPE_ECC:
            return take_curve(key);
        default:
            return 0;
    }
}

void put_down_key(struct vdm_key* key) {
    if (key->private_token) explicit_bzero(key->private_token, key->l_private_token);
    free(key->private_token);
    free(key->public_token);
    explicit_bzero(key, sizeof *key);
}

#define RUN(bytes, length) \
    { (T_VDM_PTR)(uintptr_t)(bytes), (length) }

/* The parts that differ by type. T_VDM_KEY's members are constant, so that each is written whole. */
static T_VDM_KEY key_of_type(struct vdm_key* key) {
    switch (key->type) {
        case VDM_TYPE_AES:
            return (T_VDM_KEY){.type = VDM_TYPE_AES, .comp = {.AES = {&key->for_aes, &key->for_aes}}};
        case VDM_TYPE_DES:
            return (T_VDM_KEY){.type = VDM_TYPE_DES, .comp = {.DES = {&key->for_des, &key->for_des}}};
        case VDM_TYPE_RSA: {
            u32 length = 0;
            const u8* exponent = find_number(key->public, key->l_public, VRSA_KC_EXP, &length);
            return (T_VDM_KEY){.type = VDM_TYPE_RSA, .comp = {.RSA = {RUN(exponent, length)}}};
        }
        case VDM_TYPE_ECC:
            return (T_VDM_KEY){.type = VDM_TYPE_ECC, .comp = {.ECC = {key->curve}}};
        case VDM_TYPE_DSA: {
            struct answer domain = {key->domain, key->l_domain};
            const u8* at[3] = {NULL, NULL, NULL};
            u32 lengths[3] = {0, 0, 0}, i;
            for (i = 0; i < 3 && domain.left != 0; ++i) at[i] = get_bytes(&domain, 4, &lengths[i]);
            return (T_VDM_KEY){
                .type = VDM_TYPE_DSA,
                .comp = {.DSA = {RUN(at[0], lengths[0]), RUN(at[1], lengths[1]), RUN(at[2], lengths[2])}}};
        }
        case VDM_TYPE_CUSTOM:
            return (T_VDM_KEY){
                .type = VDM_TYPE_CUSTOM,
                .comp = {.CUSTOM = {key->algorithm, key->external ? VDM_EXTERNAL_KEY : VDM_INTERNAL_KEY}}};
        default:
            return (T_VDM_KEY){.type = VDM_TYPE_GENERIC_SECRET};
    }
}

void describe_key(struct vdm_key* key, const T_VDM_BUF* made, const T_VDM_BUF* public_data, T_VDM_KEY* out) {
    const int rsa = key->type == VDM_TYPE_RSA;
    const T_VDM_BUF private =
        RUN(rsa ? key->private_token : key->private, rsa ? key->l_private_token : key->l_private);
    const T_VDM_BUF public =
        RUN(rsa ? key->public_token : key->public, rsa ? key->l_public_token : key->l_public);
    const T_VDM_BUF open = RUN(key->public_data, key->l_public_data);
    const T_VDM_KEY typed = key_of_type(key);
    memcpy(out, &typed, sizeof *out);
    out->size = key->bits;
    memcpy(&out->pub_token, &public, sizeof public);
    memcpy(&out->priv_token, made ? made : &private, sizeof private);
    memcpy(&out->pub_data, public_data ? public_data : &open, sizeof open);
}
