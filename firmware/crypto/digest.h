// Digests and message authentication codes over whole messages.
#pragma once

#include <openssl/types.h>

#include <array>
#include <initializer_list>
#include <string_view>

#include "firmware/crypto/secret.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

// OpenSSL's method of that name, fetched once for the process: to fetch one takes longer than to hash a block
// with it. Precondition: OpenSSL's default provider has the algorithm.
const EVP_MD* digest_method(std::string_view name);

// Digest of the parts one after the other; `name` as OpenSSL spells it ("SHA256", "SHA1", …).
// Precondition: OpenSSL's default provider has the algorithm.
Bytes digest(std::string_view name, std::initializer_list<ByteView> parts);
inline Bytes sha256(ByteView data) { return digest("SHA256", {data}); }

// MDC-2 with DES (ISO/IEC 10118-2), start values 52… and 25…, no padding: the ISO hash of an MBK
// (device-formats.md, section 3). The chaining stands here because Debian builds OpenSSL without MDC-2;
// DES is OpenSSL's. Error: E_HASH_LEN when data is no whole number of 8-byte blocks.
Result<std::array<std::uint8_t, 16>> mdc2(ByteView data);

Bytes hmac_sha256(ByteView key, std::initializer_list<ByteView> parts);

// AES-CMAC (SP 800-38B) with a 16- or 32-byte key; 16 bytes.
std::array<std::uint8_t, 16> aes_cmac(ByteView key, std::initializer_list<ByteView> parts);

}  // namespace cs2sim
