// csadm's commands, a group a file.
#pragma once

#include <span>

#include "tools/session/command.h"

namespace cs2sim::tools {

extern const std::span<const Command> kUserCommands;    // users.cpp
extern const std::span<const Command> kKeyCommands;     // keys.cpp
extern const std::span<const Command> kMbkCommands;     // mbk.cpp
extern const std::span<const Command> kBackupCommands;  // backup.cpp
extern const std::span<const Command> kStateCommands;   // state.cpp
extern const std::span<const Command> kLogCommands;     // logs.cpp
extern const std::span<const Command> kFileCommands;    // files.cpp
extern const std::span<const Command> kModeCommands;    // modes.cpp
extern const std::span<const Command> kApplianceCommands;  // appliance.cpp

}  // namespace cs2sim::tools
