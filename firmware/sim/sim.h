// The simulator's own control module, FC 3F0: faults, batteries, alarms, clock, modes. Reachable only by a
// caller whose context says so (Context::control), that is through the control socket of the state folder.
#pragma once

#include "firmware/cmds/function.h"

namespace cs2sim {

class FaultEngine;
Module sim_module(FaultEngine& faults);

// Whether a function of FC SIM answers while the device restarts or a command keeps it from restarting. Those
// that change the device's state wait.
bool passes_beside_the_gate(std::uint8_t sfc);

}  // namespace cs2sim
