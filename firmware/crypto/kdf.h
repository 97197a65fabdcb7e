// Key derivation by SP 800-108 in counter mode with HMAC-SHA-256.
#pragma once

#include <string_view>

#include "firmware/crypto/secret.h"

namespace cs2sim {

// `length` bytes for `label` and `context` (SP 800-108r1, section 4.1: [i]32 | label | 00 | context | [L]32).
SecretBytes derive_key(ByteView key, std::string_view label, ByteView context, std::size_t length);

}  // namespace cs2sim
