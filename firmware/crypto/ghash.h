// GHASH, the hash inside GCM, step by step: the SDK gives modules GCM in pieces, OpenSSL only whole.
#pragma once

#include <array>

#include "firmware/protocol/bytes.h"

namespace cs2sim {

using GhashBlock = std::array<std::uint8_t, 16>;

// The hash `state` continued over `data`, its last block filled up with zeros (NIST SP 800-38D, section 6.4);
// `h` is AES(key, 0). Time does not depend on the values.
GhashBlock ghash(const GhashBlock& h, const GhashBlock& state, ByteView data);

}  // namespace cs2sim
