#include "host-lib/cards/share_source.h"

#include <map>

#include "host-lib/cards/card.h"

namespace cs2sim::host {

Result<KeyShare> load_share(std::string_view share_spec, const Terminal& terminal) {
    CS2SIM_TRY_LET(spec, parse_key_spec(share_spec));
    if (!spec.card) return read_share_file(spec, terminal);
    CS2SIM_TRY_LET(reader, CardReader::open(spec, terminal));
    return reader.load_share();
}

Result<void> save_share(std::string_view share_spec, const KeyShare& share, const Terminal& terminal) {
    CS2SIM_TRY_LET(spec, parse_key_spec(share_spec));
    if (!spec.card) return write_share_file(spec, share, terminal);
    CS2SIM_TRY_LET(reader, CardReader::open(spec, terminal));
    return reader.store_share(share);
}

Result<void> expect_cards(const std::vector<std::string>& share_specs) {
    std::map<std::string, std::size_t> wanted;  // by reader
    for (const std::string& text : share_specs) {
        CS2SIM_TRY_LET(spec, parse_key_spec(text));
        if (!spec.card) continue;
        CS2SIM_TRY_LET(reader, CardReader::open(spec, {}));
        if (reader.cards() < ++wanted[reader.name()]) return fail(E_PP_NO_CARD);
    }
    return {};
}

}  // namespace cs2sim::host
