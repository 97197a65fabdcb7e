// The modules of the device, in one list: what a device publishes, and what is known of it without one.
#pragma once

#include <vector>

#include "firmware/cmds/function.h"

namespace cs2sim {

// A module may come in several parts (SIM does).
std::vector<Module> all_modules();

}  // namespace cs2sim
