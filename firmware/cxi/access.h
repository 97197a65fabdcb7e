// Rights as data of a function's row: which field of its command names a group, and what is needed there. One
// piece of code asks, before a template is decoded; handlers get the keys that their command names.
#pragma once

#include "firmware/cmds/call.h"
#include "firmware/cxi/cxi_rules.h"
#include "firmware/cxi/keys/device_keys.h"
#include "firmware/cxi/work/mechanism.h"

namespace cs2sim {

class Cxi;

// What a caller may need in a group; in a row any one of several suffices.
enum Right : std::uint16_t {
    RIGHT_USE = 0x01,               // CFG_AUTH_USER of the group
    RIGHT_MANAGE = 0x02,            // CFG_AUTH_KEYM
    RIGHT_SECURITY_OFFICER = 0x04,  // 00000200
    RIGHT_ADMINISTRATOR = 0x08,     // 02000000, whatever the group
    RIGHT_LOGGED_ON = 0x10,         // any user
    RIGHT_CONFIGURE = 0x20,         // of a group its security officer, of what holds for all an administrator
    // None, for an object that has PRIVATE = false (PKCS#11 v2.40, section 4.4): the first to look at any,
    // the second to use one without secret: public keys, certificates and data.
    RIGHT_SEE_PUBLIC = 0x40,
    RIGHT_USE_PUBLIC = 0x80,
    RIGHT_PLAIN = 0x100,  // CFG_AUTH_PLAIN
    // None, for an open object of a session (PRIVATE and TOKEN = false in the group of a slot) that lives
    // outside, sealed: to make one (PKCS#11 3.0, section 4.4). Not in FIPS and CC modes, which let nobody
    // work unknown.
    RIGHT_MAKE_OPEN = 0x200,
    // A user who may use or manage keys of the group, or its security officer, whatever anybody may do with
    // its open objects: what leaves a note takes room of the group's.
    RIGHT_NOTE = 0x400,
};

// How a field names a group.
enum class Names : std::uint8_t {
    group,          // it is its name
    key,            // a reference (CxiKeyTag) to a key of it
    key_if_any,     // the same, or empty
    key_or_config,  // the same; a reference to a configuration object is another row's
    key_name,       // a property list that names a key
    config,         // a reference to a configuration object; one to a key is another row's
    made,           // the template of an object that is to be made
    generated,      // the same, of a key whose bytes the device makes
    copied,         // the same, where an object without GROUP stays in the group of `key`
    listed,         // a template; without GROUP, or with a pattern in it, every group may be meant
    sealed,         // a sealed key
};

enum class When : std::uint8_t {
    always,
    secret_leaves,  // `type` wants more of the key than its public half
    wrapped,        // the same, and `wrapping` names a key
    in_clear,       // more than a public half comes or leaves, and `wrapping` names no key
    joins_keys,     // `mechanism` puts two keys together
};

struct AccessRow {
    BytesName field;  // of no name: a row that is not there
    Names names;
    std::uint16_t rights;
    When when = When::always;
};

// A command whose rights were asked, with the keys that it names.
class CxiCall : public Call {
public:
    CxiCall(const Call& call, Cxi& in) : Call(call), cxi(in) {}

    Cxi& cxi;

    // Of a field with a key. Precondition of the first: not one that may be empty.
    const LoadedKey& key(BytesName field) const { return *find(field); }
    SharedKey find(BytesName field) const;  // null when the field was empty

    // Whether the caller has any of `rights` in the group. Errors: the database's.
    Result<bool> has(std::uint16_t rights, std::string_view group) const;
    // The same for an object, which may be open to all.
    Result<bool> has(std::uint16_t rights, const KeyObject& object) const;
    // The same for a key that a command names: whoever holds an open object of a session uses and manages it,
    // but in a group whose settings note what keys are for (CFG_WRAP_POLICY, CFG_SECURE_DERIVATION) only with
    // RIGHT_NOTE.
    Result<bool> has(std::uint16_t rights, const LoadedKey& key) const;
    // Errors: E_CXI_PERMISSION_DENIED, and those of has().
    Result<void> require(std::uint16_t rights, std::string_view group) const;

