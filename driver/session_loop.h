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

// One thread at a time leads: it reads requests and handles them. Before it turns to a command, which may
// take long, it steps down and another leads, a new thread if none is free. So no command blocks another, and
// requests that come and go quickly cost no change of threads.
class SessionLoop {
public:
    // `session` is mounted, and outlives the loop.
    explicit SessionLoop(fuse_session* session);
    ~SessionLoop();
    SessionLoop(const SessionLoop&) = delete;
    SessionLoop& operator=(const SessionLoop&) = delete;

    void start();
    void stop();  // waits for commands that are under way
    // To be called in a handler, by the thread that leads: it will not be back soon.
    void step_down();

private:
    void work();
    bool lead();
    bool receive(fuse_buf& buffer);
    void spawn();
    void reap();

    fuse_session* session_;
    int stop_event_;
    std::mutex mutex_;
    std::condition_variable vacancy_;
    bool stopping_ = false;
    bool led_ = false;      // somebody leads
    std::size_t free_ = 0;  // threads that wait to lead
    std::vector<std::thread> threads_;
    std::vector<std::thread::id> gone_;  // threads that have ended and are to be joined
};

}  // namespace cs2sim
