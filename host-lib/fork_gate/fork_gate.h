// The gate at which fork() waits. A child has the forking thread alone: a lock that another thread held at
// that moment stays locked in it for ever. Who is about to take a lock that a child will need, and that is
// not made anew there (OpenSSL's, SQLite's, the C library's of the time zone), goes in before and comes out
// after it; fork() waits until nobody is inside, and nobody goes in meanwhile. PKCS#11 2.40, section 5.4: a
// child begins anew by C_Initialize.
//
// A gate belongs to the shared object that this room is linked into. With several of them, who is inside one
// may only go into those whose guard_forks() was called earlier: fork() closes the latest first.
#pragma once

namespace cs2sim::host {

// Lets fork() wait here from now on; called again it does nothing. Any thread, before the first goes in.
void guard_forks();

// What fork() does before there is a child, when nobody is inside; not where the thread that forks is inside
// itself. `work` may go in. One for each gate; guard_forks() comes first.
void before_forks(void (*work)());

// Goes in and comes out. A thread that is inside may go in again. fork() by a thread that is inside does not
// wait: it is the only one that knows what it holds. Waits while a fork is under way, which waits for those
// inside: what is done inside must come to an end by itself.
void enter_fork_gate();
void leave_fork_gate();

class InsideForkGate {
public:
    InsideForkGate() { enter_fork_gate(); }
    InsideForkGate(InsideForkGate&& other) noexcept : inside_(other.inside_) { other.inside_ = false; }
    InsideForkGate& operator=(InsideForkGate&&) = delete;
    ~InsideForkGate() {
        if (inside_) leave_fork_gate();
    }

private:
    bool inside_ = true;
};

}  // namespace cs2sim::host
