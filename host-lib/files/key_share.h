// MBK share files (device-formats.md, section 3): "# Key Share", INFO=<hex, 32 bytes>, KEY=[!]<hex>.
// KEY protected: AES-256-CBC under SHA-256 of the password, zero IV, no padding. There is no check value in
// the file: a wrong password gives another share, which the device refuses (E_MBK_ISO_HASH_FAIL).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "firmware/crypto/secret.h"
#include "firmware/protocol/error.h"
#include "host-lib/files/key_spec.h"

namespace cs2sim::host {

// As in LAYOUT_MBK_SHARE: append compose(LAYOUT_MBK_SHARE, {share.info, share.share}) for MBK.IMPORT.
struct KeyShare {
    std::array<std::uint8_t, 32> info{};
    SecretBytes share;  // 32 bytes
};

// INFO taken apart (LAYOUT_SHARE_INFO).
struct ShareInfo {
    std::string name;                    // without filling
    std::uint8_t type = 0;               // 06 = an AES key share
    std::array<std::uint8_t, 6> time{};  // BCD ddmmyyhhmmss (of earlier versions: yymmddhhmmss)
    std::uint8_t key_length = 0;
    std::array<std::uint8_t, 8> hash{};  // first half of the MBK's ISO hash
    std::uint8_t k = 0;                  // shares needed
    std::uint8_t x = 0;                  // index of this share
};
ShareInfo share_info(const KeyShare& share);

// Errors: E_CSA_SHARE_FORMAT; E_CSA_SHARE_PASSWORD when the share is protected and there is no password.
Result<KeyShare> parse_share_text(ByteView text, const std::optional<SecretBytes>& password);
SecretBytes format_share_text(const KeyShare& share, const std::optional<SecretBytes>& password);

// Share files of a specifier that names a file; who sits at the terminal is asked for a password where one is
// needed. Errors: E_CSA_SHARE_OPEN, E_CSA_KEY_WRITE, those of parse_share_text and of ask_secret.
Result<KeyShare> read_share_file(const KeySpec& spec, const Terminal& terminal);
Result<void> write_share_file(const KeySpec& spec, const KeyShare& share, const Terminal& terminal);

}  // namespace cs2sim::host
