// Key files on the host: reading, writing, making and copying them (device-formats.md, section 3).
//
// Read: the vendor's "# ECC key" and "# RSA key" files with and without password, public-only ones (no PRV,
// no SEXP), and PEM (PKCS#8, PKCS#1, SEC1, SubjectPublicKeyInfo; encrypted PEM with a password). Written: the
// vendor's format. Keywords are read in either case, line ends may be CRLF. Files over 64 KiB are refused.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "firmware/crypto/pkey.h"
#include "host-lib/key_source.h"

namespace cs2sim::host {

struct KeyFile {
    Handle<EVP_PKEY> key;
    bool has_private = false;
    std::string owner;  // empty when the file names none
};

// Does the text hold a secret that needs a password? (Only looks; a malformed file is answered with false.)
bool key_text_is_protected(ByteView text);

// Errors: E_CSA_KEY_FORMAT; E_CSA_KEY_PASSWORD when a password is needed and missing or wrong (a wrong one
// shows in the padding, or in a private key that does not fit the public one). A password for a file in clear
// is ignored.
Result<KeyFile> parse_key_text(ByteView text, const std::optional<SecretBytes>& password);

// Reads the file of a KEYSPEC, asking for a password where one is needed. Errors: E_CSA_KEY_FILE, those of
// parse_key_text, E_CSA_KEY_TYPE when the spec names a card.
Result<KeyFile> read_key_file(const KeySpec& spec, const Terminal& terminal = {});

// The text of a key file; protected when there is a password. Precondition: the key is RSA or EC.
// `with_private` false leaves the secrets out. Errors: E_CSA_KEY_TYPE for a private part that the key lacks,
// E_CSA_PARAM for an owner of more than one line.
Result<SecretBytes> format_key_text(const EVP_PKEY& key, std::string_view owner,
                                    const std::optional<SecretBytes>& password, bool with_private = true);

// Writes the file (mode 0600; by temporary file and rename, so that no partial one is left).
// Errors: E_CSA_KEY_WRITE, those of format_key_text.
Result<void> write_key_file(const std::filesystem::path& path, const EVP_PKEY& key, std::string_view owner,
                            const std::optional<SecretBytes>& password, bool with_private = true);

// GenKey=FILE[#pwd][,size|curve],OWNER with KeyType=RSA|EC. `size_or_curve` empty: 2048 bits, or
// brainpoolP320t1. The key goes to a file, or for RSA to the card in the reader of a ":cs2:…" spec. Errors:
// E_CSA_PARAM (size out of 1024…8192 or no number), E_ECA_NOT_FOUND (curve), E_CSA_KEY_WRITE, E_PP_*, E_SC_*.
enum class KeyKind : std::uint8_t { rsa, ec };
struct GeneratedKey {
    KeyKind kind = KeyKind::rsa;
    unsigned bits = 0;
    std::string curve;  // for EC, as it stands in the file
};
Result<GeneratedKey> generate_key(KeyKind kind, std::string_view key_spec, std::string_view size_or_curve,
                                  std::string_view owner, const Terminal& terminal = {});

// BackupKey: copies a whole key from one KEYSPEC to another: other password, or from file to card (SaveKey);
// keys do not come back out of a card (E_SC_DENIED). SavePublicKey: only its public part, to a file. Errors:
// those of reading and writing.
Result<void> copy_key(std::string_view from_spec, std::string_view to_spec, const Terminal& terminal = {});
Result<void> save_public_key(std::string_view from_spec, std::string_view to_path,
                             const Terminal& terminal = {});

// Rewrites the file under another password (empty: in clear), or changes the PIN of a card.
// Errors: those of reading and writing; of a card E_SC_INVALID_PIN, E_SC_BAD_PIN_LEN, …
Result<void> change_key_password(std::string_view key_spec, ByteView new_password,
                                 const Terminal& terminal = {});

}  // namespace cs2sim::host
