// Byte strings as they travel through the house.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cs2sim {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

// The bytes of `text`, without terminator. The view lives as long as the text.
inline ByteView as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// `bytes` seen as text; no check of the encoding. The view lives as long as the bytes.
inline std::string_view as_text(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Bytes to_bytes(ByteView view) { return {view.begin(), view.end()}; }

// Appends `tail` to `head`.
inline void append(Bytes& head, ByteView tail) { head.insert(head.end(), tail.begin(), tail.end()); }

// Upper-case hexadecimal, two digits a byte, no separator.
std::string to_hex(ByteView bytes);

// Reverse of to_hex, either case; false (and `out` untouched) when the text is not whole hexadecimal bytes.
bool from_hex(std::string_view text, Bytes& out);

}  // namespace cs2sim
