#include "tools/session/arguments.h"

#include <algorithm>
#include <charconv>

namespace cs2sim::tools {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

Result<std::uint32_t> parse_number(std::string_view text, int base) {
    std::uint32_t number = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number, base);
    if (parsed.ec != std::errc() || parsed.ptr != end) return fail(E_CSA_SYNTAX);
    return number;
}

}  // namespace

bool asks_for_help(std::string_view name) {
    return same_word(name, "Help") || name == "--help" || name == "-h" || name == "-?";
}

Argument parse_argument(std::string_view text) {
    const std::size_t equals = text.find('=');
    Argument argument;
    argument.name = trimmed(text.substr(0, equals));
    if (equals != std::string_view::npos) argument.value = text.substr(equals + 1);
    return argument;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlanks = " \t";
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool same_word(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::vector<std::string> split_list(std::string_view text, std::size_t most) {
    std::vector<std::string> members;
    std::size_t start = 0;
    int depth = 0;
    for (std::size_t i = 0; i < text.size() && members.size() + 1 < most; ++i) {
        if (text[i] == '{') ++depth;
        if (text[i] == '}' && depth > 0) --depth;
        if (text[i] != ',' || depth > 0) continue;
        members.emplace_back(trimmed(text.substr(start, i - start)));
        start = i + 1;
    }
    members.emplace_back(trimmed(text.substr(start)));
    return members;
}

Result<std::uint32_t> parse_decimal(std::string_view text, std::uint32_t most) {
    const auto number = parse_number(trimmed(text), 10);
    if (number && *number > most) return fail(E_CSA_SYNTAX);
    return number;
}

Result<std::uint32_t> parse_hex(std::string_view text) {
    text = trimmed(text);
    if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
    if (text.size() > 8) return fail(E_CSA_SYNTAX);
    return parse_number(text, 16);
}

}  // namespace cs2sim::tools
