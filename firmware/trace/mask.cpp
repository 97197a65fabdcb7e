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

// A key by name (CXI_TAG_NAME): a list of properties behind the tag.
ByteView names_of_key(const Block::Field& field) {
    const bool reference = field.name == "key" || field.name == "wrapping";
    if (!reference || field.is_number || field.bytes.empty() || field.bytes[0] != CXI_TAG_NAME) return {};
    return field.bytes.subspan(1);
}

// Whether the answer leaves open that the user is there: what was typed as the name may then be a password.
// LOGON tells of a user who is there by few codes, and is refused for much before it looks.
bool user_may_be_unknown(const FunctionSignature& function, std::uint32_t code) {
    if (function.touches != Touches::users) return false;
    if (function.fc != FC_CMDS || function.sfc != SFC_CMDS_LOGON)
        return code == E_CMDS_NO_USER || code == E_CMDS_BAD_NAME;
    constexpr std::uint32_t kTellOfUser[] = {0, E_CMDS_BAD_MECH, E_CMDS_BAD_AUTH_MECH,
                                             E_CMDS_AUTH_FAIL_CNT_EXCEEDED, E_CMDS_AUTH_FAILED};
    return std::ranges::find(kTellOfUser, code) == std::end(kTellOfUser);
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
        if (function->fc != FC_CXI) continue;
        if (!field.is_number && holds_properties(field.name)) mask_properties(bytes, field.bytes);
        mask_properties(bytes, names_of_key(field));
    }
}

}  // namespace

void mask_request(const FunctionSignature* function, std::uint32_t code, Bytes& bytes, std::size_t offset) {
    if (bytes.size() <= offset) return;
    if (!function) return overwrite(bytes, ByteView(bytes).subspan(offset));
    mask(function, function->request, user_may_be_unknown(*function, code), bytes, offset);
}

void mask_answer(const FunctionSignature* function, Bytes& bytes, std::size_t offset) {
    if (bytes.size() <= offset) return;
    if (!function) return overwrite(bytes, ByteView(bytes).subspan(offset));
    mask(function, function->answer, false, bytes, offset);
}

}  // namespace cs2sim
