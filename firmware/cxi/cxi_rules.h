// What FIPS and CC operation do not approve, as data: whole functions (mode rules of the function rows),
// mechanisms, algorithms and key sizes. One function reads each table; a change of policy is a change here.
//
// Sources: SP 800-131A rev. 2 and FIPS 186-5 for FIPS mode; EN 419221-5 with the SOG-IS agreed mechanisms for
// CC mode. Which codes exist: firmware-facts.md, section 2 (CXI).
#pragma once

#include <optional>

#include "firmware/cmds/function.h"
#include "firmware/cxi/policy.h"
#include "firmware/protocol/cxi/constants.h"

namespace cs2sim {

inline constexpr std::uint16_t kCertifiedModes = MODE_FIPS | MODE_CC;
constexpr bool is_certified(std::uint16_t modes) { return (modes & kCertifiedModes) != 0; }

// What a command does with a key or mechanism.
enum Use : std::uint16_t {
    USE_MAKE = 0x001,  // generate, import, derive, unwrap
    USE_SIGN = 0x002,
    USE_VERIFY = 0x004,
    USE_ENCRYPT = 0x008,
    USE_DECRYPT = 0x010,
    USE_MAC = 0x020,
    USE_HASH = 0x040,
    USE_DERIVE = 0x080,
    USE_WRAP = 0x100,
    USE_UNWRAP = 0x200,
    USE_ANY = 0xFFFF,
};

// In `mode`, keys of `algorithm` under `least_bits` may not be used for `uses`.
struct KeyRule {
    std::uint16_t mode;
    std::uint16_t uses;
    std::uint32_t algorithm;
    std::uint32_t least_bits;
    std::uint32_t error;
};
inline constexpr std::uint32_t kNever = 0xFFFFFFFF;
inline constexpr std::uint16_t kNotVerify = USE_ANY & ~USE_VERIFY & ~USE_DECRYPT & ~USE_UNWRAP;

inline constexpr KeyRule kKeyRules[] = {
    {MODE_FIPS, USE_ANY, CXI_KEY_ALGO_DES, kNever, E_CXI_FIPS_ALGO},
    {MODE_FIPS, kNotVerify, CXI_KEY_ALGO_RSA, 2048, E_CXI_FIPS_KEY_SIZE},  // old signatures may be verified
    {MODE_FIPS, kNotVerify, CXI_KEY_ALGO_EC, 224, E_CXI_FIPS_KEY_SIZE},
    {MODE_FIPS, kNotVerify, CXI_KEY_ALGO_ECDH, 224, E_CXI_FIPS_KEY_SIZE},
    {MODE_FIPS, USE_MAKE | USE_SIGN | USE_MAC | USE_DERIVE, CXI_KEY_ALGO_RAW, 112,
     E_CXI_FIPS_KEY_SIZE},  // SP 800-131A rev. 2, sections 8 and 10
    {MODE_FIPS, kNotVerify, CXI_KEY_ALGO_DSA, kNever, E_CXI_FIPS_ALGO},  // FIPS 186-5, section 4
    {MODE_FIPS, USE_ANY, CXI_KEY_ALGO_DH, 2048, E_CXI_FIPS_KEY_SIZE},
    {MODE_FIPS, USE_ANY, CXI_KEY_ALGO_DH_PKCS, 2048, E_CXI_FIPS_KEY_SIZE},
    {MODE_CC, USE_ANY, CXI_KEY_ALGO_DSA, kNever, E_CXI_CC_ALGO},
    {MODE_CC, USE_ANY, CXI_KEY_ALGO_DH, kNever, E_CXI_CC_ALGO},
    {MODE_CC, USE_ANY, CXI_KEY_ALGO_DH_PKCS, kNever, E_CXI_CC_ALGO},
    {MODE_CC, USE_ANY, CXI_KEY_ALGO_DES, kNever, E_CXI_CC_ALGO},
    {MODE_CC, kNotVerify, CXI_KEY_ALGO_RSA, 2048, E_CXI_CC_KEY_SIZE},
    {MODE_CC, kNotVerify, CXI_KEY_ALGO_EC, 256, E_CXI_CC_KEY_SIZE},
    {MODE_CC, kNotVerify, CXI_KEY_ALGO_ECDH, 256, E_CXI_CC_KEY_SIZE},
    {MODE_CC, USE_MAKE | USE_SIGN | USE_MAC | USE_DERIVE, CXI_KEY_ALGO_RAW, 128, E_CXI_CC_KEY_SIZE},
};

// Curves that `mode` does not approve, by OpenSSL's name; a trailing '*' stands for anything.
struct CurveRule {
    std::uint16_t mode;
    std::string_view curve;
    std::uint32_t error;
};
inline constexpr CurveRule kCurveRules[] = {
    {MODE_FIPS, "brainpool*", E_CXI_NO_FIPS_CURVE},
    {MODE_FIPS, "secp256k1", E_CXI_NO_FIPS_CURVE},
    {MODE_FIPS, "X25519", E_CXI_NO_FIPS_CURVE},
    {MODE_CC, "secp256k1", E_CXI_CC_ALGO},
};

// In `mode`, a mechanism whose bits under `mask` are `value` may not be used for `uses` of `algorithm`.
struct MechanismRule {
    std::uint16_t mode;
    std::uint16_t uses;
    std::uint32_t algorithm;
    std::uint32_t mask;
    std::uint32_t value;
    std::uint32_t error;
};
inline constexpr std::uint32_t kAnyAlgorithm = 0xFFFFFFFF;
inline constexpr std::uint16_t kWraps = USE_WRAP | USE_UNWRAP;

inline constexpr MechanismRule kMechanismRules[] = {
    {MODE_FIPS, USE_ANY, kAnyAlgorithm, CXI_MECH_HASH_MASK, CXI_MECH_HASH_MD5, E_CXI_FIPS_MECH},
    {MODE_FIPS, USE_ANY, kAnyAlgorithm, CXI_MECH_HASH_MASK, CXI_MECH_HASH_RMD160, E_CXI_FIPS_MECH},
    {MODE_FIPS, USE_SIGN, CXI_KEY_ALGO_RSA, CXI_MECH_HASH_MASK, CXI_MECH_HASH_SHA1, E_CXI_FIPS_MECH},
    {MODE_FIPS, USE_SIGN, CXI_KEY_ALGO_EC, CXI_MECH_HASH_MASK, CXI_MECH_HASH_SHA1, E_CXI_FIPS_MECH},
    {MODE_FIPS, USE_SIGN, CXI_KEY_ALGO_ECDH, CXI_MECH_HASH_MASK, CXI_MECH_HASH_SHA1, E_CXI_FIPS_MECH},
    {MODE_FIPS, USE_ENCRYPT | USE_DECRYPT | USE_WRAP | USE_UNWRAP, CXI_KEY_ALGO_RSA, CXI_MECH_PAD_MASK,
     CXI_MECH_PAD_PKCS1, E_CXI_FIPS_MECH},
    {MODE_FIPS, USE_ENCRYPT | USE_DECRYPT | USE_SIGN, CXI_KEY_ALGO_RSA, CXI_MECH_PAD_MASK, CXI_MECH_PAD_NONE,
     E_CXI_FIPS_MECH},
    {MODE_FIPS, USE_SIGN, CXI_KEY_ALGO_RSA, CXI_MECH_PAD_MASK, CXI_MECH_PAD_X9_31, E_CXI_FIPS_MECH},
    {MODE_CC, USE_ANY, kAnyAlgorithm, CXI_MECH_HASH_MASK, CXI_MECH_HASH_MD5, E_CXI_CC_MECH},
    {MODE_CC, USE_ANY, kAnyAlgorithm, CXI_MECH_HASH_MASK, CXI_MECH_HASH_RMD160, E_CXI_CC_MECH},
    {MODE_CC, USE_SIGN, CXI_KEY_ALGO_RSA, CXI_MECH_HASH_MASK, CXI_MECH_HASH_SHA1, E_CXI_CC_MECH},
    {MODE_CC, USE_SIGN, CXI_KEY_ALGO_EC, CXI_MECH_HASH_MASK, CXI_MECH_HASH_SHA1, E_CXI_CC_MECH},
    {MODE_CC, USE_SIGN, CXI_KEY_ALGO_ECDH, CXI_MECH_HASH_MASK, CXI_MECH_HASH_SHA1, E_CXI_CC_MECH},
    {MODE_CC, USE_ENCRYPT | USE_DECRYPT | USE_WRAP | USE_UNWRAP, CXI_KEY_ALGO_RSA, CXI_MECH_PAD_MASK,
     CXI_MECH_PAD_PKCS1, E_CXI_CC_PADDING},
    {MODE_CC, USE_ENCRYPT | USE_DECRYPT | USE_SIGN, CXI_KEY_ALGO_RSA, CXI_MECH_PAD_MASK, CXI_MECH_PAD_NONE,
     E_CXI_CC_PADDING},
    {MODE_CC, USE_ANY, CXI_KEY_ALGO_AES, CXI_MECH_CHAIN_MASK | CXI_MECH_MODE_MASK,
     CXI_MECH_CHAIN_ECB | CXI_MECH_MODE_ENCRYPT, E_CXI_CC_MECH},

    // Keys are wrapped by KW, KWP or an authenticated mode (SP 800-38F, section 3.1).
    {MODE_FIPS, kWraps, CXI_KEY_ALGO_AES, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_ECB, E_CXI_FIPS_MECH},
    {MODE_FIPS, kWraps, CXI_KEY_ALGO_AES, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_CBC, E_CXI_FIPS_MECH},
    {MODE_FIPS, kWraps, CXI_KEY_ALGO_AES, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_CTR, E_CXI_FIPS_MECH},
    {MODE_FIPS, kWraps, CXI_KEY_ALGO_AES, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_OFB, E_CXI_FIPS_MECH},
    {MODE_FIPS, kWraps, CXI_KEY_ALGO_AES, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_CFB, E_CXI_FIPS_MECH},
    {MODE_FIPS, kWraps, CXI_KEY_ALGO_AES, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_CFB8, E_CXI_FIPS_MECH},
    {MODE_FIPS, kWraps, CXI_KEY_ALGO_AES, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_CFB1, E_CXI_FIPS_MECH},
    {MODE_CC, kWraps, CXI_KEY_ALGO_AES, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_ECB, E_CXI_CC_MECH},
    {MODE_CC, kWraps, CXI_KEY_ALGO_AES, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_CBC, E_CXI_CC_MECH},
    {MODE_CC, kWraps, CXI_KEY_ALGO_AES, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_CTR, E_CXI_CC_MECH},
    {MODE_CC, kWraps, CXI_KEY_ALGO_AES, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_OFB, E_CXI_CC_MECH},
    {MODE_CC, kWraps, CXI_KEY_ALGO_AES, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_CFB, E_CXI_CC_MECH},
    {MODE_CC, kWraps, CXI_KEY_ALGO_AES, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_CFB8, E_CXI_CC_MECH},
    {MODE_CC, kWraps, CXI_KEY_ALGO_AES, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_CFB1, E_CXI_CC_MECH},

    // GCM and CCM take the nonce from the caller, who learns a key by having it and a known one wrapped under
    // the same (SP 800-38D, section 8: the nonce is the device's to make).
    {MODE_FIPS, USE_WRAP, CXI_KEY_ALGO_AES, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_GCM, E_CXI_FIPS_MECH},
    {MODE_FIPS, USE_WRAP, CXI_KEY_ALGO_AES, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_CCM, E_CXI_FIPS_MECH},
    {MODE_CC, USE_WRAP, CXI_KEY_ALGO_AES, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_GCM, E_CXI_CC_MECH},
    {MODE_CC, USE_WRAP, CXI_KEY_ALGO_AES, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_CCM, E_CXI_CC_MECH},

    // Keys come of keys by approved functions or by putting two keys together (SP 800-133 rev. 2, section 6);
    // what lets the caller choose bytes of the key would be import in clear.
    {MODE_FIPS, USE_DERIVE, kAnyAlgorithm, CXI_MECH_KDF_MASK, CXI_MECH_KDF_HASH, E_CXI_FIPS_MECH},
    {MODE_FIPS, USE_DERIVE, kAnyAlgorithm, CXI_MECH_KDF_MASK, CXI_MECH_KDF_ENC_DATA, E_CXI_FIPS_MECH},
    {MODE_FIPS, USE_DERIVE, kAnyAlgorithm, CXI_MECH_KDF_MASK, CXI_MECH_KDF_XOR_BASE_AND_DATA,
     E_CXI_FIPS_MECH},
    {MODE_FIPS, USE_DERIVE, kAnyAlgorithm, CXI_MECH_KDF_MASK, CXI_MECH_KDF_CAT_BASE_AND_DATA,
     E_CXI_FIPS_MECH},
    {MODE_FIPS, USE_DERIVE, kAnyAlgorithm, CXI_MECH_KDF_MASK, CXI_MECH_KDF_CAT_DATA_AND_BASE,
     E_CXI_FIPS_MECH},
    {MODE_FIPS, USE_DERIVE, kAnyAlgorithm, CXI_MECH_KDF_MASK, CXI_MECH_KDF_EXTRACT_KEY_FROM_KEY,
     E_CXI_FIPS_MECH},
    {MODE_CC, USE_DERIVE, kAnyAlgorithm, CXI_MECH_KDF_MASK, CXI_MECH_KDF_HASH, E_CXI_CC_MECH},
    {MODE_CC, USE_DERIVE, kAnyAlgorithm, CXI_MECH_KDF_MASK, CXI_MECH_KDF_ENC_DATA, E_CXI_CC_MECH},
    {MODE_CC, USE_DERIVE, kAnyAlgorithm, CXI_MECH_KDF_MASK, CXI_MECH_KDF_XOR_BASE_AND_DATA, E_CXI_CC_MECH},
    {MODE_CC, USE_DERIVE, kAnyAlgorithm, CXI_MECH_KDF_MASK, CXI_MECH_KDF_CAT_BASE_AND_DATA, E_CXI_CC_MECH},
    {MODE_CC, USE_DERIVE, kAnyAlgorithm, CXI_MECH_KDF_MASK, CXI_MECH_KDF_CAT_DATA_AND_BASE, E_CXI_CC_MECH},
    {MODE_CC, USE_DERIVE, kAnyAlgorithm, CXI_MECH_KDF_MASK, CXI_MECH_KDF_EXTRACT_KEY_FROM_KEY, E_CXI_CC_MECH},
};

// FIPS mode: one RSA key pair serves one purpose (SP 800-57 part 1, section 5.2), and which is fixed by the
// first of these uses of its private half. First row that fits; kAnyPad fits every padding.
inline constexpr std::uint32_t kAnyPad = 0xFFFFFFFF;
struct FirstUsageRow {
    std::uint16_t uses;
    std::uint32_t pad;
    std::uint32_t usage;  // CxiFipsUsage
};
inline constexpr FirstUsageRow kFirstUsages[] = {
    {USE_SIGN, CXI_MECH_PAD_PKCS1, CXI_KEY_FIPS_USAGE_RSA_PKCS},
    {USE_SIGN, CXI_MECH_PAD_PSS, CXI_KEY_FIPS_USAGE_RSA_PSS},
    {USE_SIGN, CXI_MECH_PAD_X9_31, CXI_KEY_FIPS_USAGE_RSA_X_31},
    {USE_DECRYPT | USE_UNWRAP, kAnyPad, CXI_KEY_FIPS_USAGE_NO_SIGN},
};

// What the bytes of one key may not both do: the first use fixes which, for whatever object has them, in FIPS
// and CC modes, and elsewhere in groups with that setting. Uses in neither column stay free, as the work of a
// public half but wrapping does.
enum KeyKind : std::uint8_t { KIND_SECRET = 1, KIND_RSA = 2, KIND_AGREES = 4 };  // curves and DH
struct SeparationRow {
    Separation side;
    std::uint8_t kinds;  // bits of KeyKind
    std::uint16_t uses;
    KeyRole role;              // of these uses
    std::uint16_t other_uses;  // which are ROLE_WORKS
    bool Restrictions::*setting;
};
inline constexpr std::uint16_t kNoMove = USE_ANY & ~kWraps;
inline constexpr SeparationRow kSeparations[] = {
    // What was wrapped could be decrypted, and what was encrypted unwrapped.
    {Separation::moving, KIND_SECRET | KIND_RSA, kWraps, ROLE_WRAPS, kNoMove, &Restrictions::wrap_policy},
    // A MAC of the base key is what KEY_DERIVE makes a key of by HMAC, and by the PRF of TLS 1.2 out of two.
    {Separation::deriving, KIND_SECRET, USE_DERIVE, ROLE_DERIVES, kNoMove & ~USE_DERIVE,
     &Restrictions::secure_derivation},
    // ECIES with XOR tells the output of X9.63's KDF to who forges its MAC, of which four bytes are enough.
    {Separation::deriving, KIND_AGREES, USE_DERIVE, ROLE_DERIVES, USE_DECRYPT,
     &Restrictions::secure_derivation},
};

// What CFG_WRAP_POLICY lets keys be wrapped and unwrapped by, as FIPS and CC modes do (kMechanismRules):
// mechanisms that take no IV, as who chooses it learns a key from what a known one becomes under the same,
// and an answer has no room for one that the device made. Mechanisms that users' modules bring are theirs to
// judge.
struct WrapPolicyRow {
    bool rsa;
    std::uint32_t mask;
    std::uint32_t value;
    std::uint16_t uses;
};
inline constexpr WrapPolicyRow kWrapPolicy[] = {
    {true, CXI_MECH_PAD_MASK, CXI_MECH_PAD_OAEP, kWraps},
    {false, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_KEY_WRAP, kWraps},
    {false, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_GCM, USE_UNWRAP},
    {false, CXI_MECH_CHAIN_MASK, CXI_MECH_CHAIN_CCM, USE_UNWRAP},
};

// What `mode` bars of moving keys and of flags. Handlers name the act, this table the code.
enum class Act : std::uint8_t {
    plain_import,  // also: unwrapped under a key whose bytes somebody may know
    plain_export,  // also: wrapped under such a key
    overwrite,
    external_key,
    mixed_use,      // of one key: to wrap or unwrap, and anything else
    raw_secret,     // of an agreement
    readable_join,  // of a key with one that somebody may know, or cut
    low_exponent,   // RSA, public exponent under 65537
    own_group,      // DH in another group than those of RFC 3526 and 7919
    short_tag,      // of a wrapped key: under 96 bits, which somebody may guess
};
struct ActRule {
    std::uint16_t mode;
    Act act;
    std::uint32_t error;
};
inline constexpr ActRule kActRules[] = {
    {MODE_FIPS, Act::plain_import, E_CXI_FIPS_KEY_IMPORT},
    {MODE_FIPS, Act::plain_export, E_CXI_FIPS_KEY_EXPORT},
    {MODE_CC, Act::plain_import, E_CXI_CC_IMPORT_PLAIN},
    {MODE_CC, Act::plain_export, E_CXI_CC_EXPORT_PLAIN},
    {MODE_CC, Act::overwrite, E_CXI_CC_OVERWRITE},
    {MODE_CC, Act::external_key, E_CXI_CC_EXTERNAL_KEYS},
    {MODE_FIPS, Act::mixed_use, E_CXI_FIPS_KEY_USAGE},
    {MODE_CC, Act::mixed_use, E_CXI_CC_KEY_PROP},
    {MODE_FIPS, Act::raw_secret, E_CXI_FIPS_BLOCKED},  // as the row of SECRET_AGREE says
    {MODE_CC, Act::raw_secret, E_CXI_CC_BLOCKED},
    {MODE_FIPS, Act::readable_join, E_CXI_FIPS_MECH},
    {MODE_CC, Act::readable_join, E_CXI_CC_MECH},
    {MODE_FIPS, Act::low_exponent, E_CXI_FIPS_PROP},  // FIPS 186-5, section 5.1
    {MODE_CC, Act::low_exponent, E_CXI_CC_KEY_PROP},
    {MODE_FIPS, Act::own_group, E_CXI_FIPS_PROP},        // SP 800-56A rev. 3, appendix D
    {MODE_CC, Act::own_group, E_CXI_CC_KEY_PROP},        // where kKeyRules should let DH in
    {MODE_FIPS, Act::short_tag, E_CXI_CRYPT_MECH_PARA},  // SP 800-38D, section 5.2.1.2
    {MODE_CC, Act::short_tag, E_CXI_CRYPT_MECH_PARA},
};

// Errors: the table's. `modes` are those that hold now; `curve` is empty for other keys.
Result<void> approve_key(std::uint16_t modes, Use use, std::uint32_t algorithm, std::uint32_t bits,
                         std::string_view curve);
Result<void> approve_mechanism(std::uint16_t modes, Use use, std::uint32_t algorithm,
                               std::uint32_t mechanism);
Result<void> approve_act(std::uint16_t modes, Act act);

// A way to wrap or unwrap under CFG_WRAP_POLICY. Error: E_CXI_CRYPT_MECH.
Result<void> approve_wrap_mechanism(Use use, bool rsa, std::uint32_t mechanism);

// The row of kFirstUsages for a use of an RSA key; nothing when the use fixes none.
std::optional<std::uint32_t> first_usage(Use use, std::uint32_t algorithm, std::uint32_t mechanism);
// Errors: E_CXI_FIPS_KEY_USAGE (signing against decryption), E_CXI_FIPS_PAD_MECH_WRONG (another padding).
Result<void> approve_usage(std::uint32_t fixed, std::uint32_t wanted);

}  // namespace cs2sim
