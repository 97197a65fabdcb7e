#include "firmware/trace/mask.h"

#include <algorithm>

#include "firmware/protocol/block.h"
#include "firmware/protocol/cxi/constants.h"

namespace cs2sim {
namespace {

bool is_secret_property(std::uint32_t property) {
    const PropertyRow* row = find_property(property);
    return row && (row->access & (PROP_SECRET | PROP_MASKED)) != 0;
}

bool holds_properties(std::string_view field) {
    return field == "properties" || field == "public" || field == "private" || field == "template";
}

bool names_user(std::string_view field) { return field == "user" || field == "name"; }

// A view into `bytes`, made writable.
void overwrite(Bytes& bytes, ByteView part) {
    if (part.empty()) return;
    std::fill_n(bytes.begin() + (part.data() - bytes.data()), part.size(), std::uint8_t{'*'});
}

void mask_properties(Bytes& bytes, ByteView list) {
    while (!list.empty()) {
        const auto property = parse_prefix(LAYOUT_CXI_PROPERTY, list);
        if (!property) return overwrite(bytes, list);
        if (is_secret_property(property->u32("property"))) overwrite(bytes, property->bytes("value"));
    }
}

void mask(const FunctionSignature* function, const Layout& layout, bool user_unknown, Bytes& bytes,
          std::size_t offset) {
    const ByteView block = ByteView(bytes).subspan(offset);
    const auto fields = parse(layout, block);
    if (!fields) {
        const bool open = !layout.has_secrets() && function->fc != FC_CXI && !user_unknown;
        if (!open) overwrite(bytes, block);
        return;
    }
    for (const Block::Field& field : fields->fields()) {
        if (field.secret || (user_unknown && names_user(field.name))) overwrite(bytes, field.bytes);
        if (function->fc == FC_CXI && !field.is_number && holds_properties(field.name))
            mask_properties(bytes, field.bytes);
    }
}

}  // namespace

void mask_request(const FunctionSignature* function, std::uint32_t code, Bytes& bytes, std::size_t offset) {
    if (bytes.size() <= offset) return;
    if (!function) return overwrite(bytes, ByteView(bytes).subspan(offset));
    const bool user_unknown =
        function->touches == Touches::users && (code == E_CMDS_NO_USER || code == E_CMDS_BAD_NAME);
    mask(function, function->request, user_unknown, bytes, offset);
}

void mask_answer(const FunctionSignature* function, Bytes& bytes, std::size_t offset) {
    if (bytes.size() <= offset) return;
    if (!function) return overwrite(bytes, ByteView(bytes).subspan(offset));
    mask(function, function->answer, false, bytes, offset);
}

}  // namespace cs2sim
