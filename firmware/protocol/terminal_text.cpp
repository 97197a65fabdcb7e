#include "firmware/protocol/terminal_text.h"

#include <algorithm>
#include <cstdint>

namespace cs2sim {
namespace {

struct Character {
    char32_t value;
    std::size_t size;  // in bytes
};

std::uint8_t byte_at(std::string_view text, std::size_t at) { return static_cast<std::uint8_t>(text[at]); }

// The character that begins the text, by UTF-8; a byte that begins none stands for itself.
Character first_of(std::string_view text) {
    const std::uint8_t lead = byte_at(text, 0);
    const std::size_t size = lead >= 0xF0 && lead < 0xF8 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (size == 1 || lead >= 0xF8 || text.size() < size) return {lead, 1};
    char32_t value = lead & (0xFFu >> (size + 1));
    for (std::size_t at = 1; at < size; ++at) {
        if ((byte_at(text, at) & 0xC0) != 0x80) return {lead, 1};
        value = value << 6 | (byte_at(text, at) & 0x3Fu);
    }
    return {value, size};
}

struct Range {
    char32_t from, to;
};
// Of Unicode: Cc; the marks and isolates of bidirectional text; what takes no place; parts of lines and
// pages.
constexpr Range kSteering[] = {
    {0x00, 0x1F},     {0x7F, 0x9F},     {0x00AD, 0x00AD},   {0x061C, 0x061C},
    {0x180E, 0x180E}, {0x200B, 0x200F}, {0x2028, 0x202E},   {0x2060, 0x206F},
    {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
};

bool steers(char32_t character) {
    return std::any_of(std::begin(kSteering), std::end(kSteering),
                       [&](const Range& range) { return character >= range.from && character <= range.to; });
}

bool parts_lines(std::string_view text) {
    return text.starts_with('\n') || text.starts_with('\t') || text.starts_with("\r\n");
}

std::string without_steering(std::string_view text, bool lines) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Character first = first_of(text);
        if (steers(first.value) && !(lines && parts_lines(text)))
            out.append(first.size, '?');
        else
            out.append(text.substr(0, first.size));
        text.remove_prefix(first.size);
    }
    return out;
}

}  // namespace

std::string terminal_text(std::string_view text) { return without_steering(text, false); }

std::string terminal_lines(std::string_view text) { return without_steering(text, true); }

bool is_terminal_text(std::string_view text) { return terminal_text(text) == text; }

}  // namespace cs2sim
