// Programs whose system calls a `cs2sim run --by seccomp` around them answers, and their descendants: when
// that run has ended, they can open nothing any more.
#pragma once

#include <string>

namespace cs2sim {

// What their environment says: the path that is led, and the socket that it is led to.
inline constexpr const char* kSupervisedDevice = "CS2SIM_SUPERVISED_DEVICE";
inline constexpr const char* kSupervisedSocket = "CS2SIM_SUPERVISED_SOCKET";

// Whether this process is one of them.
bool is_supervised();

}  // namespace cs2sim
