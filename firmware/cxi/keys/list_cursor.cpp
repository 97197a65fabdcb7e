#include "firmware/cxi/keys/list_cursor.h"

#include "firmware/crypto/aead.h"
#include "firmware/crypto/random.h"

namespace cs2sim {
namespace {

// Behind all kinds of places (key_lists.cpp), so that a sealed cursor follows an open one; then the number of
// the page, so that it follows another sealed one.
constexpr std::uint8_t kSealed = 0xFF;
constexpr std::size_t kHead = 1 + 8;

bool is_sealed(ByteView cursor) { return !cursor.empty() && cursor[0] == kSealed; }

}  // namespace

ListCursors::ListCursors() : key_(random_secret(32)) {}

Result<Bytes> ListCursors::open(ByteView cursor) const {
    if (!is_sealed(cursor)) return to_bytes(cursor);
    if (cursor.size() < kHead) return fail(E_CXI_INVALID_PARAM_LEN);
    const auto place = Aead(key_).open(cursor.subspan(kHead), {cursor.first(kHead)});
    if (!place) return fail(E_CXI_INVALID_PARAM_VAL);
    return to_bytes(*place);
}

Bytes ListCursors::next(ByteView from, ByteView place, bool shown) const {
    if (shown && !is_sealed(from)) return to_bytes(place);
    const std::uint64_t page = is_sealed(from) ? big_endian(from.subspan(1, 8)) : 0;
    Bytes cursor{kSealed};
    append_big_endian(cursor, page + 1, 8);
    append(cursor, Aead(key_).seal(place, {ByteView(cursor)}));
    return cursor;
}

}  // namespace cs2sim
