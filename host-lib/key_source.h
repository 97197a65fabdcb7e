// What a user logs on with: a key file, a smartcard, or a password.
//
// KEYSPEC (device-formats.md, section 2), as LogonSign=, AddUser= and Key= take it:
//   file.key             key file; when it is protected and no password stands here, `ask` is asked
//   file.key#password    protected key file
//   file.key#ask         protected key file, the password is always asked for
//   :cs2:cjo:USB0        smartcard in a reader (card type, reader, port); ":cs2:cjo:USB0#123456" with its PIN
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "firmware/crypto/pkey.h"
#include "firmware/crypto/secret.h"
#include "firmware/wire/error.h"

namespace cs2sim::host {

// How host-lib speaks to whoever sits at the terminal. Both may be empty: then nobody is there.
struct Terminal {
    // Reads a secret without echo; `prompt` has no line end. Error off a terminal: E_CSA_KEY_PASSWORD.
    std::function<Result<SecretBytes>(const std::string& prompt)> ask_secret;
    // Shows `message` and waits until the operator has done it (changed the card). False: nobody is there, or
    // the operator gave up.
    std::function<bool(const std::string& message)> confirm;
};

// terminal.ask_secret, or E_CSA_KEY_PASSWORD where there is none.
Result<SecretBytes> ask_secret(const Terminal& terminal, const std::string& prompt);

// A KEYSPEC or share specifier taken apart. Copies hold secrets: short-lived.
struct KeySpec {
    std::string place;                    // path of a file, or the whole ":cs2:…" without the password
    std::optional<SecretBytes> password;  // what stands behind the first '#'
    bool ask = false;                     // "#ask"
    bool card = false;                    // place begins with ':'
};

// Surrounding blanks are ignored (guide G5). The first '#' begins the password, which may hold further '#'.
// Error: E_CSA_PARAM when the place is empty.
Result<KeySpec> parse_key_spec(std::string_view text);

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
// Errors: E_CSA_PARAM; E_CSA_KEY_FILE, _KEY_FORMAT, _KEY_PASSWORD (key_file.h); E_PP_BAD_TYPE.
Result<std::unique_ptr<KeySource>> open_key_source(std::string_view key_spec, const Terminal& terminal = {});

// The same with a specifier taken apart, whose password is literal.
Result<std::unique_ptr<KeySource>> open_key_source(const KeySpec& spec, const Terminal& terminal = {});

// A password as LogonPass=user,PASSWORD gives it; "ask" asks for it with `prompt`.
// Errors: those of terminal.ask_secret.
Result<std::unique_ptr<KeySource>> open_password(std::string_view password, const Terminal& terminal = {},
                                                 const std::string& prompt = "Password: ");

// A password taken literally, also when it is "ask".
std::unique_ptr<KeySource> password_source(ByteView password);

}  // namespace cs2sim::host
