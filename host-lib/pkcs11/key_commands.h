// The commands by which the library makes, reads and changes objects on a device: the one place that knows
// where an object goes and how it is named there.
#pragma once

#include "host-lib/pkcs11/session.h"

namespace cs2sim::p11 {

// Where new objects go. Session objects are blobs sealed under the MBK, in the library's memory; where the
// device has no MBK, or bars external keys, they are volatile keys on the device.
struct Placement {
    bool token = false;
    std::uint32_t flags = 0;      // of the command
    bool stored = false;          // into the slot's key store
    std::uint32_t next_spec = 0;  // reserved there, for the next of `objects`
};
// `objects`: how many are to be made. Errors: CKR_SESSION_READ_ONLY, those of the slot's key store.
Result<Placement> placement(Session& session, bool token, std::uint32_t objects = 1);

// Adds the group. The object gets no name: the device gives it the next specifier of the group, or it gets
// the next one that was reserved in the slot's key store.
void place(Session& session, Placement& placement, PropertyList& properties);

// What a command made: a reference to it, and its properties when the answer told them.
struct Made {
    Bytes reference;
    std::optional<PropertyList> properties{};
};
// `told`: encoded properties out of the command's answer, which may be empty. Error: E_CSA_PROTOCOL.
Result<Made> made_of(ByteView reference, ByteView told);

// Runs a command that makes an object at `where`, and again as a volatile key when the device cannot seal
// blobs. `make` gets the flags to be sent.
using Make = std::function<Result<Made>(std::uint32_t flags)>;
Result<Made> make_at(Session& session, Placement& where, const Make& make);

// Makes an object with these properties: sends the command that makes it, with the flags and the encoded
// properties that it is given, and gives what it became a handle. Warns in the log of a key
// that both handles keys and reads or makes data. Errors: CKR_SESSION_READ_ONLY, those of the command.
using SendMake = std::function<Result<host::Answer>(std::uint32_t flags, const Bytes& properties)>;
Result<SharedObject> make_object(Session& session, bool token, PropertyList properties, const SendMake& send);

// Takes an object away, from the device when it is there, and from the table. Errors: the device's;
// E_DB_NOT_FOUND when somebody else came first.
Answer remove_object(Session& session, const Object& object);

// Gives a new object a handle; its properties are read when nobody told them.
Result<SharedObject> adopt(Session& session, const Placement& where, Made made);

// Those that were told, or else the device is asked.
Result<PropertyList> properties_of(Session& session, Made& made);

Result<PropertyList> read_properties(Session& session, ByteView reference);

// Takes a plain key in: `type` is CXI_KEY_TYPE_SECRET (raw), _PRIVATE (PKCS#8), _PUBLIC
// (SubjectPublicKeyInfo).
Result<SharedObject> import_key(Session& session, bool token, std::uint32_t type, PropertyList properties,
                                ByteView material);

// The key in clear, as far as its policy lets it out.
Result<SecretBytes> export_key(Session& session, const Object& key);

// What session objects left on the device goes with them. Errors do not matter: the session is over.
void forget_objects(Session& session, const std::vector<SharedObject>& objects);

}  // namespace cs2sim::p11
