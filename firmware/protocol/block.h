// Command blocks and answer blocks, coded by layouts (layout.h). Layouts stand in the function catalogue
// (functions.inc) and in layouts.inc, so that a later finding about an encoding changes a row there and no
// handler.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "firmware/protocol/bytes.h"
#include "firmware/protocol/error.h"
#include "firmware/protocol/layout.h"

namespace cs2sim {

// A decoded block: views into the bytes it was parsed from, which must outlive it.
// Preconditions of the getters: the layout has a field of that name and kind (else the process aborts:
// a layout and its handler that disagree are a fault of ours, not of a host). Where the layout is a named one
// (LAYOUT_USER, …) they are checked when the program is built: see BlockOf.
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

protected:
    friend Result<Block> parse_prefix(const Layout& layout, ByteView& rest);
    const Field& field(std::string_view name) const;
    std::vector<Field> fields_;
};

// The type of a named layout: each has one of its own.
template <class L>
concept NamedLayout = std::derived_from<L, Layout> && !std::same_as<L, Layout>;

// The name of a field of layout L, as its number. A name that L lacks, or of another kind, does not compile.
template <NamedLayout L, bool number>
class FieldOf {
public:
    consteval FieldOf(const char* name) : at_(L{}.find(name)) {
        if (at_ == L{}.size()) no_such_field_in_this_layout();
        if ((L{}[at_].kind == 'u') != number) field_of_another_kind();
    }
    constexpr std::size_t at() const { return at_; }

private:
    static void no_such_field_in_this_layout() {}
    static void field_of_another_kind() {}
    std::size_t at_;
};

// A block of a named layout: getters as above, their names checked when the program is built.
template <NamedLayout L>
class BlockOf : public Block {
public:
    explicit BlockOf(Block&& block) : Block(std::move(block)) {}
    std::uint64_t u64(FieldOf<L, true> name) const { return fields_[name.at()].number; }
    std::uint32_t u32(FieldOf<L, true> name) const { return static_cast<std::uint32_t>(u64(name)); }
    std::uint16_t u16(FieldOf<L, true> name) const { return static_cast<std::uint16_t>(u64(name)); }
    std::uint8_t u8(FieldOf<L, true> name) const { return static_cast<std::uint8_t>(u64(name)); }
    ByteView bytes(FieldOf<L, false> name) const { return fields_[name.at()].bytes; }
    std::string_view text(FieldOf<L, false> name) const { return as_text(bytes(name)); }
};

// Decodes the whole block. Error: E_CMDS_DATA_LEN when it is too short or bytes are left over.
Result<Block> parse(const Layout& layout, ByteView block);

// Decodes one element from the front of `rest` and moves `rest` behind it: lists are elements back to
// back. Error: E_CMDS_DATA_LEN when `rest` is too short.
Result<Block> parse_prefix(const Layout& layout, ByteView& rest);

template <NamedLayout L>
Result<BlockOf<L>> parse(const L& layout, ByteView block) {
    auto parsed = parse(static_cast<const Layout&>(layout), block);
    CS2SIM_TRY(parsed);
    return BlockOf<L>(*std::move(parsed));
}
template <NamedLayout L>
Result<BlockOf<L>> parse_prefix(const L& layout, ByteView& rest) {
    auto parsed = parse_prefix(static_cast<const Layout&>(layout), rest);
    CS2SIM_TRY(parsed);
    return BlockOf<L>(*std::move(parsed));
}

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
    friend Result<void> compose_into(Bytes& out, const Layout& layout, std::initializer_list<Value> values);
    std::variant<std::uint64_t, ByteView> value_;
};

// Encodes one value a field, in the layout's order; b8 is filled up with zeros when shorter. Precondition:
// count and kinds fit the layout. Error: E_CMDS_BAD_SIZE when a number or a length does not fit its field,
// and `out` is as it was.
Result<Bytes> compose(const Layout& layout, std::initializer_list<Value> values);
Result<void> compose_into(Bytes& out, const Layout& layout, std::initializer_list<Value> values);

namespace block_detail {

// Whether every value of type T fits the field.
template <class T>
consteval bool always_fits(const Layout::Field& field) {
    using Plain = std::remove_cvref_t<T>;
    if constexpr (std::is_integral_v<Plain> || std::is_enum_v<Plain>) {
        return field.kind == 'u' && sizeof(Plain) <= field.width;
    } else if constexpr (requires { std::tuple_size<Plain>::value; }) {
        return (field.kind == 'b' && std::tuple_size<Plain>::value == field.width) || field.kind == '*' ||
               (field.kind == 'v' && std::tuple_size<Plain>::value < 65536);
    } else {
        return field.kind == '*' || (field.kind == 'v' && field.width == 4);  // no block has 4 GiB
    }
}

template <NamedLayout L, class... Values>
consteval bool always_fit() {
    std::size_t at = 0;
    return sizeof...(Values) == L{}.size() && (always_fits<Values>(L{}[at++]) && ...);
}

void append_fitting(Bytes& out, const Layout& layout, std::initializer_list<Value> values);

}  // namespace block_detail

// As compose(), for values whose types alone tell that they fit: no error is possible, and one that could be
// does not compile.
template <NamedLayout L, class... Values>
requires(block_detail::always_fit<L, Values...>()) void compose_fitting_into(Bytes& out, const L& layout,
                                                                             const Values&... values) {
    block_detail::append_fitting(out, layout, {Value(values)...});
}
template <NamedLayout L, class... Values>
requires(block_detail::always_fit<L, Values...>()) Bytes
    compose_fitting(const L& layout, const Values&... values) {
    Bytes out;
    compose_fitting_into(out, layout, values...);
    return out;
}

}  // namespace cs2sim
