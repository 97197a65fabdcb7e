// Password protection of host files (device-formats.md, section 3): SHA-256 of the password once, no salt,
// zero IV. A value in clear is plain hexadecimal, a protected one begins with '!'.
#pragma once

#include <optional>
#include <string_view>

#include "firmware/crypto/secret.h"
#include "firmware/protocol/error.h"

namespace cs2sim::host {

enum class Protection { ec_key, rsa_key, share };

// The value behind `KEY=`. Errors: E_CSA_KEY_FORMAT (no hexadecimal, wrong length), E_CSA_KEY_PASSWORD
// (protected and no password, or the padding is wrong). Of an EC key the filling up to whole blocks is still
// there.
Result<SecretBytes> read_value(std::string_view text, Protection protection,
                               const std::optional<SecretBytes>& password);

// The text of a value: hexadecimal, or '!' and the encrypted value in hexadecimal.
SecretBytes write_value(ByteView value, Protection protection, const std::optional<SecretBytes>& password);

}  // namespace cs2sim::host
