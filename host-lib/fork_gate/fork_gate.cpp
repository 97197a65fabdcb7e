#include "host-lib/fork_gate/fork_gate.h"

#include <pthread.h>

#include <atomic>

namespace cs2sim::host {
namespace {

// A fork that waits is not overtaken by those who come later: with many threads it would never be its turn.
constexpr pthread_rwlock_t kOpen = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
constinit pthread_rwlock_t gate = kOpen;
constinit pthread_once_t guarded = PTHREAD_ONCE_INIT;
constinit thread_local unsigned depth = 0;
constinit std::atomic<void (*)()> work_before{nullptr};

void close_gate() {
    if (depth != 0) return;
    ::pthread_rwlock_wrlock(&gate);
    if (const auto work = work_before.load()) {
        depth = 1;
        work();
        depth = 0;
    }
}

void open_gate_of_parent() {
    if (depth == 0) ::pthread_rwlock_unlock(&gate);
}

// Who waited for it was another thread, which is not here.
void open_gate_of_child() {
    gate = kOpen;
    if (depth != 0) ::pthread_rwlock_rdlock(&gate);
}

}  // namespace

void guard_forks() {
    ::pthread_once(&guarded, [] { ::pthread_atfork(close_gate, open_gate_of_parent, open_gate_of_child); });
}

void before_forks(void (*work)()) { work_before.store(work); }

void enter_fork_gate() {
    if (depth++ == 0) ::pthread_rwlock_rdlock(&gate);
}

void leave_fork_gate() {
    if (--depth == 0) ::pthread_rwlock_unlock(&gate);
}

}  // namespace cs2sim::host
