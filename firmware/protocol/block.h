// Command blocks and answer blocks, coded by layouts.
//
// A layout is text: fields apart by blanks, each `name:type`. It stands in the function catalogue
// (functions.inc), so that a later finding about an encoding changes a row there and no handler.
//
//   u1 u2 u4 u8   big-endian number of that many bytes
//   b8, b16, …    exactly that many bytes
//   v2, v4        2- or 4-byte big-endian length, then the bytes (device-formats.md, section 1.1)
//   *             the rest of the block; last field only
//   name!:type    the field is secret: traces mask it
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <variant>
#include <vector>

#include "firmware/protocol/bytes.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

// A decoded block: views into the bytes it was parsed from, which must outlive it.
// Preconditions of the getters: the layout has a field of that name and kind (else the process aborts:
// a layout and its handler that disagree are a fault of ours, not of a host).
class Block {
public:
    struct Field {
        std::string_view name;
        bool secret = false;
        bool is_number = false;
        std::uint64_t number = 0;
        ByteView bytes;
    };

    std::uint64_t u64(std::string_view name) const;
    std::uint32_t u32(std::string_view name) const { return static_cast<std::uint32_t>(u64(name)); }
    std::uint16_t u16(std::string_view name) const { return static_cast<std::uint16_t>(u64(name)); }
    std::uint8_t u8(std::string_view name) const { return static_cast<std::uint8_t>(u64(name)); }
    ByteView bytes(std::string_view name) const;
    std::string_view text(std::string_view name) const { return as_text(bytes(name)); }
    const std::vector<Field>& fields() const { return fields_; }

private:
    friend Result<Block> parse_prefix(std::string_view layout, ByteView& rest);
    const Field& field(std::string_view name) const;
    std::vector<Field> fields_;
};

// Decodes the whole block. Error: E_CMDS_DATA_LEN when it is too short or bytes are left over.
Result<Block> parse(std::string_view layout, ByteView block);

// Decodes one element from the front of `rest` and moves `rest` behind it: lists are elements back to
// back. Error: E_CMDS_DATA_LEN when `rest` is too short.
Result<Block> parse_prefix(std::string_view layout, ByteView& rest);

// A value for compose(): a number, or bytes, or text. Holds views; for use as an argument only.
class Value {
public:
    template <class Number>
    requires std::is_integral_v<Number> || std::is_enum_v<Number> Value(Number number)
        : value_(static_cast<std::uint64_t>(number)) {}
    Value(ByteView bytes) : value_(bytes) {}
    Value(const Bytes& bytes) : value_(ByteView(bytes)) {}
    template <std::size_t N>
    Value(const std::array<std::uint8_t, N>& bytes) : value_(ByteView(bytes)) {}
    Value(std::string_view text) : value_(as_bytes(text)) {}
    Value(const std::string& text) : value_(as_bytes(text)) {}
    Value(const char* text) : value_(as_bytes(text)) {}

private:
    friend void compose_into(Bytes& out, std::string_view layout, std::initializer_list<Value> values);
    std::variant<std::uint64_t, ByteView> value_;
};

// Encodes one value a field, in the layout's order. Precondition: kinds, count and sizes fit the layout
// (numbers in range, v2 under 65,536 bytes; b8 is filled up with zeros when shorter).
Bytes compose(std::string_view layout, std::initializer_list<Value> values);
void compose_into(Bytes& out, std::string_view layout, std::initializer_list<Value> values);

}  // namespace cs2sim
