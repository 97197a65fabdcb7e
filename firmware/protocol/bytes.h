// Byte strings as they travel through the house.
#pragma once

#include <array>
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

// The big-endian number that `bytes` (at most 8) spell: every number on the wire is one.
inline std::uint64_t big_endian(ByteView bytes) {
    std::uint64_t number = 0;
    for (std::uint8_t byte : bytes) number = number << 8 | byte;
    return number;
}

// Appends `number` as a big-endian number of `width` bytes, which it must fit.
inline void append_big_endian(Bytes& head, std::uint64_t number, std::size_t width) {
    for (std::size_t i = width; i-- > 0;) head.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
}

template <std::size_t Width>
std::array<std::uint8_t, Width> big_endian_bytes(std::uint64_t number) {
    std::array<std::uint8_t, Width> bytes;
    for (std::size_t i = Width; i-- > 0; number >>= 8) bytes[i] = static_cast<std::uint8_t>(number);
    return bytes;
}

// Adds one to a big-endian number, which wraps.
inline void increment(std::span<std::uint8_t> number) {
    for (std::size_t i = number.size(); i-- > 0 && ++number[i] == 0;) {
    }
}

// Upper-case hexadecimal, two digits a byte, no separator.
std::string to_hex(ByteView bytes);

// Whether the text is whole bytes in hexadecimal, either case; an empty one is.
bool is_hex(std::string_view text);

// Reverse of to_hex, either case; false (and `out` untouched) when the text is none.
bool from_hex(std::string_view text, Bytes& out);

}  // namespace cs2sim
