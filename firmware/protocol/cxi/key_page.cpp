#include "firmware/protocol/cxi/key_page.h"

#include "firmware/protocol/functions.h"

namespace cs2sim {

Result<KeyPage> parse_key_page(const Block& answer, ByteView after, std::size_t limit) {
    KeyPage page;
    for (ByteView rest = answer.bytes("keys"); !rest.empty();) {
        const auto row = parse_prefix(LAYOUT_CXI_ROW, rest);
        if (!row || page.keys.size() == limit) return fail(E_CSA_PROTOCOL);
        auto key = PropertyList::decode(row->bytes("properties"));
        if (!key) return fail(E_CSA_PROTOCOL);
        page.keys.push_back(*std::move(key));
    }
    page.more = answer.u8("more") != 0;
    page.cursor = to_bytes(answer.bytes("cursor"));
    const bool goes_on = as_text(page.cursor) > as_text(after);
    if (page.more && !goes_on) return fail(E_CSA_PROTOCOL);
    return page;
}

}  // namespace cs2sim
