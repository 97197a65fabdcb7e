#include "firmware/cxi/keys/key_terms.h"

#include "firmware/crypto/digest.h"
#include "firmware/protocol/block.h"
#include "firmware/protocol/pattern.h"

namespace cs2sim {
namespace {

constexpr std::string_view kSlotGroups = "SLOT_????";

}  // namespace

Bytes property_term(std::string_view group, std::uint32_t property, ByteView value) {
    Bytes hash = sha256(compose("group:v2 property:u4 value:*", {group, property, value}));
    hash.resize(kTermPrefix);
    return hash;
}

Bytes group_term(std::string_view group) { return property_term(group, CXI_PROP_KEY_GROUP, as_bytes(group)); }

Bytes term_for(std::string_view group, const PropertyList& filter) {
    for (const std::uint32_t property : kIndexedProperties)
        if (const ByteView value = filter.bytes(property); !value.empty())
            return property_term(group, property, value);
    return group_term(group);
}

Bytes term_with_spec(ByteView prefix, std::uint32_t spec) {
    Bytes term = to_bytes(prefix);
    append(term, big_endian_bytes<4>(spec));
    return term;
}

std::uint32_t spec_of_term(ByteView term) { return static_cast<std::uint32_t>(big_endian(term.last(4))); }

std::vector<Bytes> key_terms(ByteView, ByteView record) {
    const auto key = decode_key(record);
    if (!key || key->type() == CXI_KEY_TYPE_CONFIG) return {};
    std::vector<Bytes> terms{term_with_spec(group_term(key->group()), key->spec())};
    for (const std::uint32_t property : kIndexedProperties)
        if (const ByteView value = key->properties.bytes(property); !value.empty())
            terms.push_back(term_with_spec(property_term(key->group(), property, value), key->spec()));
    return terms;
}

bool has_nameless_keys(std::string_view group) { return matches_pattern(kSlotGroups, group); }

}  // namespace cs2sim
