// Making objects of templates: generation, creation from components, unwrapping and derivation.
#pragma once

#include "host-lib/pkcs11/key_components.h"
#include "host-lib/pkcs11/library.h"

namespace cs2sim::p11 {

// A caller's template, as the token's profile knows attributes. Errors: those of Template::read().
Result<Template> given_template(Session& session, const CK_ATTRIBUTE* attributes, CK_ULONG count);

// For whom the session makes objects.
Maker maker_of(Session& session);

Result<SharedObject> create_object(Session& session, const Template& given);
Result<SharedObject> generate_key(Session& session, const Prepared& prepared, const Template& given);

struct ObjectPair {
    SharedObject of_public, of_private;
};
Result<ObjectPair> generate_pair(Session& session, const MechanismRow& row, const Template& of_public,
                                 const Template& of_private);

// What C_UnwrapKey and C_DeriveKey make: the properties with ALGO and SIZE, and where the object goes.
struct Wanted {
    CK_OBJECT_CLASS object_class;
    PropertyList properties;
    bool token;
};
// Error: CKR_TEMPLATE_INCOMPLETE when the template does not say what key it is.
// After the command finish_key() looks whether it became that.
Result<Wanted> wanted_key(Session& session, const Template& given, Making how, CK_MECHANISM_TYPE mechanism);

// What became of a key that was unwrapped or derived: the same object, or, when the device made it less than
// the template asks for, none and CKR_TEMPLATE_INCONSISTENT. A check value that does not fit:
// CKR_ATTRIBUTE_VALUE_INVALID.
Result<SharedObject> finish_key(Session& session, const Template& given, Result<SharedObject> made);

// The CXI algorithm of a key type; nothing for types that CXI has not.
std::optional<std::uint32_t> algorithm_of(CK_KEY_TYPE type);

}  // namespace cs2sim::p11
