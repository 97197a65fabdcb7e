// MBK shares, wherever a share specifier keeps them: in a file or on a card.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host-lib/files/key_share.h"

namespace cs2sim::host {

// One member of `Key=f1[#pw],f2[#pw],…`: a share file or ":cs2:…", the share on the card in that reader.
// Errors: E_CSA_SHARE_OPEN, E_CSA_KEY_WRITE, those of parse_share_text; of cards E_PP_*, E_SC_* (card.h), and
// E_MBK_SC_EMPTY when the card has no share.
Result<KeyShare> load_share(std::string_view share_spec, const Terminal& terminal = {});
Result<void> save_share(std::string_view share_spec, const KeyShare& share, const Terminal& terminal = {});

// Looks, before shares are made, whether each of `share_specs` that goes to a card has a card of its own in
// its reader: two shares of one MBK on one card would be one. Error: E_PP_NO_CARD.
Result<void> expect_cards(const std::vector<std::string>& share_specs);

}  // namespace cs2sim::host
