// What a user logs on with: a key file, a smartcard, or a password.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "firmware/crypto/secret.h"
#include "firmware/protocol/error.h"
#include "host-lib/files/key_file.h"
#include "host-lib/files/key_spec.h"

namespace cs2sim::host {

class KeySource {
public:
    virtual ~KeySource() = default;

    // Its logon mechanism (CMDS_MECH_*: 0 RSA signature, 3 RSA smartcard, 5 ECDSA); none for a password,
    // where the device is asked which of 1, 2 and 4 the user has.
    virtual std::optional<std::uint8_t> mechanism() const = 0;

    // Signature over SHA-256 of `message`. Called at most once a logon. Errors: E_CSA_KEY_TYPE for a password
    // or a public key; of a card E_PP_* and E_SC_* (card.h). `user` is who logs on: a card of another owner
    // is refused.
    virtual Result<Bytes> sign(std::string_view user, ByteView message) = 0;

    // The password; E_CSA_KEY_TYPE for keys.
    virtual Result<SecretBytes> password() = 0;

    // What AddUser= and ChangeUser= send as token: the public key as SubjectPublicKeyInfo in DER, or the
    // password.
    virtual Result<SecretBytes> token() = 0;
};

// Opens a KEYSPEC. Key files are read at once; a card is only touched when it is used.
// Errors: E_CSA_PARAM; E_CSA_KEY_OPEN, _KEY_FORMAT, _KEY_PASSWORD (key_file.h); E_PP_BAD_TYPE.
// With KeyPart::public_only a key file gives its token() without a password, and signs nothing.
Result<std::unique_ptr<KeySource>> open_key_source(std::string_view key_spec, const Terminal& terminal = {},
                                                   KeyPart part = KeyPart::whole);

// The same with a specifier taken apart, whose password is literal.
Result<std::unique_ptr<KeySource>> open_key_source(const KeySpec& spec, const Terminal& terminal = {},
                                                   KeyPart part = KeyPart::whole);

// A password as LogonPass=user,PASSWORD gives it; "ask" asks for it with `prompt`.
// Errors: those of terminal.ask_secret.
Result<std::unique_ptr<KeySource>> open_password(std::string_view password, const Terminal& terminal = {},
                                                 const std::string& prompt = "Password: ");

// A password taken literally, also when it is "ask".
std::unique_ptr<KeySource> password_source(ByteView password);

}  // namespace cs2sim::host
