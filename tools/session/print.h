// The one way of csadm, cxitool and p11tool2 to stdout, but for the files that a command writes.
#pragma once

#include <string_view>

namespace cs2sim::tools {

// As printf(). Devices and those who chose names in them are not trusted: what could steer a terminal comes
// out as '?' (terminal_lines()), at a terminal and into a pipe alike, so that both read the same. What must
// stay within its line goes through terminal_text() before.
[[gnu::format(printf, 1, 2)]] void print(const char* format, ...);

// Text of the device, as far as it has come.
void print_part(std::string_view text);

// The same, with a line end if it has none.
void print_text(std::string_view text);

}  // namespace cs2sim::tools
