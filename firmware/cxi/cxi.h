// The front door of CXI: key objects, groups, cryptographic operations, single-key backup.
//
// Who may do what is decided by the key's group, not by the session's whole authentication state: see
// group_access.h. Function rows therefore state permission 0, and rights in groups as rows of access.h.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "firmware/cmds/call.h"
#include "firmware/cmds/vendor_mechanism.h"
#include "firmware/cxi/cxi_rules.h"
#include "firmware/cxi/keys/device_keys.h"
#include "firmware/cxi/keys/external_keys.h"
#include "firmware/cxi/keys/list_cursor.h"
#include "firmware/cxi/make_key.h"
#include "firmware/cxi/policy.h"
#include "firmware/cxi/work/mechanism.h"

namespace cs2sim {

// What the CFG_* properties of a group's configuration object, or else of the global one, say. Their values
// are permissions as authentication states.
struct CxiConfig {
    std::uint32_t user = permission::kCryptoUser;  // CFG_AUTH_USER: use of keys
    // CFG_AUTH_KEYM: generate, import, delete, change; permission::kKeyManager separates.
    std::uint32_t key_manager = permission::kCryptoUser;
    std::uint32_t plain = 0;      // CFG_AUTH_PLAIN: what plain import and export need beside
    bool check_validity = false;  // CFG_CHECK_VALIDITY_PERIOD: dates of keys are enforced
    bool external_only = false;   // CFG_ENFORCE_EXT_KEYS: no new stored keys
    Restrictions restrictions;

    bool management_is_separate() const { return !permits(user, key_manager); }
};

class CxiCall;
class Cxi;

class Place {
public:
    // Whether the device has just chosen the bytes of a key, so that no other object has them.
    enum class Origin : std::uint8_t { elsewhere, made };

    // Stores a new key, or seals it (CXI_FLAG_KEY_EXTERNAL), and returns its reference. A key without name
    // and specifier gets one as DeviceKeys::insert() says, but for sealed ones. Precondition: it has the
    // names that the place was asked for. Errors: E_DB_EXISTS, E_CXI_OVERWRITE, E_CXI_MALLOC;
    // E_MBK_SLOT_EMPTY; the database's.
    Result<Bytes> put(KeyObject& key, Origin origin = Origin::elsewhere);

    // Two keys that were made, both or none; the first gets the lower specifier. `group` of both as asked
    // for.
    struct Pair {
        Bytes first, second;
    };
    Result<Pair> put(KeyObject& first, KeyObject& second);

    bool is_volatile() const { return has(CXI_FLAG_KEY_VOLATILE); }

private:
    friend class Cxi;
    Place(Cxi& cxi, std::uint32_t flags) : cxi_(cxi), flags_(flags) {}
    Lifetime lifetime(Origin origin) const { return {is_volatile(), owner_, origin == Origin::made}; }
    bool has(CxiFlag flag) const { return (flags_ & flag) != 0; }

    Cxi& cxi_;
    std::uint32_t flags_;
    std::uint64_t owner_ = 0;
};

class Cxi {
public:
    explicit Cxi(Services& services);

    // At every start of the device: volatile keys are gone.
    void start() { keys.forget_volatile(); }

    DeviceKeys keys;
    ExternalKeys external;
    const ListCursors cursors;
    VendorMechanisms vendor_mechanisms;  // of users' modules; set before the first command

    // The key that `reference` (CxiKeyTag) names by index or as a sealed one, or `names` by GROUP, NAME and
    // SPEC; whether the caller may have it is not asked here. Errors: E_CXI_INVALID_PARAM_TAG, _LEN, _VAL for
    // a malformed reference, E_CXI_KEY_INVALID_NAME; those of DeviceKeys::find() and ExternalKeys::find();
    // E_CXI_CC_EXTERNAL_KEYS.
    Result<SharedKey> find(ByteView reference);
    Result<SharedKey> find_named(const PropertyList& names);

    Result<CxiConfig> config(std::string_view group);

    // Whether `key` may be used so: its usage bits and flags, its list of mechanisms, its dates, the
    // profile's algorithms, the mode. `parameter`: the mechanism's, whose hash counts too (PSS, OAEP). The
    // first use of a key fixes what its bytes are for (kSeparations), of an RSA key in FIPS mode also how
    // (kFirstUsages): whether this is one, which note_use() is to write down when the key has worked. Errors:
    // E_CXI_KEY_USAGE, E_CXI_KEY_MECH_NOT_ALLOWED, E_CXI_KEY_INVALID_ALGO, E_CXI_VALIDITY_PERIOD,
    // E_CXI_SECURE_PROP_DECRYPT and _ENCRYPT (CFG_WRAP_POLICY), E_CXI_CRYPT_MECH (CFG_SECURE_DERIVATION),
    // E_CXI_FIPS_KEY_USAGE, E_CXI_FIPS_PAD_MECH_WRONG, E_CXI_FIPS_USAGE_NOT_SET, and the mode tables'.
    Result<bool> allow(const LoadedKey& key, Use use, Mechanism mechanism, ByteView parameter = {});
    // Writes down what a first use fixes. Errors: those of allow(), when another command came before; the
    // database's, E_DB_NO_SPACE.
    Result<void> note_use(const LoadedKey& key, Use use, Mechanism mechanism);
    // The same as allow() for an operation that begins, which spends `uses` of the key's authorisation where
    // the profile asks for one. Errors: as allow() and spend().
    Result<bool> use(const LoadedKey& key, Use use, Mechanism mechanism, ByteView parameter = {},
                     std::uint32_t uses = 1);

