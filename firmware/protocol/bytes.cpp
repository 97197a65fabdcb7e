#include "firmware/protocol/bytes.h"

#include <array>

namespace cs2sim {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEF";
constexpr std::uint8_t kNone = 0xFF;

// By table: a backup may be a gigabyte of digits.
constexpr std::array<std::uint8_t, 256> kValues = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(kNone);
    for (std::uint8_t i = 0; i < 16; ++i) {
        values[static_cast<std::uint8_t>(kDigits[i])] = i;
        if (i > 9) values[static_cast<std::uint8_t>(kDigits[i] - 'A' + 'a')] = i;
    }
    return values;
}();

std::uint8_t value_of(char digit) { return kValues[static_cast<std::uint8_t>(digit)]; }

}  // namespace

std::string to_hex(ByteView bytes) {
    std::string text(bytes.size() * 2, '\0');
    char* out = text.data();
    for (const std::uint8_t byte : bytes) {
        *out++ = kDigits[byte >> 4];
        *out++ = kDigits[byte & 15];
    }
    return text;
}

bool is_hex(std::string_view text) {
    std::uint8_t seen = 0;  // without a branch a digit: kNone shows in the upper half
    for (const char digit : text) seen |= value_of(digit);
    return seen < 16 && text.size() % 2 == 0;
}

bool from_hex(std::string_view text, Bytes& out) {
    if (!is_hex(text)) return false;
    out.resize(text.size() / 2);
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<std::uint8_t>(value_of(text[2 * i]) << 4 | value_of(text[2 * i + 1]));
    return true;
}

}  // namespace cs2sim
