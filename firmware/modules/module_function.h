// The handler of every function of users' own modules.
#pragma once

#include "firmware/cmds/call.h"

namespace cs2sim {

// Runs the function in its module's process. Errors: the module's code; E_OS_MDL_NOT_AVAILABLE when the
// process has ended (OUR ASSUMPTION: what a device answers when a module crashes is not known).
Result<Bytes> run_module_function(Call& call);

}  // namespace cs2sim
