// Domain parameters: objects that store them, and the groups of DSA and DH keys.
#pragma once

#include "firmware/crypto/finite_field.h"
#include "host-lib/pkcs11/mechanisms.h"
#include "host-lib/pkcs11/new_objects.h"

namespace cs2sim::p11 {

// PRIME, SUBPRIME and BASE of a template, without leading zeros; empty where it has none.
DomainParameters group_in(const Template& given);

// Makes the properties of a CKO_DOMAIN_PARAMETERS object of its template: VALUE holds the parameters in DER,
// of curves (EC_PARAMS as given), of DSA (Dss-Parms) or of DH (DHParameter). Errors: CKR_TEMPLATE_INCOMPLETE,
// CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_VALUE_INVALID.
Result<void> describe_domain(const Template& given, PropertyList& properties);

// An attribute of such an object. Error: CKR_ATTRIBUTE_TYPE_INVALID when parameters of its kind have it not.
Result<Bytes> domain_attribute(const PropertyList& properties, CK_ATTRIBUTE_TYPE type);

// C_GenerateKey by DSA_PARAMETER_GEN and DH_PKCS_PARAMETER_GEN; the device chooses. Errors: those of
// create_object(), and the device's.
Result<SharedObject> generate_domain(Session& session, const MechanismRow& row, const Template& given);

}  // namespace cs2sim::p11
