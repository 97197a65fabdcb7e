// The simulator's process: boots the device, opens its ways in, serves until told to stop.
#pragma once

#include "tools/instance/start_options.h"

namespace cs2sim {

// Starts the simulator and returns when it answers (or, in the foreground, when it has ended). Prints what
// it made, or on stderr what went wrong. Returns the exit status: 2 for words with which no start can work,
// else 1. A start that fails leaves nothing of a new device behind.
int start(const StartOptions& options);

}  // namespace cs2sim
