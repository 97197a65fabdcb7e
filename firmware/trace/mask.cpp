#include "firmware/trace/mask.h"

#include <algorithm>

#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {
namespace {

// Properties that are, or may be, secret key material (firmware-facts.md, section 4): VALUE, and the private
// components of RSA keys from KEY_RSA_EXP2 to KEY_RSA_U.
bool is_secret_property(std::uint32_t property) {
    return property == 41 || (property >= 63 && property <= 68);
}

bool holds_properties(std::string_view field) {
    return field == "properties" || field == "public" || field == "private" || field == "template";
}

// A view into `bytes`, made writable.
void overwrite(Bytes& bytes, ByteView part) {
    if (part.empty()) return;
    std::fill_n(bytes.begin() + (part.data() - bytes.data()), part.size(), std::uint8_t{'*'});
}

void mask_properties(Bytes& bytes, ByteView list) {
    while (!list.empty()) {
        const auto property = parse_prefix(LAYOUT_CXI_PROPERTY, list);
        if (!property) return;
        if (is_secret_property(property->u32("property"))) overwrite(bytes, property->bytes("value"));
    }
}

}  // namespace

void mask_secrets(std::uint16_t fc, std::uint8_t sfc, Side side, Bytes& bytes, std::size_t offset) {
    const FunctionSignature* function = find_function(fc, sfc);
    if (!function || bytes.size() <= offset) return;
    const std::string_view layout = side == Side::request ? function->request : function->answer;
    const ByteView block = ByteView(bytes).subspan(offset);
    const auto fields = parse(layout, block);
    if (!fields) {
        const bool open = layout.find('!') == std::string_view::npos && fc != FC_CXI;
        if (!open) overwrite(bytes, block);
        return;
    }
    for (const Block::Field& field : fields->fields()) {
        if (field.secret) overwrite(bytes, field.bytes);
        if (fc == FC_CXI && !field.is_number && holds_properties(field.name))
            mask_properties(bytes, field.bytes);
    }
}

}  // namespace cs2sim
