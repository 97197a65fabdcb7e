// Key files on the host: reading and writing them (device-formats.md, section 3).
//
// Read: the vendor's "# ECC key" and "# RSA key" files with and without password, public-only ones (no PRV,
// no SEXP; MOD and PEXP alone are enough), and PEM (PKCS#8, PKCS#1, SEC1, SubjectPublicKeyInfo; encrypted PEM
// with a password). Written: the vendor's format. Keywords are read in either case, line ends may be CRLF.
// Files over 64 KiB are refused.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "firmware/crypto/pkey.h"
#include "host-lib/files/key_spec.h"

namespace cs2sim::host {

struct KeyFile {
    Handle<EVP_PKEY> key;
    bool has_private = false;
    std::string owner;  // empty when the file names none
};

// What of a key is needed. The public part of a protected file stands in clear, so nobody needs a password
// for it; encrypted PEM has none, and a file that names no public part needs the private one.
enum class KeyPart : std::uint8_t { whole, public_only };

// Does the text hold a secret that needs a password? (Only looks; a malformed file is answered with false.)
bool key_text_is_protected(ByteView text, KeyPart part = KeyPart::whole);

// Errors: E_CSA_KEY_FORMAT; E_CSA_KEY_PASSWORD when a password is needed and missing or wrong (a wrong one
// shows in the padding, or in a private key that does not fit the public one). A password for a file in clear
// is ignored.
Result<KeyFile> parse_key_text(ByteView text, const std::optional<SecretBytes>& password,
                               KeyPart part = KeyPart::whole);

// Reads the file of a KEYSPEC, asking for a password where one is needed. Errors: E_CSA_KEY_OPEN, those of
// parse_key_text, E_CSA_KEY_TYPE when the spec names a card.
Result<KeyFile> read_key_file(const KeySpec& spec, const Terminal& terminal = {},
                              KeyPart part = KeyPart::whole);

// The text of a key file; protected when there is a password. Precondition: the key is RSA or EC.
// `with_private` false leaves the secrets out. Errors: E_CSA_KEY_TYPE for a private part that the key lacks,
// E_CSA_PARAM for an owner of more than one line.
Result<SecretBytes> format_key_text(const EVP_PKEY& key, std::string_view owner,
                                    const std::optional<SecretBytes>& password, bool with_private = true);

// Writes the file (mode 0600; by temporary file and rename, so that no partial one is left).
// Errors: E_CSA_KEY_WRITE, those of format_key_text.
Result<void> write_key_file(const std::filesystem::path& path, const EVP_PKEY& key, std::string_view owner,
                            const std::optional<SecretBytes>& password, bool with_private = true);

}  // namespace cs2sim::host
