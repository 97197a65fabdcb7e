// Arming rules and reading what they did, for `cs2sim fault` and `cs2sim scenario`.
#pragma once

#include <functional>
#include <ostream>
#include <vector>

#include "firmware/faults/rules/rule.h"
#include "host-lib/link/device.h"

namespace cs2sim {

// Arms the rule; its number. A rule that can match nothing is E_SIM_RULE, with the reason on stderr.
Result<std::uint32_t> arm(host::Device& device, const FaultRule& rule);

// Prints every hit in the log, oldest first; their number.
Result<std::uint64_t> print_fault_log(host::Device& device, std::ostream& out);

}  // namespace cs2sim
