// What stands in clear in a key that is sealed under an MBK: an external key, a single-key backup. The device
// opens it; hosts read what it is called and whose seal it bears, which nothing proves before the device
// does.
#pragma once

#include <array>

#include "firmware/protocol/bytes.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

// The first byte of an external key (pkcs11-facts.md, section 5). Behind it our version.
inline constexpr std::uint8_t CXI_SEALED_MAGIC = 0x4B;
inline constexpr std::uint8_t CXI_SEALED_VERSION = 2;
inline constexpr std::uint8_t CXI_SEALED_VERSION_BARE = 1;  // read only: stood first, without the magic byte

// Views into the blob.
struct SealedKey {
    std::uint8_t version = 0;
    std::uint8_t mbk_type = 0;
    ByteView mbk_hash;  // 16 bytes
    std::string_view group, name;
    std::uint32_t spec = 0;
    ByteView clear;   // all that is not sealed, which is bound to what is
    ByteView sealed;  // not empty
};

// LAYOUT_CXI_SEALED_KEY, or LAYOUT_CXI_SEALED_KEY_BARE of earlier versions. Error: E_CXI_KEY_BLOB_FORMAT.
Result<SealedKey> parse_sealed_key(ByteView blob);

}  // namespace cs2sim
