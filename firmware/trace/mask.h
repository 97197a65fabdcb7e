// Secrets in traced blocks: the fields that the layouts mark ("name!:type"), the properties of keys whose row
// says so (PROP_SECRET, PROP_MASKED), and names that no user has: they may be passwords, typed into the wrong
// place.
#pragma once

#include <cstddef>
#include <cstdint>

#include "firmware/protocol/bytes.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {

// Overwrite the secrets of the block that begins at `offset` of `bytes` by '*'. A block that does not fit its
// layout, though that has secrets, is overwritten whole, and so is one of a function that nobody knows
// (null). `code`: what the request was answered with.
void mask_request(const FunctionSignature* function, std::uint32_t code, Bytes& bytes, std::size_t offset);
void mask_answer(const FunctionSignature* function, Bytes& bytes, std::size_t offset);

}  // namespace cs2sim
