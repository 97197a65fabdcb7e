// Where a key, a share or a password comes from, as operators write it, and who answers questions about it.
//
// KEYSPEC (device-formats.md, section 2), as LogonSign=, AddUser= and Key= take it:
//   file.key             key file; when it is protected and no password stands here, `ask` is asked
//   file.key#password    protected key file
//   file.key#ask         protected key file, the password is always asked for
//   :cs2:cjo:USB0        smartcard in a reader (card type, reader, port); ":cs2:cjo:USB0#123456" with its PIN
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "firmware/crypto/secret.h"
#include "firmware/protocol/error.h"

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

}  // namespace cs2sim::host
