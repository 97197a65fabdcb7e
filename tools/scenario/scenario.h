// Scenarios: known troubles, brought about on a device of their own, against a command of the user's.
#pragma once

#include "tools/control/command_line.h"

namespace cs2sim {

// `cs2sim scenario`.
void add_scenario_commands(CLI::App& app, CommandLine& line);

}  // namespace cs2sim
