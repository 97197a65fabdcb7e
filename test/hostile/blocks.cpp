#include "test/hostile/blocks.h"

#include <algorithm>
#include <array>

#include "firmware/protocol/channel/secure_channel.h"
#include "firmware/protocol/cxi/constants.h"
#include "firmware/protocol/frame.h"

namespace cs2sim::test {
namespace {

// What a field's bytes are like; each gives exactly `size` bytes.
using Content = Bytes (*)(std::size_t size);

Bytes zeros(std::size_t size) { return Bytes(size); }
Bytes ones(std::size_t size) { return Bytes(size, 0xFF); }
Bytes text(std::size_t size) { return Bytes(size, 'a'); }

// Elements of `width` bytes, made from their number, cut at `size`.
template <class Element>
Bytes repeated(std::size_t size, Element element) {
    Bytes out;
    out.reserve(size + 64);
    for (std::uint32_t at = 0; out.size() < size; ++at) element(out, at);
    out.resize(size);
    return out;
}

void property(Bytes& out, std::uint32_t id, std::uint32_t length) {
    append_big_endian(out, id, 4);
    append_big_endian(out, length, 4);
    out.resize(out.size() + length);
}

Bytes ids_falling(std::size_t size) {
    return repeated(size, [](Bytes& out, std::uint32_t at) { append_big_endian(out, ~at, 4); });
}
Bytes id_again(std::size_t size) {
    return repeated(size, [](Bytes& out, std::uint32_t) { append_big_endian(out, CXI_PROP_KEY_NAME, 4); });
}
Bytes properties_falling(std::size_t size) {
    return repeated(size, [](Bytes& out, std::uint32_t at) { property(out, ~at, 0); });
}
Bytes properties_rising(std::size_t size) {
    return repeated(size, [](Bytes& out, std::uint32_t at) { property(out, CXI_PROP_CUSTOM | at, 0); });
}
Bytes property_again(std::size_t size) {
    return repeated(size, [](Bytes& out, std::uint32_t) { property(out, CXI_PROP_CUSTOM, 0); });
}
// A name, then one property with all the rest as its value.
Bytes large_property(std::size_t size) {
    Bytes out;
    property(out, CXI_PROP_KEY_NAME, 4);
    if (size > 20) property(out, CXI_PROP_KEY_LABEL, static_cast<std::uint32_t>(size - 20));
    out.resize(size);
    return out;
}
Bytes lying_property(std::size_t size) {
    Bytes out{0, 0, 0, 9, 0xFF, 0xFF, 0xFF, 0xFF};
    out.resize(size);
    return out;
}
Bytes entries(std::size_t size) {  // of a database: key of 8, record of 1
    return repeated(size, [](Bytes& out, std::uint32_t at) {
        append_big_endian(out, 8, 2);
        append_big_endian(out, at, 8);
        append_big_endian(out, 1, 4);
        out.push_back(1);
    });
}
Bytes empty_entries(std::size_t size) {
    return repeated(size, [](Bytes& out, std::uint32_t) { out.resize(out.size() + 6); });
}
Bytes shares(std::size_t size) {
    return repeated(size, [](Bytes& out, std::uint32_t at) {
        out.resize(out.size() + 32, static_cast<std::uint8_t>(at));
        append_big_endian(out, 2, 2);
        out.resize(out.size() + 2);
    });
}
template <std::uint8_t tag, Content content>
Bytes tagged(std::size_t size) {
    Bytes out = size == 0 ? Bytes() : content(size - 1);
    if (size != 0) out.insert(out.begin(), tag);
    return out;
}
Bytes stars(std::size_t size) {
    return repeated(size, [](Bytes& out, std::uint32_t) { append(out, as_bytes("*a")); });
}
Bytes attributes(std::size_t size) {
    return repeated(size, [](Bytes& out, std::uint32_t) { append(out, as_bytes("A=b,")); });
}

constexpr Content kContents[] = {zeros,
                                 ones,
                                 text,
                                 stars,
                                 attributes,
                                 ids_falling,
                                 id_again,
                                 properties_falling,
                                 properties_rising,
                                 property_again,
                                 large_property,
                                 lying_property,
                                 entries,
                                 empty_entries,
                                 shares,
                                 tagged<CXI_TAG_INDEX, zeros>,
                                 tagged<CXI_TAG_EXTERNAL, zeros>,
                                 tagged<CXI_TAG_EXTERNAL, ones>,
                                 tagged<CXI_TAG_NAME, properties_falling>,
                                 tagged<CXI_TAG_NAME, large_property>,
                                 tagged<CXI_TAG_CONFIG, text>};

std::size_t least_bytes(const Layout::Field& field) { return field.kind == '*' ? 0 : field.width; }

std::size_t least_bytes(const Layout& layout) {
    std::size_t sum = 0;
    for (const Layout::Field& field : layout) sum += least_bytes(field);
    return sum;
}

std::size_t longest(const Layout::Field& field, std::size_t room) {
    return field.kind == 'v' && field.width == 2 ? std::min<std::size_t>(room, 0xFFFF) : room;
}

void append_field(Bytes& block, const Layout::Field& field, ByteView content) {
    if (field.kind == 'v') append_big_endian(block, content.size(), field.width);
    append(block, content);
}

}  // namespace

std::size_t most_block_bytes(bool sealed) {
    constexpr std::size_t kEnvelope = 4 + 16 + 3 + SecureChannel::kOverhead;
    return kMaxFrame - kRequestHeader - (sealed ? kEnvelope : 0);
}

std::vector<Bytes> largest_blocks(const Layout& layout, std::size_t most) {
    std::vector<Bytes> blocks;
    const std::size_t room = most - std::min(most, least_bytes(layout));
    for (std::size_t large = 0; large < layout.size(); ++large) {
        if (layout[large].kind != 'v' && layout[large].kind != '*') continue;
        for (const Content content : kContents) {
            Bytes block;
            for (std::size_t at = 0; at < layout.size(); ++at) {
                const Layout::Field& field = layout[at];
                if (field.kind == 'u' || field.kind == 'b')
                    block.resize(block.size() + field.width);
                else
                    append_field(block, field, at == large ? content(longest(field, room)) : Bytes());
            }
            blocks.push_back(std::move(block));
        }
    }
    if (blocks.empty()) blocks.emplace_back(least_bytes(layout));
    return blocks;
}

std::uint64_t BlockMaker::number(std::size_t width) {
    constexpr std::array<std::uint64_t, 12> kLikely = {0,  1,     2,     3,          4,          8,
                                                       16, 0x100, 0x300, 0x7FFFFFFF, 0xFFFFFFFF, 0xFF};
    std::uint64_t value = below(3) != 0 ? kLikely[below(kLikely.size())] : random_();
    if (below(8) == 0) value = std::uint64_t{1} << below(64);
    return width >= 8 ? value : value & ((std::uint64_t{1} << 8 * width) - 1);
}

std::size_t BlockMaker::length(std::size_t most) {
    constexpr std::array<std::size_t, 16> kEdges = {0,   1,   4,   7,   8,     16,    24,    31,
                                                    255, 256, 257, 512, 65534, 65535, 65536, 65537};
    switch (below(16)) {
        case 0:
            return most;
        case 1:
            return below(most + 1);
        case 2:
        case 3:
        case 4:
        case 5:
            return std::min(most, kEdges[below(kEdges.size())]);
        default:
            return std::min(most, below(64));
    }
}

Bytes BlockMaker::content(std::size_t size, const std::vector<Bytes>& known) {
    if (!known.empty() && below(3) == 0) return known[below(known.size())];
    if (below(8) == 0) {
        Bytes noise(std::min<std::size_t>(size, 4096));
        for (std::uint8_t& byte : noise) byte = static_cast<std::uint8_t>(random_());
        return noise;
    }
    return kContents[below(std::size(kContents))](size);
}

// One length or number becomes another.
void BlockMaker::spoil(Bytes& block) {
    if (block.empty()) return;
    const std::size_t at = below(std::min<std::size_t>(block.size(), 64));
    block[at] = below(2) == 0 ? 0xFF : static_cast<std::uint8_t>(random_());
}

Bytes BlockMaker::make(const Layout& layout, std::size_t most, const std::vector<Bytes>& known) {
    Bytes block;
    std::size_t room = most - std::min(most, least_bytes(layout));
    for (const Layout::Field& field : layout) {
        if (field.kind == 'u') {
            append_big_endian(block, number(field.width), field.width);
        } else if (field.kind == 'b') {
            Bytes bytes = content(field.width, {});
            bytes.resize(field.width);
            append(block, bytes);
        } else {
            Bytes bytes = content(length(longest(field, room)), known);
            if (bytes.size() > longest(field, room)) bytes.resize(longest(field, room));
            room -= bytes.size();
            append_field(block, field, bytes);
        }
    }
    if (below(16) == 0) spoil(block);
    return block;
}

}  // namespace cs2sim::test
