// Secrets in traced blocks: the fields that the catalogue marks ("name!:type"), and secret properties of
// keys.
#pragma once

#include <cstddef>
#include <cstdint>

#include "firmware/protocol/bytes.h"

namespace cs2sim {

enum class Side : std::uint8_t { request, answer };

// Overwrites the secrets of the block that begins at `offset` of `bytes` by '*'. A block that does not fit
// its layout, though that has secrets, is overwritten whole.
void mask_secrets(std::uint16_t fc, std::uint8_t sfc, Side side, Bytes& bytes, std::size_t offset);

}  // namespace cs2sim
