// Commands as a table, and the loop that runs a command line against it (device-formats.md, section 2).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tools/session/session.h"
#include "tools/session/value_words.h"

namespace cs2sim::tools {

// Errors: whatever shall be printed; a handler prints results to stdout and no errors of its own.
using Handler = Result<void> (*)(ToolSession& session, const std::string& value);

enum class Takes : std::uint8_t { nothing, maybe, value };  // what may stand behind '='

struct Command {
    std::string_view name;
    std::string_view synonyms;  // apart by blanks
    Takes takes;
    std::string_view syntax;   // "LogonSign=<user>,<key>"; its forms: value_words.h
    std::string_view summary;  // one line
    std::string_view details;  // for Help=<command>; lines ended by '\n', or empty
    Handler handler;           // null: a parameter, whose value ToolSession keeps
    ValueWords words[2]{};     // tables that the syntax names
};

// By its name or a synonym, in any case?
bool is_called(const Command& command, std::string_view name);

// Dev=, Timeout=, ChallengeLength=: for the table of every tool.
extern const std::span<const Command> kCommonParameters;

// A number from `least` to `most`, as the word `name` takes it. Error: E_CSA_SYNTAX, with a line that says
// so.
Result<std::uint32_t> number_in(const ToolSession& session, std::string_view name, std::string_view value,
                                std::uint32_t least = 0, std::uint32_t most = UINT32_MAX);

// For handlers of parameters that are numbers, so that a wrong one is told of the word where it stands and
// not of the command that wants it. Error: E_CSA_SYNTAX.
Result<void> keep_number(ToolSession& session, std::string_view name, std::string_view value,
                         std::uint32_t least = 0, std::uint32_t most = UINT32_MAX);

// LogonSign, LogonPass, Logoff, ShowAuthState (logon.cpp): for the table of every tool.
extern const std::span<const Command> kLogonCommands;

// A tool's commands in groups, as Help shows them.
struct CommandGroup {
    std::string_view title;
    std::span<const Command> commands;
};

// Runs the arguments left to right in one session. The first error stops the rest, ends the session and is
// printed to stderr in three lines: E_CSA_COMMAND for an unknown name, E_CSA_ARGUMENTS for a value that is
// missing or has no place, E_CSA_LENGTH for an argument over 64 KiB, or the handler's own. Help and
// Help=<command> are built in, and so is what the installation asks for alone:
// `--man-page` prints the page of the manual, `--complete WORD` how WORD could go on (introduction.h). A word
// that ends in a comma takes the next one. Secrets in `argv` are overwritten once they are read
// (secret_words.h). Returns the exit status: 0 done, 1 refused by the device or by a
// file, 2 called wrongly, 3 no device.
int run_command_line(const std::string& program, std::span<const CommandGroup> groups, int argc, char** argv);

}  // namespace cs2sim::tools
