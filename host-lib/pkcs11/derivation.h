// Keys derived from keys.
#pragma once

#include "host-lib/pkcs11/mechanisms.h"
#include "host-lib/pkcs11/new_objects.h"

namespace cs2sim::p11 {

// Derives the key that the template describes. Where it says no length, the key is as long as the mechanism
// makes it (PKCS#11 3.0, the section of each). Warns in the log of mechanisms that tell a key piece by piece
// to whoever derives often enough. Errors: CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT,
// CKR_KEY_HANDLE_INVALID, the device's.
Result<SharedObject> derive_key(Session& session, const Prepared& prepared, const Object& base,
                                const Template& given);

// What a derivation works with beside the key: of an agreement the other's point without DER around it, which
// the key's curve tells, and what is shared. Error: CKR_MECHANISM_PARAM_INVALID.
Result<Bytes> agreement_data(const Prepared& prepared, const Object& key);

}  // namespace cs2sim::p11
