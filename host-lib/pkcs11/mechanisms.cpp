#include "host-lib/pkcs11/mechanisms.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "host-lib/pkcs11/cryptoki/names.h"

namespace cs2sim::p11 {
namespace {

constexpr CK_FLAGS ENCRYPT = CKF_ENCRYPT, DECRYPT = CKF_DECRYPT, SIGN = CKF_SIGN, VERIFY = CKF_VERIFY,
                   GENERATE = CKF_GENERATE, GENERATE_KEY_PAIR = CKF_GENERATE_KEY_PAIR, WRAP = CKF_WRAP,
                   UNWRAP = CKF_UNWRAP, DERIVE = CKF_DERIVE, DIGEST = CKF_DIGEST,
                   MESSAGE = CKF_MESSAGE_ENCRYPT | CKF_MESSAGE_DECRYPT,
                   EC = CKF_EC_F_P | CKF_EC_F_2M | CKF_EC_ECPARAMETERS | CKF_EC_OID | CKF_EC_UNCOMPRESS |
                        CKF_EC_COMPRESS,
                   RSA_ALL = ENCRYPT | DECRYPT | SIGN | VERIFY | CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER |
                             WRAP | UNWRAP;

constexpr MechanismRow kMechanisms[] = {
#define CS2SIM_P11_MECHANISM(name, work, cxi, keys, min, max, flags, parameter) \
    {CKM_##name, Work::work, cxi, KeyKind::keys, min, max, (flags) | CKF_HW, ParameterCodec::parameter},
#include "host-lib/pkcs11/mechanisms.inc"
#undef CS2SIM_P11_MECHANISM
};

constexpr DigestRow kHashes[] = {
    {CXI_MECH_HASH_MD5, CKM_MD5, 0, 0, "MD5", 16},
    {CXI_MECH_HASH_SHA1, CKM_SHA_1, CKG_MGF1_SHA1, CKD_SHA1_KDF, "SHA1", 20},
    {CXI_MECH_HASH_RMD160, CKM_RIPEMD160, 0, 0, "RIPEMD160", 20},
    {CXI_MECH_HASH_SHA224, CKM_SHA224, CKG_MGF1_SHA224, CKD_SHA224_KDF, "SHA224", 28},
    {CXI_MECH_HASH_SHA256, CKM_SHA256, CKG_MGF1_SHA256, CKD_SHA256_KDF, "SHA256", 32},
    {CXI_MECH_HASH_SHA384, CKM_SHA384, CKG_MGF1_SHA384, CKD_SHA384_KDF, "SHA384", 48},
    {CXI_MECH_HASH_SHA512, CKM_SHA512, CKG_MGF1_SHA512, CKD_SHA512_KDF, "SHA512", 64},
    {CXI_MECH_HASH_SHA3_224, CKM_SHA3_224, CKG_MGF1_SHA3_224, CKD_SHA3_224_KDF, "SHA3-224", 28},
    {CXI_MECH_HASH_SHA3_256, CKM_SHA3_256, CKG_MGF1_SHA3_256, CKD_SHA3_256_KDF, "SHA3-256", 32},
    {CXI_MECH_HASH_SHA3_384, CKM_SHA3_384, CKG_MGF1_SHA3_384, CKD_SHA3_384_KDF, "SHA3-384", 48},
    {CXI_MECH_HASH_SHA3_512, CKM_SHA3_512, CKG_MGF1_SHA3_512, CKD_SHA3_512_KDF, "SHA3-512", 64},
};

// What certified modes do not approve, so that C_GetMechanismList tells it; the device bars it by its own
// tables (firmware/cxi/cxi_rules.h).
enum Modes : std::uint8_t { FIPS = 1, CC = 2, BOTH = 3 };
struct Bar {
    std::uint8_t modes;
    KeyKind keys;  // no_key: any
    std::uint32_t mask, value;
    CK_FLAGS flags;
};
constexpr CK_FLAGS kAll = ~CKF_HW;
constexpr Bar kBars[] = {
    {BOTH, KeyKind::no_key, CXI_MECH_HASH_MASK, CXI_MECH_HASH_MD5, kAll},
    {BOTH, KeyKind::no_key, CXI_MECH_HASH_MASK, CXI_MECH_HASH_RMD160, kAll},
    {BOTH, KeyKind::rsa, CXI_MECH_HASH_MASK, CXI_MECH_HASH_SHA1, SIGN},
    {BOTH, KeyKind::ec, CXI_MECH_HASH_MASK, CXI_MECH_HASH_SHA1, SIGN},
    {BOTH, KeyKind::rsa, CXI_MECH_PAD_MASK, CXI_MECH_PAD_PKCS1, ENCRYPT | DECRYPT | WRAP | UNWRAP},
    {BOTH, KeyKind::rsa, CXI_MECH_PAD_MASK, CXI_MECH_PAD_NONE,
     ENCRYPT | DECRYPT | SIGN | CKF_SIGN_RECOVER | WRAP | UNWRAP},
    {FIPS, KeyKind::rsa, CXI_MECH_PAD_MASK, CXI_MECH_PAD_X9_31, SIGN},
    {FIPS, KeyKind::montgomery, 0, 0, kAll},
    {BOTH, KeyKind::des, 0, 0, kAll},
    {BOTH, KeyKind::des2, 0, 0, kAll},
    {BOTH, KeyKind::des3, 0, 0, kAll},
    {CC, KeyKind::aes, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_ECB, ENCRYPT},
    {BOTH, KeyKind::aes, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_ECB, WRAP | UNWRAP},
    {BOTH, KeyKind::aes, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_CBC, WRAP | UNWRAP},
    {BOTH, KeyKind::aes, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_CTR, WRAP | UNWRAP},
    {FIPS, KeyKind::dsa, 0, 0, kAll & ~VERIFY},
    {CC, KeyKind::dsa, 0, 0, kAll},
    {CC, KeyKind::dh, 0, 0, kAll},
    {BOTH, KeyKind::no_key, CXI_MECH_KDF_MASK, CXI_MECH_KDF_HASH, DERIVE},
    {BOTH, KeyKind::no_key, CXI_MECH_KDF_MASK, CXI_MECH_KDF_ENC_DATA, DERIVE},
    {BOTH, KeyKind::no_key, CXI_MECH_KDF_MASK, CXI_MECH_KDF_XOR_BASE_AND_DATA, DERIVE},
    {BOTH, KeyKind::no_key, CXI_MECH_KDF_MASK, CXI_MECH_KDF_CAT_BASE_AND_DATA, DERIVE},
    {BOTH, KeyKind::no_key, CXI_MECH_KDF_MASK, CXI_MECH_KDF_CAT_DATA_AND_BASE, DERIVE},
    {BOTH, KeyKind::no_key, CXI_MECH_KDF_MASK, CXI_MECH_KDF_EXTRACT_KEY_FROM_KEY, DERIVE},
};

bool is_des(KeyKind keys) { return keys == KeyKind::des || keys == KeyKind::des2 || keys == KeyKind::des3; }

bool is_finite_field(KeyKind keys) { return keys == KeyKind::dsa || keys == KeyKind::dh; }

struct KindRow {
    KeyKind kind;
    CK_KEY_TYPE type;
};
constexpr KindRow kKinds[] = {
    {KeyKind::rsa, CKK_RSA},
    {KeyKind::ec, CKK_EC},
    {KeyKind::edwards, CKK_EC_EDWARDS},
    {KeyKind::montgomery, CKK_EC_MONTGOMERY},
    {KeyKind::curve, CKK_EC},
    {KeyKind::curve, CKK_EC_MONTGOMERY},
    {KeyKind::dsa, CKK_DSA},
    {KeyKind::dh, CKK_DH},
    {KeyKind::aes, CKK_AES},
    {KeyKind::des, CKK_DES2},
    {KeyKind::des, CKK_DES3},
    {KeyKind::des2, CKK_DES2},
    {KeyKind::des3, CKK_DES3},
    {KeyKind::secret, CKK_AES},
    {KeyKind::secret, CKK_DES2},
    {KeyKind::secret, CKK_DES3},
};

}  // namespace

std::span<const MechanismRow> mechanism_table() { return kMechanisms; }

const MechanismRow* find_mechanism(CK_MECHANISM_TYPE type) {
    const auto* row = std::ranges::find(kMechanisms, type, &MechanismRow::type);
    return row == std::end(kMechanisms) ? nullptr : row;
}

bool is_custom(const TokenProfile& profile, CK_MECHANISM_TYPE type) {
    return std::find(profile.custom.begin(), profile.custom.end(), type) != profile.custom.end();
}

const MechanismRow* find_vendor_mechanism(const TokenProfile& profile, CK_MECHANISM_TYPE type) {
    static constexpr MechanismRow kVendor{
        CK_VENDOR_DEFINED,
        Work::vendor,
        CXI_MECH_VDM_FLAG,
        KeyKind::any,
        0,
        0,
        ENCRYPT | DECRYPT | SIGN | VERIFY | DIGEST | GENERATE | DERIVE | WRAP | UNWRAP,
        ParameterCodec::bytes};
    constexpr CK_MECHANISM_TYPE kBits = 0xC0000000, kNumber = 0xFF;
    const bool vendors = (type & CK_VENDOR_DEFINED) != 0 && (type & ~(kBits | kNumber)) == 0;
    return is_custom(profile, type) || vendors ? &kVendor : nullptr;
}

std::optional<CK_MECHANISM_TYPE> custom_mechanism(const std::string& name) {
    constexpr CK_MECHANISM_TYPE kMost = 0xFFFF;  // what CXI's mechanism has room for
    std::optional<CK_MECHANISM_TYPE> number;
    if (name.starts_with("CKM_")) number = constant_number(name);
    if (!number && !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) != 0) {
        char* end = nullptr;
        number = std::strtoul(name.c_str(), &end, 0);
        if (*end != 0) return std::nullopt;
    }
    return number && *number <= kMost ? number : std::nullopt;
}

CK_FLAGS flags_of(const MechanismRow& row, const TokenProfile& profile) {
    const auto modes = static_cast<std::uint8_t>((profile.fips ? FIPS : 0) | (profile.cc ? CC : 0));
    if (is_des(row.keys) && !profile.des3) return 0;
    if (is_finite_field(row.keys) && !profile.dsa) return 0;
    if (row.work == Work::vendor && profile.certified()) return 0;  // no modules of others there
    CK_FLAGS flags = row.flags;
    for (const Bar& bar : kBars)
        if ((bar.modes & modes) != 0 && (bar.keys == KeyKind::no_key || bar.keys == row.keys) &&
            (row.cxi & bar.mask) == bar.value)
            flags &= ~bar.flags;
    constexpr CK_FLAGS kUses = ENCRYPT | DECRYPT | SIGN | VERIFY | GENERATE | GENERATE_KEY_PAIR | WRAP |
                               UNWRAP | DERIVE | DIGEST | CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER;
    return (flags & kUses) == 0 ? 0 : flags;
}

std::vector<std::uint32_t> device_mechanisms(CK_MECHANISM_TYPE type) {
    const MechanismRow* row = find_mechanism(type);
    if (!row) return {};
    const bool any_hash =
        row->parameter == ParameterCodec::oaep || row->parameter == ParameterCodec::rsa_aes ||
        row->parameter == ParameterCodec::pss || row->parameter == ParameterCodec::ecdh ||
        row->parameter == ParameterCodec::ecies || row->parameter == ParameterCodec::tls_mac ||
        row->parameter == ParameterCodec::tls_master || row->parameter == ParameterCodec::tls_kdf;
    const bool two_ways = row->work == Work::rsa || row->work == Work::cipher ||
                          row->work == Work::whole_cipher || row->work == Work::ecies;
    std::vector<std::uint32_t> numbers = {row->cxi};
    if (any_hash && hash_of(row->cxi) == nullptr)
        for (const DigestRow& hash : kHashes) numbers.push_back(row->cxi | hash.cxi);
    if (!two_ways) return numbers;
    for (std::size_t i = 0, plain = numbers.size(); i < plain; ++i) {
        numbers.push_back(numbers[i] | CXI_MECH_MODE_ENCRYPT);
        numbers.push_back(numbers[i] | CXI_MECH_MODE_DECRYPT);
    }
    return numbers;
}

bool takes(KeyKind kind, CK_KEY_TYPE type) {
    if (kind == KeyKind::any) return true;
    for (const KindRow& row : kKinds)
        if (row.kind == kind && row.type == type) return true;
    // Generic secrets and the key types of single HMACs (CKK_SHA256_HMAC and so on).
    const bool generic = type == CKK_GENERIC_SECRET || (type >= CKK_MD5_HMAC && type <= CKK_SHA3_512_HMAC);
    return generic && (kind == KeyKind::generic || kind == KeyKind::secret);
}

MadeKey made_key(KeyKind kind) {
    switch (kind) {
        case KeyKind::rsa:
            return {CKK_RSA, CXI_KEY_ALGO_RSA, 0};
        case KeyKind::edwards:
            return {CKK_EC_EDWARDS, CXI_KEY_ALGO_EC, 0};
        case KeyKind::montgomery:
            return {CKK_EC_MONTGOMERY, CXI_KEY_ALGO_ECDH, 0};
        case KeyKind::ec:
        case KeyKind::curve:
            return {CKK_EC, CXI_KEY_ALGO_EC, 0};
        case KeyKind::dsa:
            return {CKK_DSA, CXI_KEY_ALGO_DSA, 0};
        case KeyKind::dh:
            return {CKK_DH, CXI_KEY_ALGO_DH_PKCS, 0};
        case KeyKind::aes:
            return {CKK_AES, CXI_KEY_ALGO_AES, 0};
        case KeyKind::des2:
            return {CKK_DES2, CXI_KEY_ALGO_DES, 128};
        case KeyKind::des:
        case KeyKind::des3:
            return {CKK_DES3, CXI_KEY_ALGO_DES, 192};
        default:
            return {CKK_GENERIC_SECRET, CXI_KEY_ALGO_RAW, 0};
    }
}

std::span<const DigestRow> hash_table() { return kHashes; }

const DigestRow* hash_of(std::uint32_t cxi_mechanism) {
    const auto* row = std::ranges::find(kHashes, cxi_mechanism & CXI_MECH_HASH_MASK, &DigestRow::cxi);
    return row == std::end(kHashes) ? nullptr : row;
}

}  // namespace cs2sim::p11
