// The ways in which `cs2sim run` leads a program to the device.
#pragma once

#include <string>
#include <vector>

#include "test/emulated.h"

namespace cs2sim::scenario {

// For tests that hold in any way. "seccomp" is named where the kernel has it for us: an emulator has not, and
// tests of that way alone are in test/portability/beyond-qemu-user.
inline std::vector<std::string> ways_to_lead() {
    if (test::is_emulated()) return {"preload"};
    return {"preload", "seccomp", "both"};
}

}  // namespace cs2sim::scenario
