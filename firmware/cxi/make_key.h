// Making key objects: from a template alone (generation), or from a template and material (import, derive).
#pragma once

#include "firmware/cxi/policy.h"
#include "firmware/cxi/work/mechanism.h"

namespace cs2sim {

struct Circumstances {
    std::uint16_t modes = 0;        // what holds now, for the tables of cxi_rules.h
    bool des3 = true;               // whether the profile has DES keys
    bool dsa = true;                // and DSA and DH keys
    std::int64_t milliseconds = 0;  // the device's time
    Restrictions restrictions{};    // of the group
    bool by_nobody = false;  // the maker has not logged on, and no right in the group: no costly checks
    const Abandonment* abandonment = nullptr;  // of the command, for what takes long
};

bool is_finite_field(std::uint32_t algorithm);  // DSA and DH

// Decodes a template that makes a key. Errors: those of PropertyList::decode(), and E_CXI_PROP_ABSENT for a
// property that only the device may make.
Result<PropertyList> creation_template(ByteView elements);

// Generates by ALGO and SIZE or EC_CURVE; DSA and DH by DSA_P, _Q, _G, else by SIZE and DSA_Q_BITS. Errors:
// E_CXI_PROP_NOT_FOUND (one of these is missing), E_CXI_KEY_INVALID_COMP (parameters of DSA or DH),
// E_CXI_KEY_INVALID_ALGO, E_CXI_KEY_INVALID_SIZE, E_CXI_KEY_TYPE, E_ECA_NOT_FOUND (curve), E_CXI_PROP_VAL
// (public exponent), E_OS_PCI_CANCEL when nobody waits any more, those of approve_key() and of kActRules
// (Act::low_exponent).
Result<KeyObject> generate_key(PropertyList properties, Mechanism mechanism, const Circumstances& now);

// `type` CXI_KEY_TYPE_SECRET: raw key; PRIVATE: PKCS#8 in DER; PUBLIC: SubjectPublicKeyInfo in DER. ALGO,
// SIZE and EC_CURVE in the template are compared when given (ALGO is needed for secrets). Errors: as
// generate_key(), E_CXI_KEY_INVALID_COMP (also a weak DES key, unless the group allows them),
// E_CXI_PERMISSION_DENIED for private keys that take long to check, of a caller without logon; and
// E_CXI_PROP_COMPARE; under CFG_SECURE_IMPORT E_CXI_SECURE_PROP_CHECK_VALUE for a wrong check value.
Result<KeyObject> key_from_material(PropertyList properties, std::uint32_t type, ByteView material,
                                    const Circumstances& now);

// The public half of a private key as an object with these properties: LOCAL when the private one is and both
// are of one group.
Result<KeyObject> public_half(PropertyList properties, const KeyObject& private_key,
                              const Circumstances& now);

// Certificates and data objects: content in VALUE. Errors: E_CXI_KEY_TYPE, E_CXI_KEY_MISSING_COMP.
Result<KeyObject> storage_object(PropertyList properties, const Circumstances& now);

std::string date_of(std::int64_t milliseconds);  // yymmddhhmmss

}  // namespace cs2sim
