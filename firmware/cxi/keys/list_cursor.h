// Cursors of KEY_LIST as callers get them: sealed, as the place in a list may name a key that is hidden from
// them, and as places of their own making would let them feel for such keys.
#pragma once

#include <mutex>

#include "firmware/crypto/secret.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

// Good until the process ends. Any thread.
class ListCursors {
public:
    // Where the listing is that a caller goes on with; empty for a new one. Errors: E_CXI_INVALID_PARAM_LEN,
    // E_CXI_INVALID_PARAM_VAL for one that is none of ours.
    Result<Bytes> open(ByteView cursor) const;

    // The cursor for what follows the request with `from`, whose listing has come to `place`. Cursors of a
    // listing ascend byte by byte.
    Bytes next(ByteView from, ByteView place) const;

private:
    const SecretBytes& key() const;  // made when the first cursor is asked for

    mutable std::once_flag made_;
    mutable SecretBytes key_;
};

}  // namespace cs2sim
