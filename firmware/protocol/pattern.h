// Patterns with `*` and `?`, as CXI_GROUP of a user and names in tools have them (guide G15).
#pragma once

#include <string_view>

namespace cs2sim {

// Matches `*` (any run) and `?` (any one character), case-sensitive; time grows with the product of the
// lengths at worst.
bool matches_pattern(std::string_view pattern, std::string_view text);
inline bool is_pattern(std::string_view text) { return text.find_first_of("*?") != std::string_view::npos; }

}  // namespace cs2sim
