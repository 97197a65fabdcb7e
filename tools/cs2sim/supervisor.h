// A static program bound to a device path: no library can be preloaded into it, so the kernel asks us about
// its system calls (seccomp user notification, seccomp_unotify(2)).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace cs2sim {

// Runs the program until it and its descendants have ended; its open()s of `device` get a connection to
// the simulator of `state`, and the driver's ioctl 0x6b02 is done for it. Reads and writes are the socket's
// own: a second request before an answer was read is queued instead of EBUSY, a read without a request waits.
// Returns the exit status; 126, with the reason on stderr, when the kernel does not allow this. A simulator
// of `state` that was started meanwhile ends otherwise.
int run_supervised(const std::vector<std::string>& program, const std::string& device,
                   const std::filesystem::path& state);

}  // namespace cs2sim
