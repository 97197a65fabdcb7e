// What goes through a simulator: shown live, kept in captures and recordings, sent again.
#pragma once

#include "tools/control/command_line.h"

namespace cs2sim {

// `cs2sim trace` and `cs2sim replay`.
void add_trace_command(CLI::App& app, CommandLine& line);
void add_replay_command(CLI::App& app, CommandLine& line);

}  // namespace cs2sim
