// The simulator's own control module, FC 3F0: faults, batteries, alarms, clock, modes. Reachable only by a
// caller whose context says so (Context::control), that is through the control socket of the state folder.
#pragma once

#include "firmware/cmds/function.h"

namespace cs2sim {

class FaultEngine;
Module sim_module(FaultEngine& faults);

}  // namespace cs2sim
