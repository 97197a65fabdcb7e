// The table of mechanisms, and their parameters.
#pragma once

#include <openssl/types.h>

#include <optional>
#include <span>

#include "host-lib/pkcs11/errors.h"
#include "host-lib/pkcs11/object_table.h"
#include "host-lib/pkcs11/token_profile.h"

namespace cs2sim::p11 {

// How the library does what a mechanism is for.
enum class Work : std::uint8_t {
    key,                // C_GenerateKey
    key_pair,           // C_GenerateKeyPair
    parameters,         // C_GenerateKey, of domain parameters
    rsa,                // RSA with a padding: signs, recovers and encrypts in one command
    signature,          // signs a digest that the caller made
    hash_signature,     // hashes here, signs the digest
    message_signature,  // signs the whole message in one command
    mac,                // in one command, or in pieces by HASH_COMPUTE
    whole_mac,          // in one command only
    multi,              // signs several data in one command
    cipher,             // in one command or in pieces
    whole_cipher,       // in one command only
    digest,             // here
    derive,
    ecies,    // encrypts to a key of a curve, in one command
    rsa_aes,  // wraps an AES key, and with that one the key
    vendor,   // a module of a user's does it, in one command
};

enum class KeyKind : std::uint8_t {
    no_key,
    rsa,
    ec,
    edwards,
    montgomery,
    curve,
    dsa,
    dh,
    aes,
    des,
    des2,
    des3,
    generic,
    secret,
    any  // the device's affair
};

enum class ParameterCodec : std::uint8_t {
    none,
    no_iv,
    iv,
    iv8,
    ctr,
    gcm,
    ccm,
    oaep,
    pss,
    eddsa,
    mac_length,
    ecdh,
    string,
    bit,
    key_handle,
    cbc_data,
    cbc_data8,
    cbc_wrap,
    cbc_wrap8,
    gmac,
    multi,
    ecies,
    tls_master,
    tls_mac,
    tls_kdf,
    rsa_aes,
    public_value,
    bytes
};

struct MechanismRow {
    CK_MECHANISM_TYPE type;
    Work work;
    std::uint32_t cxi;
    KeyKind keys;
    CK_ULONG min, max;
    CK_FLAGS flags;
    ParameterCodec parameter;
};

std::span<const MechanismRow> mechanism_table();
// What a mechanism is for on a token: its row's flags, cut by profile and mode. 0: the token has it not.
CK_FLAGS flags_of(const MechanismRow& row, const TokenProfile& profile);
// The numbers by which CXI knows the uses of a mechanism, for lists of allowed ones; none for unknown ones.
std::vector<std::uint32_t> device_mechanisms(CK_MECHANISM_TYPE type);
const MechanismRow* find_mechanism(CK_MECHANISM_TYPE type);  // null when unknown
// CKM_VENDOR_DEFINED + n and C0000000 + n, up to 255, that are no mechanisms of the library's own: what
// users' modules do on the device, and the standard ones that CustomMechanisms names. Null for others. The
// library cannot know which there are: the device says at work.
bool is_custom(const TokenProfile& profile, CK_MECHANISM_TYPE type);
const MechanismRow* find_vendor_mechanism(const TokenProfile& profile, CK_MECHANISM_TYPE type);
// CustomMechanisms by name or number, below 0x10000; nothing when there is no such mechanism.
std::optional<CK_MECHANISM_TYPE> custom_mechanism(const std::string& name);
inline constexpr std::size_t kVendorRoom = 65536;  // bytes that a module may add to the data

// Whether a mechanism that takes keys of this kind takes a key of that type.
bool takes(KeyKind kind, CK_KEY_TYPE type);
// What C_GenerateKey and C_GenerateKeyPair make: its CKK and CXI algorithm.
struct MadeKey {
    CK_KEY_TYPE type;
    std::uint32_t algorithm;
    std::uint32_t bits;  // 0: the template says
};
MadeKey made_key(KeyKind kind);

// Digests of the library's own.
struct DigestRow {
    std::uint32_t cxi;
    CK_MECHANISM_TYPE digest;
    CK_ULONG mgf, kdf;
    const char* name;  // OpenSSL's
    std::size_t size;
};
const DigestRow* hash_of(std::uint32_t cxi_mechanism);  // null when it names none
std::span<const DigestRow> hash_table();

// A mechanism with its parameter, ready for commands.
struct Prepared {
    const MechanismRow* row = nullptr;
    std::uint32_t cxi = 0;
    Bytes parameter;                // LAYOUT_CXI_CRYPT_PARAMETER, _FRAME_, _OAEP_, _PSS_
    Bytes data;                     // of derivations: peer, string, seed; of TLS MACs: the label
    std::size_t mac_length = 0;     // 0: whole
    std::size_t tag_length = 0;     // of AEAD modes and ECIES
    std::uint64_t most_blocks = 0;  // CTR: before the counter comes round; 0: no limit
    CK_MECHANISM_TYPE type = 0;     // as the caller names it
    CK_OBJECT_HANDLE other_key = CK_INVALID_HANDLE;
    CK_ULONG aes_bits = 0;                 // RSA_AES_KEY_WRAP
    std::size_t each = 0;                  // MULTI: bytes of each of the data; 0: there is one
    std::optional<CK_ULONG> whole_length;  // CCM: of the data, as announced
    bool framed = false;                   // bytes of the caller's stand around a wrapped key
};

// Reads what the caller gave. Errors: CKR_ARGUMENTS_BAD (a null pointer where a length is not zero),
// CKR_MECHANISM_PARAM_INVALID, CKR_MECHANISM_INVALID when the table has no such mechanism or it has none of
// `flags` on the token.
Result<Prepared> prepare(const TokenProfile& profile, const CK_MECHANISM* mechanism, CK_FLAGS flags);

}  // namespace cs2sim::p11
