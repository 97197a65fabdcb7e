// CXI_GROUP in a user's attributes (guide G15): the groups that a user counts for, as patterns or, where the
// profile says so (group_expressions), as expressions.
#pragma once

#include <string_view>
#include <vector>

namespace cs2sim {

// The patterns of all CXI_GROUP in "CXI_GROUP=A,B*,X=1": apart by ',' or ';', or the attribute given several
// times. Empty when there is none; they point into `attributes`.
std::vector<std::string_view> group_patterns(std::string_view attributes);

// POSIX extended regular expressions, of a kind whose search always ends soon: at most 128 bytes, without
// intervals ({n,m}), back references, repetitions in a row, '*' and '+' of what may be empty ("(a*)*"), and
// parentheses more than four deep; and not so large that '+', which copies what it repeats, makes more than
// 256 places of it. Compiling one and matching it then take glibc a millisecond or so.
bool is_expression(std::string_view text);

// Whether the expression matches the text as a whole. False for what is none. Any thread.
bool matches_expression(std::string_view expression, std::string_view text);

}  // namespace cs2sim
