#include "firmware/protocol/block.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace cs2sim {
namespace {

// A handler that contradicts its layout: ours, never a host's.
[[noreturn]] void layout_fault(std::string_view what, std::string_view where) {
    std::fprintf(stderr, "block layout: %.*s: %.*s\n", static_cast<int>(what.size()), what.data(),
                 static_cast<int>(where.size()), where.data());
    std::abort();
}

bool fits(std::uint64_t number, std::size_t width) { return width >= 8 || number >> (8 * width) == 0; }

bool take(ByteView& rest, std::size_t size, ByteView& out) {
    if (rest.size() < size) return false;
    out = rest.first(size);
    rest = rest.subspan(size);
    return true;
}

bool take_field(const Layout::Field& type, ByteView& rest, ByteView& out) {
    ByteView length;
    switch (type.kind) {
        case 'v':
            return take(rest, type.width, length) && take(rest, big_endian(length), out);
        case '*':
            return take(rest, rest.size(), out);
        default:
            return take(rest, type.width, out);
    }
}

bool append_number(Bytes& out, const Layout::Field& type, std::uint64_t number) {
    if (!fits(number, type.width)) return false;
    append_big_endian(out, number, type.width);
    return true;
}

bool append_bytes(Bytes& out, const Layout::Field& type, ByteView bytes) {
    if (type.kind == 'b' && bytes.size() > type.width) return false;
    if (type.kind == 'v' && !append_number(out, type, bytes.size())) return false;
    append(out, bytes);
    if (type.kind == 'b') out.resize(out.size() + type.width - bytes.size());
    return true;
}

// Room for what is to be appended, so that nothing of it is left behind in memory that was outgrown. A list
// made by many calls grows as a vector does.
void have_room(Bytes& out, std::size_t more) {
    if (out.capacity() - out.size() < more) out.reserve(std::max(out.size() + more, 2 * out.capacity()));
}

}  // namespace

const Block::Field& Block::field(std::string_view name) const {
    for (const Field& field : fields_)
        if (field.name == name) return field;
    layout_fault("no such field", name);
}

std::uint64_t Block::number(std::string_view name) const {
    const Field& found = field(name);
    if (!found.is_number) layout_fault("not a number", name);
    return found.number;
}

ByteView Block::content(std::string_view name) const {
    const Field& found = field(name);
    if (found.is_number) layout_fault("not bytes", name);
    return found.bytes;
}

Result<Block> parse_prefix(const Layout& layout, ByteView& rest) {
    Block block;
    block.fields_.reserve(layout.size());
    for (const Layout::Field& type : layout) {
        Block::Field field{layout.name(type), type.secret, type.kind == 'u', 0, {}};
        if (!take_field(type, rest, field.bytes)) return fail(E_CMDS_DATA_LEN);
        if (field.is_number) field.number = big_endian(field.bytes);
        block.fields_.push_back(field);
    }
    return block;
}

Result<Block> parse(const Layout& layout, ByteView block) {
    auto parsed = parse_prefix(layout, block);
    if (parsed && !block.empty()) return fail(E_CMDS_DATA_LEN);
    return parsed;
}

Result<void> compose_into(Bytes& out, const Layout& layout, std::initializer_list<Value> values) {
    if (values.size() != layout.size()) layout_fault("values missing or left over", layout.text());
    std::size_t most = 0;
    const Value* value = values.begin();
    for (const Layout::Field& type : layout) {
        const auto* bytes = std::get_if<ByteView>(&value++->value_);
        if ((bytes == nullptr) != (type.kind == 'u'))
            layout_fault("value of another kind", layout.name(type));
        most += type.width + (bytes ? bytes->size() : 0);
    }
    have_room(out, most);
    const std::size_t before = out.size();
    value = values.begin();
    for (const Layout::Field& type : layout) {
        const auto* bytes = std::get_if<ByteView>(&value->value_);
        const bool fitted = bytes ? append_bytes(out, type, *bytes)
                                  : append_number(out, type, *std::get_if<std::uint64_t>(&value->value_));
        if (!fitted) {
            out.resize(before);
            return fail(E_CMDS_BAD_SIZE);
        }
        ++value;
    }
    return {};
}

Result<Bytes> compose(const Layout& layout, std::initializer_list<Value> values) {
    Bytes out;
    CS2SIM_TRY(compose_into(out, layout, values));
    return out;
}

void block_detail::append_fitting(Bytes& out, const Layout& layout, std::initializer_list<Value> values) {
    if (!compose_into(out, layout, values)) layout_fault("values that always fit do not", layout.text());
}

}  // namespace cs2sim
