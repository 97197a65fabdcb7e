// Text that others chose, on its way to a terminal.
#pragma once

#include <string>
#include <string_view>

namespace cs2sim {

// The same text with '?' for each byte that could steer a terminal or make a line read as another one:
// controls (C0, DEL, C1, these in UTF-8 too), and in UTF-8 marks that turn the direction of writing, part
// lines or take no place. Other bytes stay, also where they are no UTF-8.
std::string terminal_text(std::string_view text);

// The same of several lines: ends of lines ('\n', "\r\n") and tabs stay.
std::string terminal_lines(std::string_view text);

// Whether terminal_text() changes nothing.
bool is_terminal_text(std::string_view text);

}  // namespace cs2sim
