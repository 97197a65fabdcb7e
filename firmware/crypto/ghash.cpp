#include "firmware/crypto/ghash.h"

#include <algorithm>

namespace cs2sim {
namespace {

struct Element {
    std::uint64_t high = 0, low = 0;
};

std::uint64_t load(const std::uint8_t* at) {
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = value << 8 | at[i];
    return value;
}

void store(std::uint64_t value, std::uint8_t* at) {
    for (int i = 7; i >= 0; --i, value >>= 8) at[i] = static_cast<std::uint8_t>(value);
}

// Multiplication in GF(2^128) (SP 800-38D, section 6.3), by masks in place of branches.
Element multiply(Element x, Element v) {
    Element z;
    for (int i = 0; i < 128; ++i) {
        const std::uint64_t bit = (i < 64 ? x.high >> (63 - i) : x.low >> (127 - i)) & 1;
        z.high ^= v.high & (0 - bit);
        z.low ^= v.low & (0 - bit);
        const std::uint64_t carry = v.low & 1;
        v.low = v.low >> 1 | v.high << 63;
        v.high = v.high >> 1 ^ (0xE100000000000000 & (0 - carry));
    }
    return z;
}

}  // namespace

GhashBlock ghash(const GhashBlock& h, const GhashBlock& state, ByteView data) {
    const Element key{load(h.data()), load(h.data() + 8)};
    Element y{load(state.data()), load(state.data() + 8)};
    for (; !data.empty(); data = data.subspan(std::min<std::size_t>(data.size(), 16))) {
        GhashBlock block{};
        std::copy_n(data.begin(), std::min<std::size_t>(data.size(), 16), block.begin());
        y = multiply({y.high ^ load(block.data()), y.low ^ load(block.data() + 8)}, key);
    }
    GhashBlock out;
    store(y.high, out.data());
    store(y.low, out.data() + 8);
    return out;
}

}  // namespace cs2sim
