// How a simulator that becomes a daemon tells the process that started it what came of the start.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <tl/expected.hpp>

namespace cs2sim {

// Environment variable: the number of the descriptor that a simulator's program tells by, and so need not
// leave a process of its own behind that waits. Not set when whoever started it does not listen.
inline constexpr const char* kTellStart = "CS2SIM_TELL_START";

// In the simulator's program: that descriptor, when there is one. The variable is gone then, and no program
// that this one runs gets the descriptor.
std::optional<int> start_listener();

// Tells `to` what start prints, or what went wrong. False: nobody listens any more.
bool tell_start(int to, const tl::expected<std::string, std::string>& outcome);

// Waits for what the simulator tells, prints it, and returns the exit status of start. `simulator`: a child
// of this process, whose own exit status it is when it ends without a word. Closes `from`.
int hear_start(int from, pid_t simulator);

}  // namespace cs2sim
