// Objects: create, copy, destroy, read and change.
#include <cstring>

#include "host-lib/pkcs11/config_objects.h"
#include "host-lib/pkcs11/external_objects.h"
#include "host-lib/pkcs11/find.h"
#include "host-lib/pkcs11/handlers.h"
#include "host-lib/pkcs11/key_commands.h"
#include "host-lib/pkcs11/new_objects.h"

namespace cs2sim::p11::functions {
namespace {

Result<SharedObject> object_of(Session& session, CK_OBJECT_HANDLE handle) {
    return object_in_use(session, handle, CKR_OBJECT_HANDLE_INVALID);
}

// An object that somebody else deleted is no longer known here either.
template <class Value>
Result<Value> forget_if_gone(Session& session, const Object& object, Result<Value> result) {
    if (!result && result.error().code == E_DB_NOT_FOUND) session.library.objects.erase(object.handle);
    return result;
}

bool is_readable_key(const Object& object) {
    const std::uint8_t bit = class_bit(class_of(object.properties));
    return (bit & (CLASS_PRIVATE | CLASS_SECRET)) != 0 &&
           object.properties.flag_or(CXI_PROP_EXTRACTABLE, false) &&
           !object.properties.flag_or(CXI_PROP_SENSITIVE, true);
}

// A value that only the key itself tells.
Result<SecretBytes> component(Session& session, const Object& object, CK_ATTRIBUTE_TYPE type) {
    if (!is_readable_key(object)) return fail(CKR_ATTRIBUTE_SENSITIVE);
    auto material = export_key(session, object);
    CS2SIM_TRY(material);
    if (class_of(object.properties) == CKO_SECRET_KEY) return material;
    return component_of(*material, type);
}

// The attributes of a template that an object has (PKCS#11 3.0, section 5.7.5): the array, then the value of
// each element that has a buffer. Deeper than anything is made, there is nothing.
Answer give_template(ByteView encoded, CK_ATTRIBUTE& wanted, unsigned depth = 1) {
    const CK_ULONG room = wanted.ulValueLen;
    if (depth > kMostTemplateDepth) {
        wanted.ulValueLen = 0;
        return {};
    }
    const Template held = Template::decode(encoded);
    const auto count = static_cast<CK_ULONG>(std::distance(held.begin(), held.end()));
    wanted.ulValueLen = CK_UNAVAILABLE_INFORMATION;
    if (wanted.pValue && room < count * sizeof(CK_ATTRIBUTE)) return fail(CKR_BUFFER_TOO_SMALL);
    wanted.ulValueLen = count * sizeof(CK_ATTRIBUTE);
    if (!wanted.pValue) return {};
    auto* element = static_cast<CK_ATTRIBUTE*>(wanted.pValue);
    Answer answer;
    for (const auto& [type, value] : held) {
        const bool filled = element->pValue && element->type == type;
        element->type = type;
        if (find_attribute(type)->codec == Codec::attributes) {
            if (!filled) element->pValue = nullptr;  // what lies there is of another attribute
            if (auto inner = give_template(value, *element, depth + 1); !inner) answer = inner;
        } else if (filled && element->ulValueLen < value.size()) {
            element->ulValueLen = CK_UNAVAILABLE_INFORMATION;
            answer = fail(CKR_BUFFER_TOO_SMALL);
        } else {
            element->ulValueLen = value.size();
            if (filled && !value.empty()) std::memcpy(element->pValue, value.data(), value.size());
        }
        ++element;
    }
    return answer;
}

Answer read_attribute(Session& session, const Object& object, CK_ATTRIBUTE& wanted) {
    const CK_ULONG room = wanted.ulValueLen;
    wanted.ulValueLen = CK_UNAVAILABLE_INFORMATION;
    const AttributeRow* row = find_attribute(wanted.type);
    if (!row || (row->has(ACCESS_R3) && !session.token.profile()->all_attributes))
        return fail(CKR_ATTRIBUTE_TYPE_INVALID);
    const auto plain = attribute_value(object.properties, *row, object.is_token());
    if (plain && row->codec == Codec::attributes) {
        wanted.ulValueLen = room;
        return give_template(*plain, wanted);
    }
    SecretBytes value;
    if (plain) {
        value = to_secret(*plain);
    } else {
        if (plain.error().code != CKR_ATTRIBUTE_SENSITIVE) return fail(plain.error());
        CS2SIM_TRY_LET(secret, component(session, object, wanted.type));
        value = std::move(secret);
    }
    if (wanted.pValue && room < value.size()) return fail(CKR_BUFFER_TOO_SMALL);
    wanted.ulValueLen = value.size();
    if (wanted.pValue && !value.empty()) std::memcpy(wanted.pValue, value.data(), value.size());
    return {};
}

bool is_attribute_error(std::uint32_t code) {
    return code == CKR_ATTRIBUTE_SENSITIVE || code == CKR_ATTRIBUTE_TYPE_INVALID ||
           code == CKR_BUFFER_TOO_SMALL;
}

// Who is not logged on works with public session objects only.
Answer may_write(const Session& session, const Object& object) {
    if (object.is_token() && !session.read_write) return fail(CKR_SESSION_READ_ONLY);
    return {};
}

}  // namespace

Answer CreateObject(Session& session, CK_ATTRIBUTE* attributes, CK_ULONG count, CK_OBJECT_HANDLE* handle) {
    if (!handle) return fail(CKR_ARGUMENTS_BAD);
    CS2SIM_TRY_LET(given, given_template(session, attributes, count));
    CS2SIM_TRY_LET(made, create_object(session, given));
    *handle = made->handle;
    return {};
}

Answer CopyObject(Session& session, CK_OBJECT_HANDLE original, CK_ATTRIBUTE* attributes, CK_ULONG count,
                  CK_OBJECT_HANDLE* copy) {
    if (!copy) return fail(CKR_ARGUMENTS_BAD);
    CS2SIM_TRY_LET(object, object_of(session, original));
    CS2SIM_TRY_LET(given, given_template(session, attributes, count));
    if (!object->properties.flag_or(CXI_PROP_CUSTOM | CKA_COPYABLE, true)) return fail(CKR_ACTION_PROHIBITED);
    CS2SIM_TRY_LET(changes,
                   changed_properties(given, object->properties, ACCESS_COPY, session.token.so_logged_on()));
    const bool token = given.flag(CKA_TOKEN, object->is_token());
    // Who is not logged on makes public session objects, which the template has to say of itself.
    if (!token && !session.token.sees_private() && !changes.has(CXI_PROP_PRIVATE))
        changes.set_flag(CXI_PROP_PRIVATE, object->properties.flag_or(CXI_PROP_PRIVATE, true));
    auto made =
        make_object(session, token, std::move(changes), [&](std::uint32_t flags, const Bytes& encoded) {
            return session.execute(FC_CXI, SFC_CXI_OBJ_COPY, {flags, object->reference, encoded});
        });
    made = forget_if_gone(session, *object, std::move(made));
    CS2SIM_TRY(made);
    *copy = (*made)->handle;
    return {};
}

Answer DestroyObject(Session& session, CK_OBJECT_HANDLE handle) {
    CS2SIM_TRY_LET(object, object_of(session, handle));
    CS2SIM_TRY(may_write(session, *object));
    if (!object->properties.flag_or(CXI_PROP_CUSTOM | CKA_DESTROYABLE, true))
        return fail(CKR_ACTION_PROHIBITED);
    return remove_object(session, *object);
}

Answer GetObjectSize(Session& session, CK_OBJECT_HANDLE handle, CK_ULONG* size) {
    if (!size) return fail(CKR_ARGUMENTS_BAD);
    CS2SIM_TRY_LET(object, object_of(session, handle));
    *size = object->properties.encode().size();
    return {};
}

// All lengths are filled in, whatever goes wrong with single attributes (PKCS#11 3.0, section 5.7.5).
Answer GetAttributeValue(Session& session, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE* attributes,
                         CK_ULONG count) {
    if (!attributes || count == 0) return fail(CKR_ARGUMENTS_BAD);
    if (is_config_object(handle)) return read_config_object(session, handle, attributes, count);
    CS2SIM_TRY_LET(object, object_of(session, handle));
    std::uint32_t first_error = 0;
    for (CK_ULONG i = 0; i < count; ++i) {
        const auto read = forget_if_gone(session, *object, read_attribute(session, *object, attributes[i]));
        if (read) continue;
        if (!is_attribute_error(read.error().code)) return fail(read.error());
        if (first_error == 0) first_error = read.error().code;
    }
    if (first_error != 0) return fail(first_error);
    return {};
}

Answer SetAttributeValue(Session& session, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE* attributes,
                         CK_ULONG count) {
    if (is_config_object(handle)) return change_config_object(session, handle, attributes, count);
    CS2SIM_TRY_LET(object, object_of(session, handle));
    CS2SIM_TRY_LET(given, given_template(session, attributes, count));
    CS2SIM_TRY(may_write(session, *object));
    if (!object->properties.flag_or(CXI_PROP_MODIFIABLE, true)) return fail(CKR_ACTION_PROHIBITED);
    const auto changes =
        changed_properties(given, object->properties, ACCESS_SET, session.token.so_logged_on());
    CS2SIM_TRY(changes);
    const auto answer =
        forget_if_gone(session, *object,
                       session.execute(FC_CXI, SFC_CXI_KEY_PROP_SET, {object->reference, changes->encode()}));
    CS2SIM_TRY(answer);
    PropertyList after = object->properties;
    for (const Property& change : *changes) after.set(change.id, change.value());
    Bytes reference = to_bytes(answer->block.bytes("key"));
    if (object->stored) return change_in_store(session, *object, std::move(reference), std::move(after));
    session.library.objects.replace(*object, std::move(reference), std::move(after));
    return {};
}

Answer FindObjectsInit(Session& session, CK_ATTRIBUTE* attributes, CK_ULONG count) {
    // Not every caller ends a search that failed.
    if (session.search && session.search->failed) session.search.reset();
    if (session.search) return fail(CKR_OPERATION_ACTIVE);
    if (auto config = find_config_objects(attributes, count)) {
        session.search = std::make_unique<Search>();
        session.search->ready = *std::move(config);
        return {};
    }
    CS2SIM_TRY_LET(wanted, given_template(session, attributes, count));
    CS2SIM_TRY_LET(search, begin_search(session, std::move(wanted)));
    session.search = std::make_unique<Search>(std::move(search));
    return {};
}

Answer FindObjects(Session& session, CK_OBJECT_HANDLE* objects, CK_ULONG most, CK_ULONG* count) {
    if (!session.search) return fail(CKR_OPERATION_NOT_INITIALIZED);
    if (!count || (!objects && most != 0)) return fail(CKR_ARGUMENTS_BAD);
    const auto found = next_found(session, *session.search, most);
    if (!found) session.search->failed = true;
    CS2SIM_TRY(found);
    std::ranges::copy(*found, objects);
    *count = found->size();
    return {};
}

Answer FindObjectsFinal(Session& session) {
    if (!session.search) return fail(CKR_OPERATION_NOT_INITIALIZED);
    session.search.reset();
    return {};
}

}  // namespace cs2sim::p11::functions
