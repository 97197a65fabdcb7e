// A page of CXI.KEY_LIST as hosts take it apart, who trust no device to come to an end.
#pragma once

#include <vector>

#include "firmware/protocol/block.h"
#include "firmware/protocol/cxi/property_list.h"

namespace cs2sim {

struct KeyPage {
    std::vector<PropertyList> keys;
    Bytes cursor;  // for the next page
    bool more = false;
};

// `answer` to a request for at most `limit` keys behind the cursor `after`. Cursors ascend byte by byte (OUR
// CHOICE of 068.0A). Error: E_CSA_PROTOCOL when the answer is no such page: other fields, more keys than were
// asked for, or more to come and a cursor that does not go on.
Result<KeyPage> parse_key_page(const Block& answer, ByteView after, std::size_t limit);

}  // namespace cs2sim
