// What a key may do, and who may change that: policies of keys as values that can be compared and narrowed,
// and the settings of groups that forbid what is known to leak keys.
//
// Which settings exist and which codes: firmware-facts.md, sections 2 and 4. What each bars is OUR
// ASSUMPTION, from the names: README.md of this room, "Settings of groups".
#pragma once

#include <optional>

#include "firmware/cxi/keys/key_object.h"

namespace cs2sim {

// Settings of a group, each off at first.
struct Restrictions {
    bool wrap_policy = false;        // CFG_WRAP_POLICY
    bool secure_derivation = false;  // CFG_SECURE_DERIVATION
    bool secure_import = false;      // CFG_SECURE_IMPORT
    bool secure_rsa = false;         // CFG_SECURE_RSA_COMPONENTS
    bool weak_des = false;           // CFG_ALLOW_WEAK_DES_KEYS
};

// What either bars.
Restrictions strictest(const Restrictions& one, const Restrictions& other);

// What USAGE and the PKCS#11 flags together leave of the uses: bits of CxiUsage. With `stated`, only what the
// properties name: a key that says nothing of its use is not taken by its word.
std::uint32_t usage_of(const PropertyList& properties, bool stated = false);

// Whether both leave the one use of that bit.
bool allows(const PropertyList& properties, std::uint32_t usage);

// The limits of a key, by which what is made of its bytes is bounded.
struct KeyPolicy {
    std::uint32_t algorithm = 0;
    std::uint32_t type = 0;
    std::uint32_t export_policy = 0;
    std::uint32_t usage = CXI_KEY_USAGE_ALL;
    bool sensitive = false;
    bool extractable = true;
    bool wrap_with_trusted = false;
    std::optional<std::vector<std::uint32_t>> mechanisms;  // MECHS; nothing: any, an empty list: none
    std::optional<std::string> expires;                    // DATE_EXP; nothing: never
    // Of keys that were wrapped: group_prefix() of each group that they come back into; none: any.
    std::vector<Bytes> homes;
    std::uint16_t made_in = 0;  // as KeyObject::made_in(): whose rules hold for it, wherever it is

    friend bool operator==(const KeyPolicy&, const KeyPolicy&) = default;
};
KeyPolicy policy_of(const KeyObject& key);
std::uint32_t narrower_export(std::uint32_t one, std::uint32_t other);  // of two values of EXPORT
Result<Bytes> encode_policy(const KeyPolicy& policy);                   // E_DB_NO_SPACE: too many homes
KeyPolicy decode_policy(ByteView note);                                 // that encode_policy() made

// Makes `properties` say no more than `bound` does: export policy, guards and the certified mode whose rules
// hold, for keys derived of one; and use, mechanisms and date, for a key of the same bytes.
void narrow_export(PropertyList& properties, const KeyPolicy& bound);
void narrow_all(PropertyList& properties, const KeyPolicy& bound);

// What is made of a key that a certified mode made, or comes out of a blob under one, keeps to that mode's
// rules, too.
void keep_to_mode(PropertyList& properties, std::uint16_t made_in);

// Bits that no policy knows, in a property that a caller gives. Error: E_CXI_PROP_VAL.
Result<void> check_bits(const Property& given);

// Who changes properties of an existing key.
struct Changer {
    bool uses = false;          // has RIGHT_USE
    bool manages = false;       // has RIGHT_MANAGE
    bool only_manages = false;  // and management is separate from use in this group
    bool is_officer = false;    // 00000200 of the group
    bool never_widens = false;  // whoever it is: this key's limits are those of another
};
// One property of a key changed: everybody who may use it may narrow what it may do, who manages may widen
// uses, mechanisms and dates; the export policy only where management is separate; SENSITIVE, EXTRACTABLE and
// WRAP_WITH_TRUSTED stick (PKCS#11 v2.40, section 4.4); TRUSTED is the security officer's, as is to widen
// what a key may do that is TRUSTED, its export policy, too. Where `never_widens` nobody widens but TRUSTED
// (E_CXI_PROP_PROTECTED). Errors:
// E_CXI_PROP_READONLY, E_CXI_PROP_ABSENT, E_CXI_PROP_PROTECTED, E_CXI_PERMISSION_DENIED.
Result<void> check_change(const PropertyList& before, const Property& change, const Changer& who);

// Whether a key with these properties stays in its group, as that group's TRUSTED keys alone may take it out
// (WRAP_WITH_TRUSTED) or none may (EXTRACTABLE).
bool stays_in_group(const PropertyList& properties);

// Whether these properties, of an object of this type or a change of it, make a secret key TRUSTED.
bool is_trusted_secret(std::uint32_t type, const PropertyList& properties);

// Whether KEY_EXPORT gives a key with these properties in clear.
bool leaves_in_clear(const PropertyList& properties);

// A key becomes TRUSTED, or a TRUSTED one changes: what may be had in clear keeps no other key secret, so
// that it is never both, whoever asks. Error: E_CXI_PERMISSION_DENIED. `before`: empty for a new key.
Result<void> restrict_trust(const PropertyList& before, const PropertyList& after);

// Whether a key with these properties would both take keys apart and handle them: wrap and decrypt, unwrap
// and encrypt. Errors: the modes' (kActRules, Act::mixed_use); E_CXI_SECURE_PROP_DECRYPT,
// E_CXI_SECURE_PROP_ENCRYPT with CFG_WRAP_POLICY.
Result<void> approve_purpose(std::uint16_t modes, const Restrictions& set, std::uint32_t usage);

// A change of a key, or a copy, under CFG_SECURE_IMPORT: what came from outside does not begin to wrap,
// unless it is TRUSTED. Error: E_CXI_SECURE_PROP_WRAP.
Result<void> restrict_wrapping(const PropertyList& before, const PropertyList& after,
                               const Restrictions& set);

// A template of a key that comes from outside, in clear or wrapped, under CFG_SECURE_IMPORT: it neither wraps
// (E_CXI_SECURE_PROP_WRAP when it says so), nor is a secret key taken without its check value
// (E_CXI_SECURE_PROP_CHECK_VALUE).
Result<void> restrict_import(PropertyList& properties, const Restrictions& set, bool secret);

// A derivation by `mechanism` of `base` under CFG_SECURE_DERIVATION: no mechanism that cuts a key or lets the
// caller choose bytes of it, as DH in a group of the caller's does, or makes the key by which HMAC works in
// place of a long one (E_CXI_CRYPT_MECH), of a key that was always sensitive
// (E_CXI_SECURE_PROP_ALWAYS_SENSITIVE_FALSE), into one that is (E_CXI_SECURE_PROP_SENSITIVE_FALSE) and of 112
// bits or more, as the check values of its beginnings would tell it byte by byte (E_CXI_KEY_INVALID_SIZE).
Result<void> restrict_derivation(PropertyList& properties, const Restrictions& set, const LoadedKey& base,
                                 std::uint32_t mechanism);

// Whether nobody outside the device can know the key's bytes as far as its own history goes: made here, and
// never to be had in clear. In certified modes made_in() must say so, too.
bool is_unknown_outside(const KeyObject& key);

bool is_weak_des(ByteView key);  // a weak or semi-weak key in it, or two equal neighbours

}  // namespace cs2sim
