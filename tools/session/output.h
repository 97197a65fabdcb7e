// What several groups of commands print alike.
#pragma once

#include <string>

#include "tools/session/session.h"

namespace cs2sim::tools {

// Prints text of the device, with a line end if it has none.
void print_text(std::string_view text);

// A name that stands in a field of fixed size, without its filling of zeros or blanks.
std::string unfilled(ByteView field);

// "3.6.4.2" for 03060402.
std::string version_text(std::uint32_t version);

// Runs a function without arguments whose answer is "text:*", and prints that.
Result<void> show_text(Session& session, std::uint16_t fc, std::uint8_t sfc);

}  // namespace cs2sim::tools
