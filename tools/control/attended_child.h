// A child that we wait for, as a shell's `exec` would make it: what others send us is sent to it.
#pragma once

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/types.h>
#include <time.h>

#include <functional>
#include <set>

#include "host-lib/files/file_descriptor.h"

namespace cs2sim {

// Signals are kept back from the object's beginning to its end and are told by descriptor(), so that none is
// lost and none goes to a process that is gone. One at a time, in a process's first thread.
class AttendedChild {
public:
    enum class Until {
        child_ends,
        // Whoever of them lives on belongs to us; the child itself dies when we do.
        descendants_end,
        session_ends,  // the same, but for those that have left our session, as daemons do
    };
    // `is_stranger`: of whom else nobody waits for the end.
    explicit AttendedChild(Until until, std::function<bool(pid_t)> is_stranger = {});
    ~AttendedChild();
    AttendedChild(const AttendedChild&) = delete;
    AttendedChild& operator=(const AttendedChild&) = delete;

    // As fork(2); once. In the child, signals are as they were before.
    pid_t fork();

    // poll(2) for reading: then attend() has something to do.
    int descriptor() const { return signals_.get(); }
    // Passes on what came, and reaps. False: it is over. That is so, too, when only descendants are left and
    // somebody wants to end us, or wanted it while the child lived.
    bool attend();
    // attend() until it is over; then as of a shell: 128 + n when signal n ended the child.
    int wait();
    int exit_status() const;

private:
    void pass_on(const signalfd_siginfo& signal);
    bool reap();
    void tell_who_is_left() const;
    bool is_waited_for(pid_t child) const;
    bool nobody_left() const;

    Until until_;
    std::function<bool(pid_t)> is_stranger_;
    sigset_t mask_before_{};
    struct sigaction child_ended_before_ {};
    host::FileDescriptor signals_;
    std::set<pid_t> strangers_;  // children that we had before
    timer_t patience_{};
    pid_t child_ = 0;  // 0: it has ended
    int wait_status_ = 0;
    bool ending_ = false;  // somebody wants us to end
};

}  // namespace cs2sim
