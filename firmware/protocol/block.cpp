#include "firmware/protocol/block.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <optional>

namespace cs2sim {
namespace {

// A mistake in a layout, or a handler that contradicts it: ours, never a host's.
[[noreturn]] void layout_fault(std::string_view what, std::string_view where) {
    std::fprintf(stderr, "block layout: %.*s: %.*s\n", static_cast<int>(what.size()), what.data(),
                 static_cast<int>(where.size()), where.data());
    std::abort();
}

struct FieldType {
    std::string_view name;
    bool secret = false;
    char kind = 0;  // 'u', 'b', 'v' or '*'
    std::size_t width = 0;
};

// Takes the first field off the front of `layout`.
std::optional<FieldType> next_field(std::string_view& layout) {
    while (!layout.empty() && layout.front() == ' ') layout.remove_prefix(1);
    if (layout.empty()) return std::nullopt;
    const std::string_view token = layout.substr(0, layout.find(' '));
    layout.remove_prefix(token.size());

    const std::size_t colon = token.find(':');
    if (colon == std::string_view::npos || colon + 1 >= token.size()) layout_fault("no type", token);
    FieldType field;
    field.name = token.substr(0, colon);
    if (field.name.ends_with('!')) {
        field.secret = true;
        field.name.remove_suffix(1);
    }
    field.kind = token[colon + 1];
    if (field.kind == '*') return field;
    const std::string_view digits = token.substr(colon + 2);
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), field.width);
    if (parsed.ec != std::errc() || field.width == 0) layout_fault("bad width", token);
    return field;
}

void store(Bytes& out, std::uint64_t number, std::size_t width) {
    if (width < 8 && number >> (8 * width) != 0) layout_fault("number too large", std::to_string(number));
    append_big_endian(out, number, width);
}

bool take(ByteView& rest, std::size_t size, ByteView& out) {
    if (rest.size() < size) return false;
    out = rest.first(size);
    rest = rest.subspan(size);
    return true;
}

}  // namespace

const Block::Field& Block::field(std::string_view name) const {
    for (const Field& field : fields_)
        if (field.name == name) return field;
    layout_fault("no such field", name);
}

std::uint64_t Block::u64(std::string_view name) const {
    const Field& found = field(name);
    if (!found.is_number) layout_fault("not a number", name);
    return found.number;
}

ByteView Block::bytes(std::string_view name) const {
    const Field& found = field(name);
    if (found.is_number) layout_fault("not bytes", name);
    return found.bytes;
}

Result<Block> parse_prefix(std::string_view layout, ByteView& rest) {
    Block block;
    block.fields_.reserve(8);
    while (const auto type = next_field(layout)) {
        Block::Field field{type->name, type->secret, type->kind == 'u', 0, {}};
        ByteView length;
        switch (type->kind) {
            case 'u':
            case 'b':
                if (!take(rest, type->width, field.bytes)) return fail(E_CMDS_DATA_LEN);
                if (field.is_number) field.number = big_endian(field.bytes);
                break;
            case 'v':
                if (!take(rest, type->width, length)) return fail(E_CMDS_DATA_LEN);
                if (!take(rest, big_endian(length), field.bytes)) return fail(E_CMDS_DATA_LEN);
                break;
            case '*':
                take(rest, rest.size(), field.bytes);
                break;
            default:
                layout_fault("unknown type", type->name);
        }
        block.fields_.push_back(field);
    }
    return block;
}

Result<Block> parse(std::string_view layout, ByteView block) {
    auto parsed = parse_prefix(layout, block);
    if (parsed && !block.empty()) return fail(E_CMDS_DATA_LEN);
    return parsed;
}

void compose_into(Bytes& out, std::string_view layout, std::initializer_list<Value> values) {
    const Value* value = values.begin();
    while (const auto type = next_field(layout)) {
        if (value == values.end()) layout_fault("value missing", type->name);
        if (type->kind == 'u') {
            const auto* number = std::get_if<std::uint64_t>(&value->value_);
            if (!number) layout_fault("number expected", type->name);
            store(out, *number, type->width);
        } else {
            const auto* bytes = std::get_if<ByteView>(&value->value_);
            if (!bytes) layout_fault("bytes expected", type->name);
            if (type->kind == 'b' && bytes->size() > type->width) layout_fault("too long", type->name);
            if (type->kind == 'v') store(out, bytes->size(), type->width);
            append(out, *bytes);
            if (type->kind == 'b') out.resize(out.size() + type->width - bytes->size());
        }
        ++value;
    }
    if (value != values.end()) layout_fault("value left over", layout);
}

Bytes compose(std::string_view layout, std::initializer_list<Value> values) {
    Bytes out;
    compose_into(out, layout, values);
    return out;
}

}  // namespace cs2sim
