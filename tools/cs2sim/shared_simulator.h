// The simulator of a state folder for programs that `cs2sim run` starts, any number of them at once.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "host-lib/files/file_descriptor.h"

namespace cs2sim {

// Whether the simulator that runs on `state` is one that a SharedSimulator began.
bool ends_with_its_users(const std::filesystem::path& state);
// Makes the one that runs on `state` such a one: it took the place of one that was.
void let_end_with_its_users(const std::filesystem::path& state);

// Uses the simulator that runs, or starts one. One that was started so ends with its last user, however that
// ends: users share a lock of state/run.lock, and a process beside the simulator waits until nobody has it.
class SharedSimulator {
public:
    explicit SharedSimulator(std::filesystem::path state) : state_(std::move(state)) {}
    // The last user returns when the simulator is gone.
    ~SharedSimulator();
    SharedSimulator(const SharedSimulator&) = delete;
    SharedSimulator& operator=(const SharedSimulator&) = delete;

    // Whether it answers. False, said: there is none. SIGINT, SIGTERM and SIGHUP end us as ever, but not
    // halfway through a start: nobody would stop what began all the same.
    bool there();

private:
    void share_lock();
    bool start();
    bool answers() const;
    void stop_after_the_last_user() const;

    std::filesystem::path state_;
    host::FileDescriptor lock_;  // none where such locks cannot be had: then its starter is its one user
    bool started_ = false;
};

}  // namespace cs2sim
