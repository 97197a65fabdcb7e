#include "host-lib/pkcs11/key_commands.h"

#include "host-lib/pkcs11/attributes.h"
#include "host-lib/pkcs11/external_objects.h"
#include "host-lib/pkcs11/external_store.h"
#include "host-lib/pkcs11/library.h"

namespace cs2sim::p11 {
namespace {

bool cannot_seal(std::uint32_t code) { return code == E_CXI_CC_EXTERNAL_KEYS || code == E_MBK_SLOT_EMPTY; }

bool on_device(const Object& object) {
    return !object.reference.empty() && object.reference[0] != CXI_TAG_EXTERNAL;
}

// A key that wraps and decrypts tells keys, one that unwraps and encrypts makes chosen ones. Many
// applications ask for all usages, so that it is allowed where no mode or setting of the slot bars it, and
// told.
void warn_of_mixed_use(Session& session, const Object& object) {
    const auto both = [&](CK_ATTRIBUTE_TYPE one, CK_ATTRIBUTE_TYPE other) {
        return flag_of(object.properties, one) && flag_of(object.properties, other);
    };
    if (class_of(object.properties) != CKO_SECRET_KEY) return;
    if (!both(CKA_WRAP, CKA_DECRYPT) && !both(CKA_UNWRAP, CKA_ENCRYPT)) return;
    session.library.log.write(LogLevel::warning, "C_CreateObject",
                              "key " + std::to_string(object.handle) +
                                  " both handles keys and encrypts or decrypts: whoever uses it can read "
                                  "the keys that it wraps");
}

}  // namespace

Result<Placement> placement(Session& session, bool token, std::uint32_t objects) {
    if (token) {
        if (!session.read_write) return fail(CKR_SESSION_READ_ONLY);
        if (!session.token.external) return Placement{true, 0};
        CS2SIM_TRY_LET(spec, session.token.external->reserve_specs(session.token.group(), objects));
        return Placement{true, CXI_FLAG_KEY_EXTERNAL, true, spec};
    }
    const bool external = session.token.external_keys != 0;
    return Placement{false, external ? CXI_FLAG_KEY_EXTERNAL : CXI_FLAG_KEY_VOLATILE};
}

void place(Session& session, Placement& where, PropertyList& properties) {
    properties.set(CXI_PROP_KEY_GROUP, session.token.group());
    properties.set_flag(CXI_PROP_TOKEN, where.token);
    if (where.stored) properties.set_number(CXI_PROP_KEY_SPEC, where.next_spec++);
}

Result<Made> made_of(ByteView reference, ByteView told) {
    Made made{to_bytes(reference)};
    if (told.empty()) return made;
    auto properties = PropertyList::decode(told);
    if (!properties) return fail(E_CSA_PROTOCOL);
    made.properties = *std::move(properties);
    return made;
}

Result<Made> make_at(Session& session, Placement& where, const Make& make) {
    auto made = make(where.flags | CXI_FLAG_KEY_TOLD);
    if (made || where.token || where.flags != CXI_FLAG_KEY_EXTERNAL) {
        if (made && !where.token) session.token.external_keys = where.flags == CXI_FLAG_KEY_EXTERNAL ? 1 : 0;
        return made;
    }
    if (!cannot_seal(made.error().code)) return made;
    session.token.external_keys = 0;
    where.flags = CXI_FLAG_KEY_VOLATILE;
    return make(where.flags | CXI_FLAG_KEY_TOLD);
}

Result<PropertyList> read_properties(Session& session, ByteView reference) {
    CS2SIM_TRY_LET(answer, session.execute(FC_CXI, SFC_CXI_KEY_PROP_GET, {reference, ByteView()}));
    return PropertyList::decode(answer.block.bytes("properties"));
}

Result<PropertyList> properties_of(Session& session, Made& made) {
    if (made.properties) return *std::exchange(made.properties, std::nullopt);
    return read_properties(session, made.reference);
}

Result<SharedObject> adopt(Session& session, const Placement& where, Made made) {
    if (where.stored) {
        std::vector<Made> one;
        one.push_back(std::move(made));
        CS2SIM_TRY_LET(kept, keep_in_store(session, std::move(one)));
        return std::move(kept.front());
    }
    CS2SIM_TRY_LET(properties, properties_of(session, made));
    Object object;
    object.slot = session.token.slot;
    object.session = where.token ? CK_INVALID_HANDLE : session.handle;
    object.reference = std::move(made.reference);
    object.properties = std::move(properties);
    return session.library_objects().put(std::move(object));
}

Result<SharedObject> make_object(Session& session, bool token, PropertyList properties,
                                 const SendMake& send) {
    CS2SIM_TRY_LET(where, placement(session, token));
    place(session, where, properties);
    const Bytes encoded = properties.encode();
    auto there = make_at(session, where, [&](std::uint32_t flags) -> Result<Made> {
        CS2SIM_TRY_LET(answer, send(flags, encoded));
        return made_of(answer.block.bytes("key"), answer.block.bytes("properties"));
    });
    CS2SIM_TRY(there);
    auto made = adopt(session, where, *std::move(there));
    if (made) warn_of_mixed_use(session, **made);
    return made;
}

Answer remove_object(Session& session, const Object& object) {
    Answer removed;
    if (object.stored) {
        removed = remove_from_store(session, object);
        if (!removed && removed.error().code != E_DB_NOT_FOUND) return removed;
    } else if (on_device(object)) {
        const auto answer = session.execute(FC_CXI, SFC_CXI_KEY_DELETE, {object.reference});
        if (!answer) removed = fail(answer.error());
        if (!answer && answer.error().code != E_DB_NOT_FOUND) return removed;
    }
    session.library_objects().erase(object.handle);
    return removed;
}

Result<SharedObject> import_key(Session& session, bool token, std::uint32_t type, PropertyList properties,
                                ByteView material) {
    return make_object(session, token, std::move(properties), [&](std::uint32_t flags, const Bytes& encoded) {
        return session.execute(FC_CXI, SFC_CXI_KEY_IMPORT,
                               {flags, type, 0, encoded, ByteView(), material, ByteView()});
    });
}

Result<SecretBytes> export_key(Session& session, const Object& key) {
    const std::uint32_t type = key.properties.number_or(CXI_PROP_KEY_TYPE, 0);
    CS2SIM_TRY_LET(
        answer, session.execute(FC_CXI, SFC_CXI_KEY_EXPORT,
                                {type | CXI_KEY_TYPE_PLAINTEXT, 0, key.reference, ByteView(), ByteView()}));
    SecretBytes material = to_secret(answer.block.bytes("blob"));
    cleanse(answer.bytes.data(), answer.bytes.size());
    return material;
}

void forget_objects(Session& session, const std::vector<SharedObject>& objects) {
    for (const SharedObject& object : objects)
        if (on_device(*object))
            (void)session.token.shared_channel().execute(FC_CXI, SFC_CXI_KEY_DELETE, {object->reference});
}

}  // namespace cs2sim::p11
