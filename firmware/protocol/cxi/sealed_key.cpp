#include "firmware/protocol/cxi/sealed_key.h"

#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {
namespace {

template <class Layout>
Result<SealedKey> parse_as(const Layout& layout, std::uint8_t version, ByteView blob) {
    const auto parsed = parse(layout, blob);
    if (!parsed || parsed->u8("version") != version) return fail(E_CXI_KEY_BLOB_FORMAT);
    const ByteView sealed = parsed->bytes("sealed");
    if (sealed.empty()) return fail(E_CXI_KEY_BLOB_FORMAT);
    return SealedKey{version,
                     parsed->u8("mbktype"),
                     parsed->bytes("mbkhash"),
                     parsed->text("group"),
                     parsed->text("name"),
                     parsed->u32("spec"),
                     blob.first(blob.size() - sealed.size()),
                     sealed};
}

}  // namespace

Result<SealedKey> parse_sealed_key(ByteView blob) {
    if (blob.empty()) return fail(E_CXI_KEY_BLOB_FORMAT);
    if (blob[0] == CXI_SEALED_VERSION_BARE)
        return parse_as(LAYOUT_CXI_SEALED_KEY_BARE, CXI_SEALED_VERSION_BARE, blob);
    if (blob[0] != CXI_SEALED_MAGIC) return fail(E_CXI_KEY_BLOB_FORMAT);
    return parse_as(LAYOUT_CXI_SEALED_KEY, CXI_SEALED_VERSION, blob);
}

}  // namespace cs2sim
