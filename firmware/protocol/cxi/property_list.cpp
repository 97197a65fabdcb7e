#include "firmware/protocol/cxi/property_list.h"

#include <algorithm>
#include <array>
#include <functional>

#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {
namespace {

// Lists come with nearly every command and have dozens of elements, so that these are taken apart by hand.
static_assert(LAYOUT_CXI_PROPERTY.text() == "property:u4 value:v4");
constexpr std::size_t kHead = 8;

// The value of the first element, whose head is there; more than there are: none.
std::optional<ByteView> first_value(ByteView elements) {
    const std::size_t size = big_endian(elements.subspan(4, 4));
    if (size > elements.size() - kHead) return std::nullopt;
    return elements.subspan(kHead, size);
}

// How many elements there are, as far as they are whole.
std::size_t count_elements(ByteView elements) {
    std::size_t count = 0;
    for (; elements.size() >= kHead; ++count) {
        const auto value = first_value(elements);
        if (!value) break;
        elements = elements.subspan(kHead + value->size());
    }
    return count;
}

std::uint32_t number_in(ByteView four) { return static_cast<std::uint32_t>(big_endian(four.first(4))); }

bool is_text(ByteView value) {
    return std::ranges::all_of(value, [](std::uint8_t byte) { return byte >= 0x20 && byte != 0x7F; });
}

// yymmddhhmmss; a day that the month does not have is let pass, as it compares in order all the same.
bool is_date(ByteView value) {
    const auto two = [&](std::size_t at) { return (value[at] - '0') * 10 + (value[at + 1] - '0'); };
    return std::ranges::all_of(value, [](std::uint8_t byte) { return byte >= '0' && byte <= '9'; }) &&
           two(2) >= 1 && two(2) <= 12 && two(4) >= 1 && two(4) <= 31 && two(6) < 24 && two(8) < 60 &&
           two(10) < 60;
}

}  // namespace

Bytes reference_to(const PropertyList& key) {
    PropertyList names;
    for (const std::uint32_t id : {CXI_PROP_KEY_GROUP, CXI_PROP_KEY_NAME, CXI_PROP_KEY_SPEC})
        if (key.has(id)) names.set(id, key.bytes(id));
    Bytes reference{CXI_TAG_NAME};
    append(reference, names.encode());
    return reference;
}

Result<void> check_property(std::uint32_t id, ByteView value) {
    if ((id & CXI_PROP_CUSTOM) != 0) return {};
    const PropertyRow* row = find_property(id);
    if (!row) return fail(E_CXI_PROP_UNKNOWN);
    switch (row->type) {
        case PropertyType::number:
            if (value.size() != 4) return fail(E_CXI_PROP_LEN);
            break;
        case PropertyType::flag:
            if (value.size() != 1) return fail(E_CXI_PROP_LEN);
            if (value[0] > 1) return fail(E_CXI_PROP_VAL);
            break;
        case PropertyType::numbers:
            if (value.size() % 4 != 0) return fail(E_CXI_PROP_LEN);
            break;
        case PropertyType::date:
            if (value.size() != 12) return fail(E_CXI_PROP_LEN);
            if (!is_date(value)) return fail(E_CXI_PROP_VAL);
            break;
        case PropertyType::text:
            if (value.size() > CXI_MAX_STR) return fail(E_CXI_PROP_LEN);
            if (!is_text(value))
                return fail(id == CXI_PROP_KEY_NAME ? E_CXI_KEY_INVALID_NAME : E_CXI_PROP_VAL);
            break;
        case PropertyType::bytes:
            break;
    }
    return {};
}

Result<PropertyList> PropertyList::decode(ByteView elements) {
    if (elements.size() > CXI_MOST_PROPERTY_BYTES) return fail(E_CXI_PROP_LEN);
    PropertyList list;
    list.properties_.reserve(std::min<std::size_t>(count_elements(elements), CXI_MOST_PROPERTIES));
    while (!elements.empty()) {
        if (list.properties_.size() == CXI_MOST_PROPERTIES) return fail(E_CXI_ITEM_COUNT);
        if (elements.size() < kHead) return fail(E_CXI_PROP_TAG);
        const auto value = first_value(elements);
        if (!value) return fail(E_CXI_PROP_LEN);
        const std::uint32_t id = number_in(elements);
        CS2SIM_TRY(check_property(id, *value));
        list.properties_.emplace_back(id, *value);
        elements = elements.subspan(kHead + value->size());
    }
    // As encode() writes them they are in order.
    const auto not_ascending = [&] {
        return std::ranges::adjacent_find(list.properties_, std::greater_equal<>(), &Property::id) !=
               list.properties_.end();
    };
    if (!not_ascending()) return list;
    std::ranges::sort(list.properties_, {}, &Property::id);
    if (not_ascending()) return fail(E_CXI_PROP_EXISTS);
    return list;
}

Bytes PropertyList::encode() const {
    std::size_t size = 0;
    for (const Property& property : properties_) size += kHead + property.value().size();
    Bytes out;
    out.reserve(size);
    for (const Property& property : properties_) {
        append_big_endian(out, property.id, 4);
        append_big_endian(out, property.value().size(), 4);
        append(out, property.value());
    }
    return out;
}

const Property* PropertyList::at(std::uint32_t id) const {
    const auto found = std::ranges::lower_bound(properties_, id, {}, &Property::id);
    return found != properties_.end() && found->id == id ? &*found : nullptr;
}

ByteView PropertyList::bytes(std::uint32_t id) const {
    const Property* found = at(id);
    return found ? found->value() : ByteView();
}

std::optional<std::uint32_t> PropertyList::number(std::uint32_t id) const {
    const Property* found = at(id);
    if (!found || found->value().size() != 4) return std::nullopt;
    return number_in(found->value());
}

bool PropertyList::flag_or(std::uint32_t id, bool otherwise) const {
    const Property* found = at(id);
    return found && found->value().size() == 1 ? found->value()[0] != 0 : otherwise;
}

void PropertyList::set(std::uint32_t id, ByteView value) {
    constexpr std::size_t kOfAKey = 24;  // as many as a template comes to
    if (properties_.capacity() == 0) properties_.reserve(kOfAKey);
    const auto place = std::ranges::lower_bound(properties_, id, {}, &Property::id);
    if (place != properties_.end() && place->id == id)
        place->set_value(value);
    else
        properties_.emplace(place, id, value);
}

void PropertyList::set_number(std::uint32_t id, std::uint32_t number) {
    set(id, big_endian_bytes<4>(number));
}

void PropertyList::set_flag(std::uint32_t id, bool flag) {
    const std::uint8_t value = flag ? 1 : 0;
    set(id, ByteView(&value, 1));
}

void PropertyList::erase(std::uint32_t id) {
    const Property* found = at(id);
    if (found) properties_.erase(properties_.begin() + (found - properties_.data()));
}

Result<std::vector<std::uint32_t>> decode_property_ids(ByteView ids) {
    if (ids.size() % 4 != 0) return fail(E_CXI_PROP_LEN);
    if (ids.size() / 4 > CXI_MOST_PROPERTIES) return fail(E_CXI_ITEM_COUNT);
    std::vector<std::uint32_t> list;
    for (; !ids.empty(); ids = ids.subspan(4)) {
        const std::uint32_t id = number_in(ids);
        if ((id & CXI_PROP_CUSTOM) == 0 && !find_property(id)) return fail(E_CXI_PROP_UNKNOWN);
        list.push_back(id);
    }
    std::ranges::sort(list);
    list.erase(std::unique(list.begin(), list.end()), list.end());
    return list;
}

}  // namespace cs2sim
