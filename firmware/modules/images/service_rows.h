// The services that a module's process asks for, as rows that tools print like functions.
#pragma once

#include "firmware/protocol/functions.h"

namespace cs2sim {

// By its number; null when there is none. Its module is "service".
const FunctionSignature* find_service(std::uint8_t number);

}  // namespace cs2sim
