// What the INFO of a set of shares says, and whether the shares belong together.
#pragma once

#include "firmware/mbk/mbk.h"

namespace cs2sim {

struct ShareSet {
    std::array<std::uint8_t, 8> name{};
    std::array<std::uint8_t, 6> time{};
    std::array<std::uint8_t, 8> hash{};  // first half of the key's ISO hash
    std::uint8_t k = 0;
    std::vector<std::pair<std::uint8_t, ByteView>> points;  // views into the shares
};

// INFO by LAYOUT_SHARE_INFO for share `x` of a key.
std::array<std::uint8_t, 32> encode_share_info(const MbkKeyInfo& key, std::uint8_t x);

// Errors: see MbkStore::import().
Result<ShareSet> check_shares(const std::vector<MbkShare>& shares);

}  // namespace cs2sim
