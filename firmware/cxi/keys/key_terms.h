// What the keys of a group are found by beside their names: terms of the key database (TermsOf). A term is
// twelve bytes of SHA-256 over group, property and value, then the specifier, so that what is found by one
// comes in the order of specifiers.
#pragma once

#include "firmware/cxi/keys/key_object.h"

namespace cs2sim {

// Properties that have terms, the most telling first. Beside them every object has one for its group.
inline constexpr std::uint32_t kIndexedProperties[] = {CXI_PROP_ID, CXI_PROP_KEY_LABEL, CXI_PROP_KEY_TYPE};

inline constexpr std::size_t kTermPrefix = 12;

// What the terms of all the group's objects begin with, and of those with this value of a property.
Bytes group_term(std::string_view group);
Bytes property_term(std::string_view group, std::uint32_t property, ByteView value);

// The most telling term that every object fitting `filter` has.
Bytes term_for(std::string_view group, const PropertyList& filter);

// A whole term, and the specifier in one.
Bytes term_with_spec(ByteView prefix, std::uint32_t spec);
std::uint32_t spec_of_term(ByteView term);

// For the key database; none for a record that is no key, and for configuration objects.
std::vector<Bytes> key_terms(ByteView index, ByteView record);

// Groups of slots (PKCS#11): an object without a name is told apart by its specifier, which the device gives
// unless the template does (pkcs11-facts.md, section 5). Elsewhere a key has a name.
bool has_nameless_keys(std::string_view group);

}  // namespace cs2sim
