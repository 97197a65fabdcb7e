// Making, copying and changing keys, wherever a KEYSPEC keeps them: in a file or on a card.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host-lib/files/key_spec.h"

namespace cs2sim::host {

// GenKey=FILE[#pwd][,size|curve],OWNER with KeyType=RSA|EC. `size_or_curve` empty: 2048 bits, or
// brainpoolP320t1. The key goes to a file, or for RSA to the card in the reader of a ":cs2:…" spec. Errors:
// E_CSA_KEY_LENGTH (size out of 1024…8192 or no number), E_ECA_NOT_FOUND (curve), E_CSA_KEY_WRITE, E_PP_*,
// E_SC_*.
enum class KeyFileKind : std::uint8_t { rsa, ec };
struct GeneratedKey {
    KeyFileKind kind = KeyFileKind::rsa;
    unsigned bits = 0;
    std::string curve;  // for EC, as it stands in the file
};
Result<GeneratedKey> generate_key(KeyFileKind kind, std::string_view key_spec, std::string_view size_or_curve,
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
