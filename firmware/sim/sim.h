// The simulator's own control module, FC 3F0: faults, batteries, alarms, clock, modes. Reachable only by a
// caller whose context says so (Context::control), that is through the control socket of the state folder.
#pragma once

#include "firmware/cmds/function.h"

namespace cs2sim {

// Precondition: Services::faults points to a FaultEngine.
Module sim_module();

}  // namespace cs2sim
