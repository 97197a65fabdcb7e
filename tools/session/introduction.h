// What a tool's table of commands says about the tool: the page of its manual, and how words go on.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/session/command.h"

namespace cs2sim::tools {

// What differs from tool to tool beside the commands.
struct ToolText {
    std::string program;
    std::string_view device_named_by;   // "the parameter Dev= or the environment variable CRYPTOSERVER"
    std::string_view variable;          // of the environment
    std::string_view variable_meaning;  // one line
};

// The text of a tool that goes to the device itself: csadm, cxitool.
ToolText device_tool(const std::string& program);

// The whole page, roff for man(1).
std::string manual_of(const ToolText& tool, std::span<const CommandGroup> groups);

// The words that begin with `typed`, in any case: names of commands and parameters, with '=' where a value
// follows, and behind the '=' the values that the command's syntax lists ("SetTime=GMT|LOCAL|..."), with
// kFilesToo among them where a file may stand as well. Empty behind an '=' means that only the user knows: a
// file, a name, a number.
std::vector<std::string> completions_of(std::span<const CommandGroup> groups, std::string_view typed);

// What the installation asks for, and nobody types: `--man-page` prints the page of the manual, `--complete
// WORD` how WORD could go on, a line each. The exit status; nothing when argv is something else.
std::optional<int> introduce(const ToolText& tool, std::span<const CommandGroup> groups, int argc,
                             const char* const* argv);

}  // namespace cs2sim::tools
