#include "host-lib/cards/share_source.h"

#include "host-lib/cards/card.h"

namespace cs2sim::host {

Result<KeyShare> load_share(std::string_view share_spec, const Terminal& terminal) {
    const auto spec = parse_key_spec(share_spec);
    if (!spec) return fail(spec.error());
    if (!spec->card) return read_share_file(*spec, terminal);
    auto reader = CardReader::open(*spec, terminal);
    if (!reader) return fail(reader.error());
    return reader->load_share();
}

Result<void> save_share(std::string_view share_spec, const KeyShare& share, const Terminal& terminal) {
    const auto spec = parse_key_spec(share_spec);
    if (!spec) return fail(spec.error());
    if (!spec->card) return write_share_file(*spec, share, terminal);
    auto reader = CardReader::open(*spec, terminal);
    if (!reader) return fail(reader.error());
    return reader->store_share(share);
}

}  // namespace cs2sim::host
