// The simulator of a state folder for programs that `cs2sim run` starts, any number of them at once.
#pragma once

#include <filesystem>
#include <optional>

#include "tools/instance/run_lock.h"

namespace cs2sim {

// Uses the simulator that runs, or starts one. One that was started so ends itself when nobody uses it any
// more (run_lock.h), however its users end, and whenever: a start that goes on without us included.
class SharedSimulator {
public:
    explicit SharedSimulator(std::filesystem::path state) : state_(std::move(state)) {}
    // The last user returns when the simulator is gone.
    ~SharedSimulator();
    SharedSimulator(const SharedSimulator&) = delete;
    SharedSimulator& operator=(const SharedSimulator&) = delete;

    // Whether it answers. False, said: there is none.
    bool there();

private:
    bool have_lock();
    bool start();
    bool answers() const;

    std::filesystem::path state_;
    std::optional<RunLock> lock_;  // none: a simulator that others look after is used
};

}  // namespace cs2sim
