// How a tool ends after an error: its exit status, and what stands on stderr above the code.
#pragma once

#include <string>

#include "firmware/protocol/error.h"

namespace cs2sim::tools {

enum ExitStatus : int { kDone = 0, kRefused = 1, kCalledWrongly = 2, kNoDevice = 3 };

// Nobody answers there: the name, the way to it, or the answer is missing.
bool no_device(Error error);

// The words do not fit the command, whose usage is to be shown: E_CSA_SYNTAX, E_CSA_ARGUMENTS.
bool is_misused(Error error);

// kCalledWrongly for E_CSA_COMMAND, E_CSA_LENGTH, misuse and specifiers of devices that are none or missing,
// kNoDevice as above, else kRefused.
ExitStatus exit_status(Error error);

// "FILE: the system's words" when the error is about a file that was refused since the last call, on this
// thread; else empty.
std::string refused_file(Error error);

}  // namespace cs2sim::tools
