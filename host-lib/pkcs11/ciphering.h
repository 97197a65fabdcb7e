// Encryption and decryption: in one command, or in a chain of commands for data that comes in pieces.
#pragma once

#include "host-lib/pkcs11/key_use.h"

namespace cs2sim::p11 {

enum class Direction : std::uint8_t { encrypt, decrypt };

// How long the output is when the whole data is `length` bytes; `exact` tells whether it is that or at most
// that.
struct OutputSize {
    std::size_t most;
    bool exact;
};
OutputSize whole_size(const Operation& operation, Direction direction, std::size_t length);
// Of an update with `length` bytes, and of the end.
OutputSize update_size(const Operation& operation, Direction direction, std::size_t length);
OutputSize final_size(const Operation& operation, Direction direction);

Result<SecretBytes> cipher_whole(Session& session, Operation& operation, Direction direction, ByteView data);
Result<SecretBytes> cipher_update(Session& session, Operation& operation, Direction direction, ByteView data);
Result<SecretBytes> cipher_final(Session& session, Operation& operation, Direction direction);

}  // namespace cs2sim::p11
