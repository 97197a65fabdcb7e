// A key object: its properties and its key material, and how both stand in a record of CXIKEY.db.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string_view>

#include "firmware/crypto/pkey.h"
#include "firmware/protocol/cxi/property_list.h"

namespace cs2sim {

// Of a key whose bytes only a user's module understands.
constexpr bool is_custom_algorithm(std::uint32_t algorithm) { return (algorithm & CXI_KEY_ALGO_CUSTOM) != 0; }

struct KeyObject {
    PropertyList properties;

    // Private keys: PKCS#8 in DER. Public keys: SubjectPublicKeyInfo in DER. Secret keys: the raw key.
    // Certificates and data objects: empty, their content is the property VALUE.
    SecretBytes material;

    std::string_view group() const { return properties.text(CXI_PROP_KEY_GROUP); }
    std::string_view name() const { return properties.text(CXI_PROP_KEY_NAME); }
    std::uint32_t spec() const { return properties.number_or(CXI_PROP_KEY_SPEC, 0); }
    std::uint32_t algorithm() const { return properties.number_or(CXI_PROP_KEY_ALGO, 0); }
    std::uint32_t bits() const { return properties.number_or(CXI_PROP_KEY_SIZE, 0); }
    std::uint32_t type() const { return properties.number_or(CXI_PROP_KEY_TYPE, 0); }
    // Which certified mode made it, or a key that it is made of: bits of MODE_FIPS and MODE_CC, 0 for none.
    std::uint16_t made_in() const {
        return static_cast<std::uint16_t>(properties.number_or(CXI_PROP_MADE_IN_MODE, 0));
    }
    std::uint32_t export_policy() const {
        return properties.number_or(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_DENY);
    }
    bool is_private() const {
        return (type() & CXI_KEY_TYPE_PRIVATE_ONLY) != 0 && type() < CXI_KEY_TYPE_SECRET;
    }
    bool is_public() const { return type() == CXI_KEY_TYPE_PUBLIC; }
    bool is_secret() const { return type() == CXI_KEY_TYPE_SECRET; }
};

// OpenSSL's contexts of one key, prepared for the use that it was lately put to: preparing one anew takes a
// good part of the time of a P-256 signature. A thread takes one and, when all went well, gives it back.
template <class Context>
class ReadyContexts {
public:
    // A use is a mechanism in one direction (`forward`: sign, encrypt). Null when there is none for it.
    Handle<Context> take(std::uint32_t mechanism, bool forward) {
        const std::uint64_t use = use_of(mechanism, forward);
        const std::lock_guard lock(mutex_);
        if (use != use_ || ready_.empty()) return nullptr;
        Handle<Context> context = std::move(ready_.back());
        ready_.pop_back();
        return context;
    }
    void give(std::uint32_t mechanism, bool forward, Handle<Context> context) {
        const std::uint64_t use = use_of(mechanism, forward);
        const std::lock_guard lock(mutex_);
        if (use != use_) ready_.clear();
        use_ = use;
        if (ready_.size() < kMost) ready_.push_back(std::move(context));
    }

private:
    static constexpr std::size_t kMost = 8;
    static std::uint64_t use_of(std::uint32_t mechanism, bool forward) {
        return std::uint64_t{mechanism} << 2 | (forward ? 3u : 1u);  // never 0, which is no use at all
    }
    std::mutex mutex_;
    std::uint64_t use_ = 0;
    std::vector<Handle<Context>> ready_;
};

// What the bytes of a key are for, fixed by their first use, on each side of what may not mix (kSeparations):
// to move keys or other work; to make keys or to tell what comes of the key.
enum KeyRole : std::uint8_t { ROLE_OPEN = 0, ROLE_WRAPS = 1, ROLE_WORKS = 2, ROLE_DERIVES = 3 };
enum class Separation : std::uint8_t { moving, deriving };
inline constexpr std::size_t kSeparationCount = 2;
struct KeyRoles {
    std::array<std::atomic<std::uint8_t>, kSeparationCount> known{};  // of a KeyRole each
    // Of a private key: the CxiFipsUsage that its bytes have, or kNoPurpose while that is not known.
    static constexpr std::uint32_t kNoPurpose = 0xFFFFFFFF;
    std::atomic<std::uint32_t> purpose{kNoPurpose};
    // Made here, and in volatile objects alone, which share these: no note outlives them (key_notes.cpp).
    // Under the mutex, as is whatever fixes a role.
    bool only_here = false;
    // While that is so: the groups of public halves in memory that move keys (DeviceKeys::role()).
    Bytes moving_halves;
    std::mutex mutex;
    // At which number of changes of the notes of guards (DeviceKeys::guards()) the key had none.
    std::atomic<std::uint64_t> unguarding{0};
};

// What a command works with: a key object decoded, its place, and its OpenSSL key when it is asymmetric.
struct LoadedKey {
    KeyObject object;
    Bytes index;  // search key in CXIKEY.db; for external keys what it would be
    bool external = false;
    bool is_volatile = false;
    PrivateKey pkey;                                         // null for secret keys and storage objects
    std::shared_ptr<ReadyContexts<EVP_PKEY_CTX>> contexts;   // of pkey
    std::shared_ptr<ReadyContexts<EVP_CIPHER_CTX>> ciphers;  // of secret keys
    std::shared_ptr<KeyRoles> roles;                         // null for other objects

    ByteView secret() const { return object.material; }
};

// The search key of (group, name, specifier): 8 bytes of SHA-256 over the group, then 16 bytes of SHA-256
// over all three. Opening a key is a look-up, the keys of one group stand together, and a name of any length
// fits. The record says what it is, so that a collision cannot hand out another key.
Bytes key_index(std::string_view group, std::string_view name, std::uint32_t spec);
inline Bytes key_index(const KeyObject& key) { return key_index(key.group(), key.name(), key.spec()); }
Bytes group_prefix(std::string_view group);
inline bool starts_with(ByteView bytes, ByteView prefix) {
    return bytes.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

SecretBytes encode_key(const KeyObject& key);
// Error: E_CXI_KEY_BLOB_FORMAT, and those of PropertyList::decode().
Result<KeyObject> decode_key(ByteView record);

// A DES key as triple DES takes it: 24 bytes, K1 K2 K1 for keys of 16.
SecretBytes des3_key(ByteView secret);

// Makes the key usable. Errors: E_CXI_KEY_INVALID_COMP when the material is no key of its algorithm.
Result<LoadedKey> load_key(KeyObject object);

// CHECK_VALUE of a secret key (PKCS#11 v2.40, CKA_CHECK_VALUE). Errors: E_CXI_PROP_NOT_FOUND for other
// objects.
Result<Bytes> check_value(const KeyObject& key);

// What a key has that does not state the property (firmware-facts.md, section 4).
struct DefaultRow {
    std::uint32_t property;
    std::uint32_t number;
};
inline constexpr DefaultRow kDefaults[] = {
    {CXI_PROP_KEY_SPEC, 0},
    {CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_DENY},
    {CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ALL},
};
const DefaultRow* find_default(std::uint32_t property);  // null for other properties

// Whether a caller may read the property, and it is what the object has, not computed.
bool is_told_as_kept(const LoadedKey& key, std::uint32_t id);

// Properties as a caller may read them, computed ones and defaults included.
// Errors: E_CXI_PROP_SENSITIVE for secret ones, E_CXI_PROP_NOT_FOUND when the object has none of that id.
Result<Bytes> read_property(const LoadedKey& key, std::uint32_t id);

}  // namespace cs2sim
