#include "firmware/faults/rules/rule.h"

#include <algorithm>
#include <charconv>

#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {
namespace {

// "083" and "41" are hexadecimal, as everywhere in the field.
template <class Number>
std::optional<Number> hexadecimal(std::string_view text, std::size_t digits) {
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (error != std::errc() || end != text.data() + text.size() || text.size() > digits) return std::nullopt;
    return value;
}

// Of ids above those of the device's modules, the device knows whether a user's own module has them.
bool is_own_module(std::uint16_t id) { return id > 0xFF; }

std::optional<std::uint16_t> module_number(std::string_view text) {
    for (const ModuleRow& row : module_table())
        if (row.name == text) return row.id;
    const auto number = hexadecimal<std::uint16_t>(text, 4);
    return number && (find_module(*number) || is_own_module(*number)) ? number : std::nullopt;
}

// The one function of that name, whatever its module.
std::optional<FunctionPattern> by_name_alone(std::string_view name) {
    std::optional<FunctionPattern> found;
    for (const FunctionSignature& row : function_catalogue()) {
        if (row.name != name) continue;
        if (found) return std::nullopt;
        found = FunctionPattern{row.fc, row.sfc};
    }
    return found;
}

}  // namespace

std::optional<FunctionPattern> find_function_pattern(std::string_view text) {
    const auto dot = text.find('.');
    const auto fc = module_number(text.substr(0, dot));
    if (dot == std::string_view::npos) {
        if (!fc) return by_name_alone(text);
        return FunctionPattern{*fc, std::nullopt};
    }
    const std::string_view name = text.substr(dot + 1);
    if (!fc || name.empty()) return std::nullopt;
    if (name == "*") return FunctionPattern{*fc, std::nullopt};
    for (const FunctionSignature& row : function_catalogue())
        if (row.fc == *fc && row.name == name) return FunctionPattern{*fc, row.sfc};
    const auto sfc = hexadecimal<std::uint8_t>(name, 2);
    if (!sfc) return std::nullopt;
    return FunctionPattern{*fc, *sfc};
}

std::uint32_t find_code(std::string_view text) {
    if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
    if (const auto code = hexadecimal<std::uint32_t>(text, 8))
        if (find_error(*code)) return *code;  // of a range each number is one
    if (text.starts_with("E_")) text.remove_prefix(2);
    for (const ErrorRow& row : error_table()) {
        const auto split = row.module.size();
        if (text.size() == split + 1 + row.name.size() && text.starts_with(row.module) &&
            (text[split] == '.' || text[split] == '_') && text.substr(split + 1) == row.name)
            return row.code;
    }
    return 0;
}

Result<Bytes> encode_rule(const FaultRule& rule) {
    return compose(LAYOUT_FAULT_RULE,
                   {rule.function, rule.user, rule.session, rule.database, rule.key, rule.connection,
                    rule.nth, rule.times, rule.millionths, rule.seed, rule.from, rule.until, rule.action,
                    rule.code, rule.value, rule.spread});
}

Result<FaultRule> decode_rule(ByteView encoded) {
    const auto block = parse(LAYOUT_FAULT_RULE, encoded);
    if (!block || encoded.size() > kLongestRule ||
        block->u8("action") > static_cast<std::uint8_t>(FaultAction::slot_event))
        return fail(E_SIM_PARAM);
    FaultRule rule;
    rule.function = block->text("function");
    rule.user = block->text("user");
    rule.session = block->u32("session");
    rule.database = block->text("database");
    rule.key = to_bytes(block->bytes("key"));
    rule.connection = block->text("connection");
    rule.nth = block->u32("nth");
    rule.times = block->u32("times");
    rule.millionths = block->u32("millionths");
    rule.seed = block->u64("seed");
    rule.from = block->u32("from");
    rule.until = block->u32("until");
    rule.action = static_cast<FaultAction>(block->u8("action"));
    rule.code = block->u32("code");
    rule.value = static_cast<std::int64_t>(block->u64("value"));
    rule.spread = static_cast<std::int64_t>(block->u64("spread"));
    return rule;
}

}  // namespace cs2sim
