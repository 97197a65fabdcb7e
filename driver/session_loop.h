// Serves the requests of one kernel session (FUSE or CUSE) by as many threads as its commands need.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

struct fuse_session;
struct fuse_buf;

namespace cs2sim {

// There are as many seats as cores that the process may use, and at most 4. A thread in a seat reads requests
// and handles them, one after the other; the kernel wakes the one that was at work last, so that a single
// caller is served by one thread. The others wait beside: to wake one of them costs more than a short command
// itself. So a thread stays in its seat over a command that is expected to be short; a deputy looks on, and
// clears the seat when the command lasts longer after all. Before a command that is expected to be long the
// thread leaves its seat to another. So no command blocks another for more than 2 ms.
class SessionLoop {
public:
    // `session` is mounted, and outlives the loop.
    explicit SessionLoop(fuse_session* session);
    ~SessionLoop();
    SessionLoop(const SessionLoop&) = delete;
    SessionLoop& operator=(const SessionLoop&) = delete;

    void start();
    void stop();  // waits for commands that are under way

    // Around a command, by the thread that handles a request.
    void begin_command(bool expected_to_be_long);
    void end_command();

private:
    struct Seat {
        std::thread::id owner{};  // nobody's when it is free
        bool busy = false;        // its owner is amid a command
    };
    struct Waiter {
        std::condition_variable called;
        bool is_called = false;
    };

    void work();
    bool sit();
    bool receive(fuse_buf& buffer);
    void end_session();

    // All with the lock held.
    void spawn();
    void reap();
    bool take_seat();
    void call_one();
    bool wait_beside(std::unique_lock<std::mutex>& lock, std::chrono::milliseconds time);
    void watch(std::unique_lock<std::mutex>& lock);

    fuse_session* session_;
    int stop_event_;
    int events_;  // epoll: the session's requests, and the stop event
    std::mutex mutex_;
    bool stopping_ = false;
    std::vector<Seat> seats_;
    std::uint64_t commands_ = 0;  // begun in a seat
    bool watched_ = false;        // there are commands, so a deputy shall look on
    bool deputy_ = false;         // one does
    std::vector<Waiter*>
        beside_;              // who waits for a seat or a command to watch; the last to come is called first
    std::size_t coming_ = 0;  // threads that were called or made, on their way to a seat or to wait
    std::vector<std::thread> threads_;
    std::vector<std::thread::id> gone_;  // threads that have ended and are to be joined
};

}  // namespace cs2sim
