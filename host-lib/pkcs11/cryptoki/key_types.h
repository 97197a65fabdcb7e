// Which class and which key type of PKCS#11 an object of CXI has: for the library, and for the columns of
// rows in external key stores. pkcs11-facts.md, section 5: "CLASS, KEY_TYPE | TYPE 12, ALGO 3".
#pragma once

#include <optional>

#include "firmware/protocol/cxi/property_list.h"
#include "host-lib/pkcs11/cryptoki/cryptoki.h"

namespace cs2sim::p11 {

// TYPE of CXI; nothing for a class that CXI has not.
std::optional<std::uint32_t> type_of_class(CK_OBJECT_CLASS object_class);

// By TYPE; CKO_DATA where CXI's type is none of PKCS#11.
CK_OBJECT_CLASS class_of(const PropertyList& properties);

// By KEY_TYPE as PKCS#11 has stored it, else by ALGO, size and curve; CKK_GENERIC_SECRET for every other.
CK_KEY_TYPE key_type_of(const PropertyList& properties);

}  // namespace cs2sim::p11
