// Authenticated encryption with AES-256-GCM, for records at rest, backup seals and secure messaging.
#pragma once

#include <array>

#include "firmware/crypto/openssl.h"
#include "firmware/crypto/secret.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

// Sealed bytes are: nonce 12 | ciphertext | tag 16. One object keeps its key schedule, so that sealing many
// small records costs little more than the cipher. Not thread-safe: one object a thread, or a lock.
class Aead {
public:
    static constexpr std::size_t kOverhead = 12 + 16;

    explicit Aead(ByteView key);  // 32 bytes; a copy, whose schedules are made when they are needed

    // Seals with a nonce of its own: random for the object's first, the one before plus one for each further
    // (NIST SP 800-38D, 8.2.2). `associated` is authenticated but not contained.
    Bytes seal(ByteView plain, std::initializer_list<ByteView> associated);

    // Error: E_AES_TAG_VERIFICATION when anything was changed, or `sealed` is under kOverhead bytes.
    Result<SecretBytes> open(ByteView sealed, std::initializer_list<ByteView> associated);

private:
    void begin(EVP_CIPHER_CTX* context, ByteView nonce, std::initializer_list<ByteView> associated);
    EVP_CIPHER_CTX* keyed(Handle<EVP_CIPHER_CTX>& context, bool encrypt) const;

    SecretBytes key_;
    std::array<std::uint8_t, 12> nonce_{};  // of the last seal; random before the first
    bool sealed_ = false;
    Bytes associated_;  // keeps its room
    Handle<EVP_CIPHER_CTX> encrypt_;
    Handle<EVP_CIPHER_CTX> decrypt_;
};

}  // namespace cs2sim
