#include "host-lib/link/brief_wait.h"

#include <sched.h>

#include <atomic>

namespace cs2sim::host {
namespace {

constexpr std::chrono::microseconds kMoment(50);
constexpr std::chrono::microseconds kAnotherRan(2);  // yielding to nobody takes less than one

// Threads of this process that wait. Of several none looks again: they would take the processor from each
// other's device. What a fork() in the middle of a wait leaves here makes the child sleep, no more.
std::atomic<unsigned> waiting{0};

}  // namespace

BriefWait::BriefWait() : begin_(Clock::now()), last_(begin_) {
    waiting.fetch_add(1, std::memory_order_relaxed);
}
BriefWait::~BriefWait() { waiting.fetch_sub(1, std::memory_order_relaxed); }

bool BriefWait::again() {
    if (waiting.load(std::memory_order_relaxed) > 1) return false;
    ::sched_yield();
    const Clock::time_point now = Clock::now();
    const bool alone = now - last_ < kAnotherRan;
    last_ = now;
    return alone && now - begin_ < kMoment;
}

}  // namespace cs2sim::host
