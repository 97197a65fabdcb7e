#include "host-lib/keystore/drivers/postgresql/watchdog.h"

#include <sys/socket.h>

#include <algorithm>

namespace cs2sim::keystore {

// In a child of the process that made it the thread is not there, and what it waited on can be neither used
// nor destroyed: the child leaves it and begins anew.
Watchdog::State& Watchdog::state() {
    if (process_ != ::getpid()) {
        process_ = ::getpid();
        (void)state_.release();
        state_ = std::make_unique<State>();
    }
    return *state_;
}

Watchdog::~Watchdog() {
    State& own = state();
    {
        const std::lock_guard lock(own.mutex);
        own.ends = true;
    }
    own.changed.notify_one();
    if (own.thread.joinable()) own.thread.join();
}

std::shared_ptr<Watchdog::Watch> Watchdog::watch(int socket) {
    State& own = state();
    auto watch = std::make_shared<Watch>(own, socket);
    const std::lock_guard lock(own.mutex);
    own.watches.push_back(watch);
    if (!own.thread.joinable()) own.thread = std::thread(&Watchdog::run, std::ref(own));
    return watch;
}

void Watchdog::forget(const std::shared_ptr<Watch>& watch) {
    State& own = state();
    const std::lock_guard lock(own.mutex);
    std::erase(own.watches, watch);
}

void Watchdog::arm(Watch& watch, Clock::time_point deadline) {
    State& own = watch.state_;
    const std::lock_guard lock(own.mutex);
    watch.deadline_ = deadline;
    // Deadlines mostly lie further off than that of the call before: then the thread sleeps on.
    if (deadline < own.next) own.changed.notify_one();
}

void Watchdog::disarm(Watch& watch) {
    const std::lock_guard lock(watch.state_.mutex);
    watch.deadline_ = Clock::time_point::max();
}

bool Watchdog::fired(const Watch& watch) {
    const std::lock_guard lock(watch.state_.mutex);
    return watch.fired_;
}

void Watchdog::run(State& own) {
    std::unique_lock lock(own.mutex);
    while (!own.ends) {
        own.next = Clock::time_point::max();
        for (const auto& watch : own.watches) {
            if (watch->deadline_ > Clock::now()) {
                own.next = std::min(own.next, watch->deadline_);
                continue;
            }
            watch->fired_ = true;
            watch->deadline_ = Clock::time_point::max();
            ::shutdown(watch->socket_, SHUT_RDWR);
        }
        if (own.next == Clock::time_point::max())
            own.changed.wait(lock);
        else
            own.changed.wait_until(lock, own.next);
    }
}

}  // namespace cs2sim::keystore
