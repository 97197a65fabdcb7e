// Command blocks such as a hostile caller builds: by the layouts of the catalogue, so that they get past the
// decoder, with every length that a host may choose, up to the largest frame.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "firmware/protocol/bytes.h"
#include "firmware/protocol/layout.h"

namespace cs2sim::test {

// Bytes that a command block has room for in the largest frame, when it goes alone or sealed in a session.
std::size_t most_block_bytes(bool sealed);

// For each field of variable length in turn, and each kind of content that code here takes apart (property
// lists and ids in every order, entries of databases, key shares, references to keys, text, …): a block in
// which that field is as large as it can be, the others small. Always the same blocks.
std::vector<Bytes> largest_blocks(const Layout& layout, std::size_t most);

// Blocks by chance, from one seed.
class BlockMaker {
public:
    explicit BlockMaker(std::uint64_t seed) : random_(seed) {}

    // `known`: contents that stood in answers before (key references, handles, …) and are worth sending back.
    Bytes make(const Layout& layout, std::size_t most, const std::vector<Bytes>& known);
    std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }

private:
    std::uint64_t number(std::size_t width);
    std::size_t length(std::size_t most);
    Bytes content(std::size_t size, const std::vector<Bytes>& known);
    void spoil(Bytes& block);

    std::mt19937_64 random_;
};

}  // namespace cs2sim::test