    // Key authorisation (authorisation.h), where the profile has it: what is spent is written down before the
    // key works. A volatile key needs none when its bytes never had a KAK. Errors:
    // E_CXI_CC_KEY_NOT_INITIALISED, E_CXI_CC_KEY_BLOCKED, E_CXI_CC_KEY_NOT_AUTHORISED; the database's.
    Result<void> spend(const LoadedKey& key, std::uint32_t uses = 1);
    // Errors: those of decode_krad(); E_CXI_CC_KEY_ALREADY_INITIALISED, also when the key's bytes were bound
    // to another KAK, in whatever object.
    Result<void> bind_kak(const LoadedKey& key, ByteView krad, bool assigned);
    // Errors: E_CXI_CC_KEY_NOT_INITIALISED, E_CXI_CC_KEY_BLOCKED.
    Result<void> may_authorise(const LoadedKey& key) const;
    // Lets the key work `uses` times from now on when `signature` is the KAK's over `data`, else counts a
    // failure. Errors: as may_authorise(), E_CXI_CC_KEY_AUTH_FAILED, E_CXI_CC_KRAD_INTEGRITY_FAILED.
    Result<void> authorise(const LoadedKey& key, ByteView data, ByteView signature, std::uint32_t uses);
    Result<void> unblock(const LoadedKey& key);  // E_CXI_CC_KEY_NOT_BLOCKED, _NOT_INITIALISED
    // A key that comes back or is copied: not authorised; bound, assigned and locked as its bytes were.
    Result<void> settle(KeyObject& key);

    // Whether bytes of the key, which wraps or unwraps, have wrapped keys with WRAP_WITH_TRUSTED that it is
    // to keep. Errors: the database's.
    Result<bool> is_guarding(const LoadedKey& key);

    // That a secret key is TRUSTED is noted for its bytes, before an object has them or they leave: nothing
    // for other keys. Errors: the database's, E_DB_NO_SPACE.
    Result<void> keep_trusted(const KeyObject& key);

    // Before a private key comes out of groups (group_prefix() of each) into another: of an RSA pair that is
    // noted, as what the public half does in one counts in all. Errors: as DeviceKeys::keep_holders().
    Result<void> keep_holders(const LoadedKey& key, const std::vector<Bytes>& from, std::string_view to);

    // Whether the profile and the mode have such keys. Errors: E_CXI_KEY_INVALID_ALGO, and the mode tables'.
    Result<void> approve_object(const KeyObject& key, Use use);

    // The same for DSA's domain parameters with P of so many bits.
    Result<void> approve_domain(std::uint32_t bits);

    // Where a key with these properties will go, asked before the work of making it. Errors:
    // E_CXI_KEY_INVALID_NAME (no name where keys have one, or the specifier 0 without name),
    // E_CXI_PERMISSION_DENIED (TRUSTED, and the caller is no security officer of the group), E_CXI_OVERWRITE,
    // E_CXI_KEY_EXTERNAL_ONLY, the mode tables'.
    Result<Place> place_in(const CxiCall& call, const PropertyList& properties, std::uint32_t flags);

    // What holds now for keys that this command makes in the group.
    Result<Circumstances> circumstances(const CxiCall& call, std::string_view group);
    std::uint16_t modes() const;
    // What holds for a key: the device's modes, and the certified one that it was made in. So what such a
    // mode keeps secret is not told where another one holds, on this device or the next.
    std::uint16_t modes_for(const KeyObject& key) const {
        return static_cast<std::uint16_t>(modes() | key.made_in());
    }

    // Seals a key for outside and returns its reference. Errors: as KeySeal::seal().
    Result<Bytes> seal_outside(const KeyObject& key);

private:
    Result<CxiConfig> read_config(std::initializer_list<ByteView> indices);
    Result<std::uint64_t> volatile_owner(HandleTable& handles);
    Result<SharedKey> external_key(ByteView blob);
    Result<void> bind_again(KeyObject& key, const LoadedKey& loaded);
    Result<void> note_failures(const LoadedKey& key, std::uint32_t failures);
    Result<void> keep_guarding(const LoadedKey& key, Use use);
    // Both: whether something would have to be noted; with `noting` it is.
    Result<bool> keep_roles(const LoadedKey& key, Use use, Mechanism mechanism, bool noting);
    Result<bool> keep_first_usage(const LoadedKey& key, Use use, Mechanism mechanism, bool noting);

    Services& services_;
    std::mutex config_mutex_;
    struct HeldConfig {
        Bytes index;            // of the group's own settings; global ones count too
        std::uint64_t changes;  // of both, when they were read
        CxiConfig config;
    };
    std::map<std::string, HeldConfig, std::less<>> configs_;
};

// A reference to a stored key, as commands return it.
Bytes index_reference(ByteView index);

// Flags of functions that make a key.
inline constexpr std::uint32_t kPlaceFlags =
    CXI_FLAG_KEY_OVERWRITE | CXI_FLAG_KEY_EXTERNAL | CXI_FLAG_KEY_VOLATILE | CXI_FLAG_KEY_UNTIL_RESTART;
// Of those that can say at once what they made.
inline constexpr std::uint32_t kMakeFlags = kPlaceFlags | CXI_FLAG_KEY_TOLD;

// E_CXI_INVALID_FLAGS when `flags` has any bit outside `known`.
Result<void> check_flags(std::uint32_t flags, std::uint32_t known);

Module cxi_module(Cxi& cxi);  // FC 068

}  // namespace cs2sim
