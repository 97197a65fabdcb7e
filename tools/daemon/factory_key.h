// The factory user's key: a key file beside the state, whose public half the new device gets.
#pragma once

#include <filesystem>

#include "firmware/protocol/bytes.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

// Makes `file` (RSA, 2048 bits, OWNER=ADMIN, mode 0600), or reads it when it is there already; returns its
// public half (DER). `given`, when not empty, is a key file to be taken instead of a new key: to make one
// takes longer than all the rest of a start. Errors: those of host-lib's key files.
Result<Bytes> factory_key(const std::filesystem::path& file, const std::filesystem::path& given);

}  // namespace cs2sim
