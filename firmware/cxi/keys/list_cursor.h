// Cursors of KEY_LIST as callers get them: one behind a key that they were shown is that key's place, any
// other is sealed, as it would name a key that is hidden from them.
#pragma once

#include "firmware/crypto/secret.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

// Sealed cursors are good until the process ends. Any thread.
class ListCursors {
public:
    ListCursors();

    // Where the listing is that a caller goes on with; empty for a new one. Errors: E_CXI_INVALID_PARAM_LEN,
    // E_CXI_INVALID_PARAM_VAL for a sealed one that is none of ours.
    Result<Bytes> open(ByteView cursor) const;

    // The cursor for what follows the request with `from`. `place`: where the list is then; `shown`: behind a
    // key on the page. Cursors ascend byte by byte; a listing whose cursor was sealed once keeps to that.
    Bytes next(ByteView from, ByteView place, bool shown) const;

private:
    SecretBytes key_;
};

}  // namespace cs2sim
