// Making objects of templates: generation, creation from components, unwrapping and derivation.
#pragma once

#include "host-lib/pkcs11/key_components.h"
#include "host-lib/pkcs11/library.h"

namespace cs2sim::p11 {

Result<SharedObject> create_object(Session& session, const Template& given);
Result<SharedObject> generate_key(Session& session, const MechanismRow& row, const Template& given);

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
Result<Wanted> wanted_key(Session& session, const Template& given, Making how, CK_MECHANISM_TYPE mechanism);

// The CXI algorithm of a key type; nothing for types that CXI has not.
std::optional<std::uint32_t> algorithm_of(CK_KEY_TYPE type);

}  // namespace cs2sim::p11
