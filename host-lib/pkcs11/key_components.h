// Keys in components, as templates and attributes have them, and in DER, as CXI moves them.
#pragma once

#include "host-lib/pkcs11/templates.h"

namespace cs2sim::p11 {

// SubjectPublicKeyInfo of MODULUS and PUBLIC_EXPONENT, or EC_PARAMS and EC_POINT. Errors:
// CKR_TEMPLATE_INCOMPLETE, CKR_ATTRIBUTE_VALUE_INVALID, CKR_CURVE_NOT_SUPPORTED, CKR_KEY_TYPE_INCONSISTENT.
Result<Bytes> public_key_of(const Template& given, CK_KEY_TYPE type);

// PKCS#8 of MODULUS, PRIVATE_EXPONENT (and PUBLIC_EXPONENT; the primes and so on are computed when they are
// absent), or EC_PARAMS and VALUE. Errors: as above; CKR_TEMPLATE_INCONSISTENT for components that contradict
// each other.
Result<SecretBytes> private_key_of(const Template& given, CK_KEY_TYPE type);

// The value of a component of a key in PKCS#8: PRIVATE_EXPONENT … COEFFICIENT, VALUE.
// Error: CKR_ATTRIBUTE_TYPE_INVALID when the key has none of it.
Result<SecretBytes> component_of(ByteView pkcs8, CK_ATTRIBUTE_TYPE type);

}  // namespace cs2sim::p11
