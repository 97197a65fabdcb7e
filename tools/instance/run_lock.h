// state/run.lock: who uses a simulator that `cs2sim run` began. It ends when nobody does, however users end.
#pragma once

#include <filesystem>
#include <string>

#include <tl/expected.hpp>

#include "host-lib/files/file_descriptor.h"

namespace cs2sim {

// One party to the lock: a user, or the simulator. The kernel gives up its locks with the process.
class RunLock {
public:
    // Makes the file when it is missing. Error: why it cannot be had, in words for the operator. In another
    // user's folder nothing is made.
    static tl::expected<RunLock, std::string> open(const std::filesystem::path& state);
    // Whether somebody uses the simulator of `state`.
    static bool is_used(const std::filesystem::path& state);

    // For users. Waits while a simulator ends that nobody used. False: the file system has no locks.
    bool use();
    void leave();
    // Waits while another user starts a simulator. A process that gets descriptor() keeps both locks.
    bool begin_start();
    void end_start();
    int descriptor() const { return file_.get(); }
    // Makes this the one user, or returns false: there are others.
    bool use_alone();
    // What others have. `ending`: the simulator ends.
    enum class Others { none, users, ending };
    Others others() const;
    // Whether the file is still the one that others find.
    bool is_in_place() const;
    void remove();

    // For the simulator: returns when nobody uses it; who wants to use one then waits until this process has
    // ended. False: there are no locks.
    bool wait_until_unused();

private:
    RunLock(host::FileDescriptor file, std::filesystem::path path)
        : file_(std::move(file)), path_(std::move(path)) {}

    host::FileDescriptor file_;
    std::filesystem::path path_;
};

}  // namespace cs2sim
