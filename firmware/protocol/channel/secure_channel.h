// Secure messaging and logon, the cryptography that device and host share. All encodings here are OUR
// ASSUMPTION (no public source gives them); modes and mechanisms bear the numbers of firmware-facts.md,
// section 3. Who may do what, sessions and expiry are in firmware/cmds.
//
// Agreement: both sides make an ephemeral key and exchange public values. The shared secret gives, by
// SP 800-108, one cipher key and one MAC key for each direction, the binding that logons sign, and a key
// for modules.
// Every message carries the session's 16-byte sequence counter; a request and its answer share a value.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "firmware/crypto/openssl.h"
#include "firmware/crypto/secret.h"
#include "firmware/protocol/error.h"
#include "firmware/protocol/mechanisms.h"

namespace cs2sim {

using SequenceCounter = std::array<std::uint8_t, 16>;  // big-endian; wraps at 2^128

// One side's ephemeral key.
class KeyAgreement {
public:
    static Result<KeyAgreement> start(std::uint8_t mode);  // E_CMDS_BAD_MODE
    Bytes public_value() const;                            // what the peer gets
    // Error: E_CMDS_SM_DH_BAD_PARAM when the peer's value is not a fair public key.
    Result<SecretBytes> agree(ByteView peer_public_value) const;

private:
    Handle<EVP_PKEY> key_;
};

// What both sides know of an agreement; the keys are bound to all of it.
struct SessionTranscript {
    std::uint32_t session = 0;
    std::uint8_t mode = SM_MODE_ECDH;
    std::uint8_t mechanism = SM_MECH_AES_CMAC;
    SequenceCounter sequence{};  // the first request carries sequence + 1
    Bytes host_public;
    Bytes device_public;

    Bytes encode() const;  // what the device signs with mutual authentication
};

class SecureChannel {
public:
    enum class Side : std::uint8_t { host, device };

    // Precondition: transcript.mechanism is one of SessionMechanism.
    SecureChannel(Side side, const SessionTranscript& transcript, ByteView shared_secret);
    ~SecureChannel();
    SecureChannel(SecureChannel&&) noexcept;
    SecureChannel& operator=(SecureChannel&&) noexcept;

    // Not thread-safe: the caller's session has a lock, or one thread.
    // Seals the bytes of `message` from `from` on, where they stand; at most kOverhead bytes are added.
    // Room for them (reserve) is the caller's: else a copy in clear may be left behind in memory.
    void seal(const SequenceCounter& sequence, Bytes& message, std::size_t from = 0);
    // Writes what was sealed into `plain`, and answers how many bytes that is. Precondition: `plain` is as
    // long as `sealed`. E_CMDS_SM_FAILED when anything was changed or another sequence value was used;
    // `plain` is then cleansed.
    Result<std::size_t> open(const SequenceCounter& sequence, ByteView sealed, std::span<std::uint8_t> plain);

    const Bytes& binding() const { return binding_; }  // 32 bytes, for logon_message()
    std::uint8_t mechanism() const { return mechanism_; }
    // 32 bytes that both sides have: what is the session's key for a module that asks. No message is sealed
    // with it, so that who has it reads none.
    const SecretBytes& exported_key() const { return exported_key_; }

    // Most bytes that sealing adds to a message.
    static constexpr std::size_t kOverhead = 32;

private:
    struct Direction;
    std::uint8_t mechanism_;
    std::unique_ptr<Direction> sending_;
    std::unique_ptr<Direction> receiving_;
    Bytes binding_;
    SecretBytes exported_key_;
};

// --- logon ---

// The bytes that a user signs or authenticates: fixed text, challenge, binding, user name.
Bytes logon_message(ByteView challenge, ByteView binding, std::string_view user);

// The token that AddUser and ChangeUser send for a password: SHA-1 of it for CMDS_MECH_SHA1_PWD (2), else
// the password itself.
SecretBytes password_token(std::uint8_t mechanism, ByteView password);

// What a user with a password token answers to `message`: mechanism 1 the token, 2 SHA-1(token | message),
// 4 HMAC-SHA-256(token, message). Precondition: mechanism is one of these.
SecretBytes password_response(std::uint8_t mechanism, ByteView token, ByteView message);

}  // namespace cs2sim
