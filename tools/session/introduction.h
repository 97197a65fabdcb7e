// What a tool's table of commands says about the tool: the page of its manual, and how words go on.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/session/command.h"

namespace cs2sim::tools {

// The whole page, roff for man(1).
std::string manual_of(const std::string& program, std::span<const CommandGroup> groups);

// The words that begin with `typed`, in any case: names of commands and parameters, with '=' where a value
// follows, and behind the '=' the values that the command's syntax lists ("SetTime=GMT|LOCAL|..."). Empty
// behind an '=' means that only the user knows: a file, a name, a number.
std::vector<std::string> completions_of(std::span<const CommandGroup> groups, std::string_view typed);

}  // namespace cs2sim::tools
