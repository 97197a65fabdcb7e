// Lists of properties, as templates in commands and as part of key objects: ascending ids, each once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/protocol/bytes.h"
#include "firmware/protocol/cxi/constants.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

class Property {
public:
    Property(std::uint32_t its_id, ByteView value) : id(its_id), value_(as_text(value)) {}
    std::uint32_t id;
    ByteView value() const { return as_bytes(value_); }
    void set_value(ByteView value) { value_.assign(as_text(value)); }
    friend bool operator==(const Property&, const Property&) = default;

private:
    std::string value_;  // flags, numbers and dates are short: as such they need no memory of their own
};

class PropertyList {
public:
    // Decodes elements of LAYOUT_CXI_PROPERTY and checks each value against the property table. At most
    // CXI_MOST_PROPERTIES elements and CXI_MOST_PROPERTY_BYTES bytes. Errors: E_CXI_ITEM_COUNT,
    // E_CXI_PROP_TAG (no whole element), E_CXI_PROP_LEN (a length that does not fit the list or the type),
    // E_CXI_PROP_UNKNOWN, E_CXI_PROP_EXISTS (given twice), E_CXI_PROP_VAL.
    static Result<PropertyList> decode(ByteView elements);
    Bytes encode() const;

    bool has(std::uint32_t id) const { return at(id) != nullptr; }
    ByteView bytes(std::uint32_t id) const;  // empty when absent
    std::string_view text(std::uint32_t id) const { return as_text(bytes(id)); }
    std::optional<std::uint32_t> number(std::uint32_t id) const;
    std::uint32_t number_or(std::uint32_t id, std::uint32_t otherwise) const {
        return number(id).value_or(otherwise);
    }
    bool flag_or(std::uint32_t id, bool otherwise) const;

    void set(std::uint32_t id, ByteView value);  // inserts or replaces
    void set(std::uint32_t id, std::string_view text) { set(id, as_bytes(text)); }
    void set_number(std::uint32_t id, std::uint32_t number);
    void set_flag(std::uint32_t id, bool flag);
    void erase(std::uint32_t id);

    bool empty() const { return properties_.empty(); }
    auto begin() const { return properties_.begin(); }
    auto end() const { return properties_.end(); }
    friend bool operator==(const PropertyList&, const PropertyList&) = default;

private:
    const Property* at(std::uint32_t id) const;
    std::vector<Property> properties_;
};

// How commands name the key of a listing: by its group, name and specifier, as far as the list has them
// (CXI_TAG_NAME).
Bytes reference_to(const PropertyList& key);

// Whether `value` is one that property `id` can have. Errors: E_CXI_PROP_UNKNOWN, _LEN, _VAL.
Result<void> check_property(std::uint32_t id, ByteView value);

// A list of at most CXI_MOST_PROPERTIES property ids, 4 bytes each: in ascending order, each once.
// Errors: E_CXI_PROP_LEN, E_CXI_ITEM_COUNT, E_CXI_PROP_UNKNOWN.
Result<std::vector<std::uint32_t>> decode_property_ids(ByteView ids);

}  // namespace cs2sim
