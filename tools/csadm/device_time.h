// Clocks of a device and of an appliance.
#pragma once

#include "tools/session/session.h"

namespace cs2sim::tools {

// Prints what a function without arguments answers as "milliseconds:u8".
Result<void> show_time(ToolSession& session, std::uint8_t sfc);

// Sends GMT, LOCAL or YYYYMMDDhhmmss to a function that takes "milliseconds:u8". Error: E_CSA_SYNTAX.
Result<void> send_time(ToolSession& session, std::uint8_t sfc, const std::string& value);

}  // namespace cs2sim::tools
