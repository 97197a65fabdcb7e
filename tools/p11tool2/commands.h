// The commands of p11tool2 as tables, a group a file.
#pragma once

#include <span>

#include "tools/session/arguments.h"
#include "tools/session/command.h"
#include "tools/token/shell.h"

namespace cs2sim::tools::p11 {

using Handler = Result<void> (*)(Shell& shell, const std::string& value);

struct TokenCommand {
    std::string_view name;
    std::string_view syntax;
    std::string_view summary;  // one line
    bool ours;                 // not known of the vendor's tool; Help marks it
    Takes takes;
    Handler handler;
    std::string_view details{};  // for Help=<command>; lines ended by '\n', or empty
    ValueWords words[2]{};       // tables that the syntax names
};

extern const std::span<const TokenCommand> kParameterCommands;  // parameter_commands.cpp
extern const std::span<const TokenCommand> kTokenCommands;      // token_commands.cpp
extern const std::span<const TokenCommand> kShowCommands;       // show_commands.cpp
extern const std::span<const TokenCommand> kKeyCommands;        // key_commands.cpp
extern const std::span<const TokenCommand> kObjectCommands;     // object_commands.cpp
extern const std::span<const TokenCommand> kVendorCommands;     // vendor_commands.cpp
extern const std::span<const TokenCommand> kTestCommands;       // test_command.cpp

}  // namespace cs2sim::tools::p11
