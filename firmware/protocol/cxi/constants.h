// Constants of the CXI interface, as hosts and the firmware use them (firmware-facts.md, section 4), and the
// tags and tables with which cs2sim encodes its commands (OUR ASSUMPTION: the headers show no encoding).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace cs2sim {

enum class PropertyType : std::uint8_t { number, flag, bytes, text, date, numbers };

// What may be done with a property, as data: a bit each.
enum PropertyAccess : std::uint8_t {
    PROP_FIXED = 0,        // made or computed by the device only
    PROP_AT_CREATION = 1,  // may stand in a template that makes a key
    PROP_CHANGEABLE = 2,   // may be set later
    PROP_COMPUTED = 4,     // virtual: not stored
    PROP_SECRET = 8,       // never readable
    PROP_CONFIG = 16,      // of configuration objects only
    PROP_MASKED = 32,      // may be secret: masked in traces
};

struct PropertyRow {
    std::uint32_t id;
    std::string_view name;
    PropertyType type;
    std::uint8_t access;
};

#define CS2SIM_CXI_PROPERTY(id, name, type, access) inline constexpr std::uint32_t CXI_PROP_##name = id;
#include "firmware/protocol/cxi/properties.inc"
#undef CS2SIM_CXI_PROPERTY

// Properties of users' own: any id with this bit, bytes without meaning to the device.
inline constexpr std::uint32_t CXI_PROP_CUSTOM = 0x80000000;
// What one template may hold, and one list of wanted ids (OUR ASSUMPTION).
inline constexpr std::size_t CXI_MOST_PROPERTIES = 256;
inline constexpr std::size_t CXI_MOST_PROPERTY_BYTES = 0x60000;
inline constexpr std::size_t CXI_MAX_STR = 256;  // bytes of a name or group, without terminator

std::span<const PropertyRow> property_table();
const PropertyRow* find_property(std::uint32_t id);  // null when unknown; never for custom ids

enum CxiAlgorithm : std::uint32_t {
    CXI_KEY_ALGO_RAW = 0,
    CXI_KEY_ALGO_DES = 1,
    CXI_KEY_ALGO_AES = 2,
    CXI_KEY_ALGO_RSA = 3,
    CXI_KEY_ALGO_EC = 4,  // ECDSA
    CXI_KEY_ALGO_DSA = 5,
    CXI_KEY_ALGO_ECDH = 6,
    CXI_KEY_ALGO_DH = 7,
    CXI_KEY_ALGO_DH_PKCS = 8,
    CXI_KEY_ALGO_X509 = 9,
    CXI_KEY_ALGO_X509_ATT = 10,
    CXI_KEY_ALGO_CUSTOM = 0x80000000,
};

enum CxiExport : std::uint32_t {
    CXI_KEY_EXPORT_DENY = 0,
    CXI_KEY_EXPORT_ALLOW = 1,
    CXI_KEY_EXPORT_ALLOW_PLAIN = 2,
    CXI_KEY_EXPORT_DENY_BACKUP = 0x10000,
};

enum CxiUsage : std::uint32_t {
    CXI_KEY_USAGE_DECRYPT = 0x1,
    CXI_KEY_USAGE_SIGN = 0x2,
    CXI_KEY_USAGE_DERIVE = 0x4,
    CXI_KEY_USAGE_WRAP = 0x8,
    CXI_KEY_USAGE_ENCRYPT = 0x10,
    CXI_KEY_USAGE_VERIFY = 0x20,
    CXI_KEY_USAGE_UNWRAP = 0x80,
    CXI_KEY_USAGE_VERIFY_RECOVER = 0x200,
    CXI_KEY_USAGE_ALL = 0xFFFFFFFF,
};

// What an RSA key may be used for in FIPS mode: fixed by its first use.
enum CxiFipsUsage : std::uint32_t {
    CXI_KEY_FIPS_USAGE_NO_SIGN = 0,
    CXI_KEY_FIPS_USAGE_RSA_PKCS = 1,
    CXI_KEY_FIPS_USAGE_RSA_PSS = 2,
    CXI_KEY_FIPS_USAGE_RSA_X_31 = 3,
};

