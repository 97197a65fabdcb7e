// What is peculiar to DSA and DH keys: domain parameters in templates (DSA_P, DSA_Q, DSA_G, and their sizes).
#pragma once

#include "firmware/crypto/finite_field.h"
#include "firmware/cxi/make_key.h"

namespace cs2sim {

// A pair in the group that the template names, or else in one that is made for it by SIZE and DSA_Q_BITS: for
// DSA a new one, for DH that of RFC 7919. Errors: E_CXI_PROP_NOT_FOUND (neither parameters nor a size),
// E_CXI_KEY_MISSING_COMP (some parameters of several), E_CXI_KEY_INVALID_SIZE, E_CXI_KEY_INVALID_COMP,
// E_OS_PCI_CANCEL, E_CXI_INTERNAL when the search takes too long, those of approve_key().
Result<PrivateKey> generate_in_group(const PropertyList& properties, std::uint32_t algorithm,
                                     const Circumstances& now);

// What the template says of the group is the key's; it is not kept, as it is computed. Errors:
// E_CXI_PROP_COMPARE, E_CXI_KEY_INVALID_SIZE, E_CXI_KEY_INVALID_COMP.
Result<void> agree_on_group(PropertyList& properties, const EVP_PKEY& key);

// What a template for the public half says of the group counts for both.
void share_group(const PropertyList& of_public, PropertyList& of_private);

}  // namespace cs2sim
