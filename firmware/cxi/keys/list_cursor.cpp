#include "firmware/cxi/keys/list_cursor.h"

#include "firmware/crypto/aead.h"
#include "firmware/crypto/random.h"

namespace cs2sim {
namespace {

constexpr std::size_t kHead = 8;  // the number of the page, so that cursors ascend
constexpr std::size_t kLongest = 128;

}  // namespace

const SecretBytes& ListCursors::key() const {
    std::call_once(made_, [this] { key_ = random_secret(32); });
    return key_;
}

Result<Bytes> ListCursors::open(ByteView cursor) const {
    if (cursor.empty()) return Bytes();
    if (cursor.size() < kHead || cursor.size() > kLongest) return fail(E_CXI_INVALID_PARAM_LEN);
    const auto place = Aead(key()).open(cursor.subspan(kHead), {cursor.first(kHead)});
    if (!place) return fail(E_CXI_INVALID_PARAM_VAL);
    return to_bytes(*place);
}

Bytes ListCursors::next(ByteView from, ByteView place) const {
    const std::uint64_t page = from.size() < kHead ? 0 : big_endian(from.first(kHead));
    Bytes cursor = to_bytes(big_endian_bytes<kHead>(page + 1));
    append(cursor, Aead(key()).seal(place, {ByteView(cursor)}));
    return cursor;
}

}  // namespace cs2sim
