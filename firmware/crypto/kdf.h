// Key derivation by SP 800-108 with HMAC.
#pragma once

#include <string_view>

#include "firmware/crypto/secret.h"

namespace cs2sim {

// In counter mode with SHA-256: `length` bytes for `label` and `context` (SP 800-108r1, section 4.1: [i]32 |
// label | 00 | context | [L]32).
SecretBytes derive_key(ByteView key, std::string_view label, ByteView context, std::size_t length);

// `length` bytes in feedback mode (section 4.2) with HMAC over `digest` ("SHA256"): K(0) is `iv`, K(i) =
// PRF(K(i-1) | [i]32 | fixed). The encoding is OUR ASSUMPTION (sdk-facts.md, section 6.8).
SecretBytes derive_key_by_feedback(std::string_view digest, ByteView key, ByteView iv, ByteView fixed,
                                   std::size_t length);

}  // namespace cs2sim