enum CxiKeyType : std::uint32_t {
    CXI_KEY_TYPE_PUBLIC = 0x1,
    CXI_KEY_TYPE_PRIVATE_ONLY = 0x2,
    CXI_KEY_TYPE_PRIVATE = 0x3,
    CXI_KEY_TYPE_PRIVATE_FULL = 0x7,
    CXI_KEY_TYPE_SECRET = 0x8,
    CXI_KEY_TYPE_PLAINTEXT = 0x10,  // as an export argument only
    CXI_KEY_TYPE_DATA = 0x20,
    CXI_KEY_TYPE_CERT = 0x21,
    CXI_KEY_TYPE_DOMAIN_PARAMETER = 0x22,
    CXI_KEY_TYPE_CONFIG = 0x30,
    CXI_KEY_TYPE_MASK = 0xFF,
};

enum CxiFlag : std::uint32_t {
    CXI_FLAG_KEY_OVERWRITE = 0x1,
    CXI_FLAG_KEY_EXTERNAL = 0x2,
    CXI_FLAG_KEY_VOLATILE = 0x4,       // ends with the session, or plain connection, that made it
    CXI_FLAG_KEY_UNTIL_RESTART = 0x8,  // with VOLATILE: ends when the device starts again. OURS
    CXI_FLAG_VERIFY_RECOVER = 0x10,
    CXI_FLAG_HASH_PART = 0x20,
    CXI_FLAG_HASH_DATA = 0x40,
    CXI_FLAG_ENCRYPT_SECRET = 0x80,
    CXI_FLAG_CRYPT_INIT = 0x100,
    CXI_FLAG_CRYPT_FINAL = 0x200,
    CXI_FLAG_CRYPT_SINGLE_CALL = 0x300,
    // The answer of a command that makes a key says what was made, as KEY_PROP_GET would: its properties, of
    // a pair two LAYOUT_CXI_BULK_ENTRY of them, the public key's first; empty when they are too long. OURS
    CXI_FLAG_KEY_TOLD = 0x400,
    // HASH_COMPUTE of a MAC that is to be compared, in all of its commands: the key needs VERIFY, for fewer
    // than 8 bytes SIGN, too. The last one's data is the MAC or its first bytes, the answer has none. OURS
    CXI_FLAG_HASH_VERIFY = 0x800,
};

// A mechanism is one number of bit fields.
enum CxiMechanism : std::uint32_t {
    CXI_MECH_KDF_MASK = 0xF0000000,
    CXI_MECH_KDF_HASH = 0x10000000,
    CXI_MECH_KDF_HMAC = 0x20000000,
    CXI_MECH_KDF_ENC_DATA = 0x40000000,
    CXI_MECH_KDF_ECDH = 0x50000000,
    CXI_MECH_KDF_ECDH_COF = 0x60000000,
    CXI_MECH_KDF_DH = 0x70000000,
    CXI_MECH_KDF_XOR_BASE_AND_DATA = 0x80000000,
    CXI_MECH_KDF_CAT_BASE_AND_KEY = 0x90000000,
    CXI_MECH_KDF_CAT_BASE_AND_DATA = 0xA0000000,
    CXI_MECH_KDF_CAT_DATA_AND_BASE = 0xB0000000,
    CXI_MECH_KDF_EXTRACT_KEY_FROM_KEY = 0xC0000000,
    CXI_MECH_KDF_TLS12_PRF = 0xD0000000,
    CXI_MECH_KDF_X963 =
        0xE0000000,  // ECDH and the KDF of ANSI X9.63; without hash the secret's last bytes. OURS

    CXI_MECH_MODE_MASK = 0x0F000000,
    CXI_MECH_MODE_HASH = 0,
    CXI_MECH_MODE_HMAC = 0x01000000,
    CXI_MECH_MODE_ENCRYPT = 0x02000000,
    CXI_MECH_MODE_DECRYPT = 0x03000000,
    CXI_MECH_MODE_MAC_SINGLE = 0x04000000,

    CXI_MECH_CHAIN_MASK = 0x00F00000,
    CXI_MECH_CHAIN_ECB = 0,
    CXI_MECH_CHAIN_CBC = 0x00100000,
    CXI_MECH_CHAIN_CBC_RETAIL = 0x00200000,
    CXI_MECH_CHAIN_CMAC = 0x00300000,
    CXI_MECH_CHAIN_CTR = 0x00500000,
    CXI_MECH_CHAIN_GCM = 0x00600000,
    CXI_MECH_CHAIN_OFB = 0x00700000,
    CXI_MECH_CHAIN_CCM = 0x00800000,
    CXI_MECH_CHAIN_KEY_WRAP = 0x00900000,
    // Cipher feedback (SP 800-38A) by blocks, bytes and bits. The headers know only a MAC of that name
    // (CFB_RETAIL, 00400000): these numbers are OURS.
    CXI_MECH_CHAIN_CFB = 0x00A00000,
    CXI_MECH_CHAIN_CFB8 = 0x00B00000,
    CXI_MECH_CHAIN_CFB1 = 0x00C00000,

