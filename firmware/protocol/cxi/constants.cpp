#include "firmware/protocol/cxi/constants.h"

#include <algorithm>

namespace cs2sim {
namespace {

constexpr PropertyRow kProperties[] = {
#define CS2SIM_CXI_PROPERTY(id, name, type, access) {id, #name, PropertyType::type, access},
#include "firmware/protocol/cxi/properties.inc"
#undef CS2SIM_CXI_PROPERTY
};

}  // namespace

std::span<const PropertyRow> property_table() { return kProperties; }

const PropertyRow* find_property(std::uint32_t id) {
    const auto* row = std::ranges::lower_bound(kProperties, id, {}, &PropertyRow::id);
    return row != std::ranges::end(kProperties) && row->id == id ? row : nullptr;
}

}  // namespace cs2sim
