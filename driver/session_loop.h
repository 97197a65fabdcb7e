// Serves the requests of one kernel session (FUSE or CUSE) by as many threads as its commands need.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

struct fuse_session;
struct fuse_buf;

namespace cs2sim {

// One thread at a time leads: it reads requests and handles them. A change of leaders costs a wake-up of
// another thread, more than a short command itself. So a leader keeps the lead over a command that is
// expected to be short; a deputy looks on, and takes the lead when the command lasts longer after all. Over a
// command that is expected to be long the leader steps down at once. So no command blocks another for more
// than 2 ms.
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
    void work();
    bool lead();
    bool receive(fuse_buf& buffer);
    void spawn();
    void reap();
    bool watch(std::unique_lock<std::mutex>& lock);

    fuse_session* session_;
    int stop_event_;
    std::mutex mutex_;
    std::condition_variable vacancy_;  // the lead is free, or there is a command to watch
    bool stopping_ = false;
    bool led_ = false;            // somebody leads
    std::thread::id leader_;      // who
    bool busy_ = false;           // the leader is amid a command
    std::uint64_t commands_ = 0;  // that leaders began
    bool watched_ = false;        // there are commands, so a deputy shall look on
    bool deputy_ = false;         // one does
    std::size_t free_ = 0;        // threads that do not lead and have no command
    std::vector<std::thread> threads_;
    std::vector<std::thread::id> gone_;  // threads that have ended and are to be joined
};

}  // namespace cs2sim
