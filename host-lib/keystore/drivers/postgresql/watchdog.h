// Ends what waits too long for a server: libpq waits for an answer without end, and a server that was stopped
// keeps its sockets open. A thread shuts the socket down at the deadline, and the call that waits on it
// returns.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace cs2sim::keystore {

class Watchdog {
    struct State;

public:
    using Clock = std::chrono::steady_clock;

    class Watch {
    public:
        Watch(State& state, int socket) : state_(state), socket_(socket) {}

    private:
        friend class Watchdog;
        State& state_;  // of the process that opened the socket, which alone uses it
        const int socket_;
        Clock::time_point deadline_ = Clock::time_point::max();  // under the watchdog's lock, like:
        bool fired_ = false;
    };

    Watchdog() = default;
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;

    std::shared_ptr<Watch> watch(int socket);
    void forget(const std::shared_ptr<Watch>& watch);  // before the socket is closed
    void arm(Watch& watch, Clock::time_point deadline);
    void disarm(Watch& watch);
    bool fired(const Watch& watch);

private:
    struct State {
        std::mutex mutex;
        std::condition_variable changed;
        std::vector<std::shared_ptr<Watch>> watches;
        Clock::time_point next = Clock::time_point::max();  // when the thread looks again
        bool ends = false;
        std::thread thread;
    };

    State& state();
    static void run(State& state);

    ::pid_t process_ = ::getpid();
    std::unique_ptr<State> state_ = std::make_unique<State>();
};

}  // namespace cs2sim::keystore