    CXI_MECH_VDM_FLAG = 0x00010000,  // vendor-defined, with a number of 8 bits
    CXI_MECH_VDM_SHIFT = 8,          // where the number stands: OUR ASSUMPTION

    CXI_MECH_PAD_MASK = 0xF000,
    CXI_MECH_PAD_NONE = 0,
    CXI_MECH_PAD_PKCS5 = 0x1000,
    CXI_MECH_PAD_RANDOM = 0x2000,
    CXI_MECH_PAD_ISO7816 = 0x3000,
    CXI_MECH_PAD_PKCS1 = 0x4000,
    CXI_MECH_PAD_OAEP = 0x5000,
    CXI_MECH_PAD_PSS = 0x6000,
    CXI_MECH_PAD_X9_31 = 0x7000,
    CXI_MECH_PAD_ZERO = 0x8000,
    CXI_MECH_PAD_KWP = 0x9000,

    CXI_MECH_FORMAT_ASN1 = 0x400,
    CXI_MECH_FORMAT_KEEP_LEAD_ZERO = 0x800,  // of a secret agreed on by DH

    CXI_MECH_HASH_MASK = 0xF0,
    CXI_MECH_HASH_NONE = 0,
    CXI_MECH_HASH_SHA1 = 0x10,
    CXI_MECH_HASH_RMD160 = 0x20,
    CXI_MECH_HASH_SHA224 = 0x30,
    CXI_MECH_HASH_SHA256 = 0x40,
    CXI_MECH_HASH_MD5 = 0x50,
    CXI_MECH_HASH_SHA384 = 0x60,
    CXI_MECH_HASH_SHA512 = 0x70,
    CXI_MECH_HASH_SHA3_224 = 0x80,
    CXI_MECH_HASH_SHA3_256 = 0x90,
    CXI_MECH_HASH_SHA3_384 = 0xA0,
    CXI_MECH_HASH_SHA3_512 = 0xB0,
};

// How a command names a key (`key:v4`): a tag byte and what belongs to it. OUR ASSUMPTION.
//   index     the key's place in CXIKEY.db, CXI_INDEX_LENGTH bytes: what KEY_OPEN returns. It stays good
//             across sessions and restarts, so a host keeps as many keys open as it likes.
//   external  an MBK-sealed blob that lives outside the device
//   name      a property list with GROUP, NAME and SPEC
//   config    a group name: the group's configuration object (empty: the global one)
enum CxiKeyTag : std::uint8_t {
    CXI_TAG_INDEX = 1,
    CXI_TAG_EXTERNAL = 2,
    CXI_TAG_NAME = 3,
    CXI_TAG_CONFIG = 4
};
inline constexpr std::size_t CXI_INDEX_LENGTH = 24;

// The public part of a key authorisation key, LAYOUT_CXI_KRAD. Known are the form and, of RSA, the components
// (`first` the modulus, `second` the exponent); the protocols and EC (`first` the curve's name, `second` the
// point) are OUR ASSUMPTION. What is signed is hashed with SHA-256.
enum CxiKrad : std::uint8_t {
    CXI_KRAD_PKCS1 = 1,
    CXI_KRAD_PSS = 2,
    CXI_KRAD_ECDSA = 3,
    CXI_KRAD_FORM = 0xC0,
    CXI_KRAD_RSA = 0x03,
    CXI_KRAD_EC = 0x0C,
};
inline constexpr std::uint32_t CXI_AUTH_NO_LIMIT = 0xFFFFFFFF;         // CC_AUTH_COUNTER
inline constexpr std::string_view CXI_AUTH_PURPOSE = "KEY_AUTHORIZE";  // LAYOUT_CXI_AUTHORISATION

enum CxiIvSource : std::uint8_t { CXI_IV_NO_GENERATE = 0, CXI_IV_GENERATE = 1 };

// Most bytes that one CRYPT, HASH_COMPUTE, SIGN or VERIFY takes; more goes in chained commands.
inline constexpr std::size_t CXI_MOST_DATA = 0x7E000;
inline constexpr std::size_t CXI_MOST_RANDOM = 0x10000;
inline constexpr std::size_t CXI_MOST_BULK = 16;      // data of one SIGN_BULK (ECDSA_BULK_MAX)
inline constexpr std::size_t CXI_MOST_EXTERNAL = 64;  // blobs of one EXTERNAL_PROPS or EXTERNAL_RESEAL

}  // namespace cs2sim
