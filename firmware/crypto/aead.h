// Authenticated encryption with AES-256-GCM, for records at rest, backup seals and secure messaging.
#pragma once

#include "firmware/crypto/openssl.h"
#include "firmware/crypto/secret.h"
#include "firmware/wire/error.h"

namespace cs2sim {

// Sealed bytes are: nonce 12 | ciphertext | tag 16. One object keeps its key schedule, so that sealing many
// small records costs little more than the cipher. Not thread-safe: one object a thread, or a lock.
class Aead {
public:
    static constexpr std::size_t kOverhead = 12 + 16;

    explicit Aead(ByteView key);  // 32 bytes

    // Seals with a fresh random nonce; `associated` is authenticated but not contained.
    Bytes seal(ByteView plain, std::initializer_list<ByteView> associated);

    // Error: E_AES_TAG_VERIFICATION when anything was changed, or `sealed` is under kOverhead bytes.
    Result<SecretBytes> open(ByteView sealed, std::initializer_list<ByteView> associated);

private:
    Handle<EVP_CIPHER_CTX> encrypt_;
    Handle<EVP_CIPHER_CTX> decrypt_;
};

}  // namespace cs2sim
