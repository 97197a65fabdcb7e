// Which key may take which other out of its group, or bring one in: what the settings of both groups, the
// modes and the caller's rights say of a wrapping key and of the key that moves.
//
// That the strictest settings of both groups hold is OUR ASSUMPTION: firmware-facts.md knows settings of one.
#pragma once

#include "firmware/cxi/access.h"
#include "firmware/cxi/cxi_rules.h"
#include "firmware/cxi/work/mechanism.h"

namespace cs2sim {

// A key that is wrapped or unwrapped.
struct Move {
    std::uint16_t modes;  // that hold for both keys, as far as they are there
    const LoadedKey& wrapping;
    std::string_view group;  // of the key that moves
    bool open = false;       // whether that is an open object of a session
    Use use = USE_WRAP;      // or USE_UNWRAP
    Mechanism mechanism{};
    ByteView parameter;
};

// Whether `wrapping` may do it for this caller. Errors: E_CXI_PERMISSION_DENIED (an open object, or a key of
// a group where the caller may not use keys, for others than open objects; what approve_passage() says; the
// value of the wrapping key may be the caller's, who lacks RIGHT_PLAIN); Act::plain_import and plain_export
// in FIPS and CC modes; E_CXI_SECURE_PUBLIC_WRAPPING, E_CXI_SECURE_PROP_DECRYPT, E_CXI_SECURE_PROP_ENCRYPT,
// E_CXI_CRYPT_MECH under CFG_WRAP_POLICY, E_CXI_SECURE_PROP_WRAP under CFG_SECURE_IMPORT, of either group;
// the database's.
Result<void> approve_move(const CxiCall& call, const Move& move);

// Whether the parameter of a cipher has the device make the IV.
bool makes_iv(ByteView parameter);

// GCM and CCM: whether the tag is one that somebody may guess (SP 800-38D, section 5.2.1.2). 0 bits stand for
// the whole tag.
bool has_short_tag(const LoadedKey& wrapping, Mechanism mechanism, ByteView parameter);

// Whether the mechanism proves what it wrapped; of users' modules nobody knows.
bool is_authenticated(const LoadedKey& wrapping, Mechanism mechanism, ByteView parameter);

// Whether TRUSTED of the wrapping key stands for keys of the group: a group's security officer does for its
// own keys.
bool is_trusted_for(const LoadedKey& wrapping, std::string_view group);

// Whether what is in a key of one group may come into a key of another: it would be free there of the
// settings of its own that the other lacks. Error: E_CXI_PERMISSION_DENIED; the database's.
Result<void> approve_passage(const CxiCall& call, std::string_view from, std::string_view to);

// Where what is made of a key goes.
struct Destination {
    std::string_view group;
    bool open = false;  // an open object of a session
};

// What the other key has of the key that it is made of.
enum class Carries : std::uint8_t {
    bytes,     // a copy, a derivation that joins or cuts
    function,  // what only a one-way function gives
};
// Whether what is in a key may come into one of another group, or be laid open in its own, where everybody
// works with it, by a copy, a derivation or a backup: for who may use it. There stay: what the own group's
// TRUSTED keys alone take out, and in FIPS and CC modes every key, as the security officer of another group
// trusts others; what is not EXTRACTABLE, or may not be exported, as far as its bytes go. Errors:
// E_CXI_PERMISSION_DENIED, E_CXI_KEY_EXPORT_DENIED; Act::plain_export; those of approve_passage().
Result<void> approve_departure(const CxiCall& call, const LoadedKey& key, const Destination& to,
                               Carries carries = Carries::bytes);
// Whether a key leaves its group so, in one way or the other.
bool departs(const LoadedKey& key, const Destination& to);

// Whether what is in a key comes to the destination as from outside: out of a group that lacks a setting of
// the destination's, where somebody may know it or work with it as nobody may here; out of an open object,
// which is nobody's, into a key of a group that has any, or in FIPS and CC modes, which have no such objects;
// or out of a group where the caller may have keys in clear, as they may not here. Errors: the database's.
Result<bool> comes_from_outside(const CxiCall& call, const LoadedKey& source, const Destination& to);

// The same, which counts as import in clear of a key of this type that `properties` describe: they are
// restricted so, when it does. Errors: E_CXI_PERMISSION_DENIED (RIGHT_PLAIN of the destination is missing);
// those of restrict_import(); the database's. A public key is everybody's to bring.
Result<bool> approve_entry(const CxiCall& call, const LoadedKey& source, const Destination& to,
                           std::uint32_t type, PropertyList& properties);

// As keep_to_mode(), for what is made of a key, or comes out of a blob under one: with that it is nobody's
// open object, and made by who makes keys in its group. Errors: E_CXI_PERMISSION_DENIED; the database's.
Result<void> inherit_mode(const CxiCall& call, std::uint16_t made_in, PropertyList& properties);

// A key that came from outside: neither made here nor always secret.
void forget_origin(KeyObject& key);

}  // namespace cs2sim