    // Of a caller without logon: whether what the keys that the command names are to do is little enough.
    // Precondition: its rows were asked. Error: E_CXI_PERMISSION_DENIED.
    Result<void> bound_work() const;
    bool is_unknown() const { return context.users.empty(); }  // nobody has logged on

    // Whether these are properties of an open object of a session (are_open()) that is small, and the mode
    // lets anybody have one.
    bool opens(const PropertyList& properties) const;

    // An operation with a key begins, as Cxi::use() says, or one that began before goes on (Cxi::allow()).
    // Precondition of the first: the key lives as long as the call.
    Result<void> use(const LoadedKey& key, Use use, Mechanism mechanism, ByteView parameter = {},
                     std::uint32_t uses = 1);
    Result<void> go_on(SharedKey key, Use use, Mechanism mechanism);
    // What these first uses of keys fix is written down: by handlers before what they made of a key stands
    // somewhere, or a user's module has it, and for all others before the answer goes out, but of commands
    // that are refused. Errors: as Cxi::note_use(), and then nothing of what was made may be told.
    Result<void> note_uses();

    // Asks a row. Errors: E_CXI_PERMISSION_DENIED; those of Cxi::find(); E_CXI_PROP_TAG, _LEN, _EXISTS for a
    // template whose group cannot be told.
    Result<void> ask(const AccessRow& row);

    // Writes "CXI: what: group/name" to the audit log.
    void audit_key(std::string_view what, const KeyObject& key) const;

    // A caller without logon who makes, changes or shows nothing but what lives outside leaves no line in the
    // audit log: anybody could push out with such lines what stands there.
    void choose_log();

    bool has_flag(std::uint32_t flag) const { return (request.u32("flags") & flag) != 0; }

    // Whether what this command makes with these properties is such an open object, sealed for outside.
    bool makes_open(const PropertyList& properties) const {
        return has_flag(CXI_FLAG_KEY_EXTERNAL) && opens(properties);
    }
    // The same, or one that becomes so when it has shrunk, or another mode comes.
    bool lays_open(const PropertyList& properties) const;

private:
    struct Named {
        BytesName field;
        SharedKey key;
    };
    bool applies(When when) const;
    Result<void> ask_key(const AccessRow& row, ByteView reference);
    Result<void> ask_named(const AccessRow& row, ByteView names);
    Result<void> ask_template(const AccessRow& row, ByteView elements);
    SharedKey copied_by(const AccessRow& row) const;
    Result<PropertyList> made_by(const AccessRow& row, ByteView elements) const;
    bool makes_open(const AccessRow& row, std::string_view group, ByteView elements) const;
    Result<void> allow(const AccessRow& row, const SharedKey& key);
    bool knows_group_of(ByteView index) const;

    std::array<Named, 2> named_;
    std::size_t count_ = 0;
    struct FirstUse {
        const LoadedKey* key;
        SharedKey held;  // null for a key that somebody else holds
        Use use;
        Mechanism mechanism;
    };
    std::vector<FirstUse> first_uses_;
};

// Whether a command that ends so tells something that the key made: it has worked. What else fails is
// refused before, or tells nothing of the key.
bool tells_of_key(std::uint32_t code);

// Whether an object with these properties, sealed outside, is nobody's: in whatever mode, of whatever size.
// What a certified mode made, which lets nobody work unknown, never is.
bool are_open(const PropertyList& properties);

// GROUP in a template, found without decoding it; empty when there is none. Errors: E_CXI_PROP_TAG,
// E_CXI_PROP_LEN when it is no list of properties so far, E_CXI_PROP_EXISTS when it has two of them.
Result<std::string_view> group_in(ByteView elements);

}  // namespace cs2sim
