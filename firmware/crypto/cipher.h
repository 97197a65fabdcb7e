// Unauthenticated block modes, for host file formats and for secure messaging with CMAC.
#pragma once

#include <string_view>

#include "firmware/crypto/secret.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

// Whole blocks under `name` ("AES-256-CBC", "DES-EDE3-CBC", …), without padding.
// Preconditions: key and iv have the cipher's lengths. Error: E_AES_DATA_LEN when data is no whole number
// of blocks.
Result<SecretBytes> encrypt_blocks(std::string_view name, ByteView key, ByteView iv, ByteView data);
Result<SecretBytes> decrypt_blocks(std::string_view name, ByteView key, ByteView iv, ByteView data);

}  // namespace cs2sim
