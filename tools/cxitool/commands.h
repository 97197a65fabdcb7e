// cxitool's commands, a group a file.
#pragma once

#include <span>

#include "tools/session/command.h"

namespace cs2sim::tools {

extern const std::span<const Command> kKeyParameters;     // selection.cpp
extern const std::span<const Command> kKeyCommands;       // keys.cpp
extern const std::span<const Command> kBackupCommands;    // backup.cpp
extern const std::span<const Command> kKeyStoreCommands;  // key_store.cpp
extern const std::span<const Command> kWorkCommands;      // work.cpp

}  // namespace cs2sim::tools
