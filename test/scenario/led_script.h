// Scripts whose programs `cs2sim run` leads to the device, and the ways in which it does.
#pragma once

#include <string>
#include <vector>

#include "test/emulated.h"
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

namespace cs2sim::scenario {

// For tests that hold in any way. "seccomp" is named where the kernel has it for us: an emulator has not, and
// tests of that way alone are in test/portability/beyond-qemu-user.
inline std::vector<std::string> ways_to_lead() {
    if (test::is_emulated()) return {"preload"};
    return {"preload", "seccomp", "both"};
}

// A script in a folder of its own, where $run leads a program to the simulator of the state there.
inline Outcome script(const Folder& folder, const std::string& lines, const std::string& by = "auto") {
    const std::string run_led = "run='" + built_program("cs2sim") + " run --state " + folder.path().string() +
                                "/state --by " + by + " --'\n";
    const std::string client = "client=" + built_program("example_raw_client") + "\n";
    const std::string when = "when() { while ! \"$@\"; do sleep 0.02; done; }\n";
    return run({"sh", "-uc", "cd " + folder.path().string() + "\n" + run_led + client + when + lines});
}

// `when` of this waits until the simulator is gone.
inline std::string stopped() {
    return "stopped() { " + built_program("cs2sim") + " status --state state | grep -q ^stopped; }\n";
}

inline void require_output(const Outcome& outcome, const std::string& out) {
    INFO(outcome.err);
    REQUIRE(outcome.out == out);
}

inline bool is_stopped(const Folder& folder) {
    return run({built_program("cs2sim"), "status", "--state", folder / "state"}).out.starts_with("stopped");
}

}  // namespace cs2sim::scenario
