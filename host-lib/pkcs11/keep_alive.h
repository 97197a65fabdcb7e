// KeepAlive = true: the sessions of connections that nobody uses are kept from expiring, by a thread of the
// library's own. Where the application forbids threads there is none, and the library logs on again at the
// next call.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace cs2sim::p11 {

class KeepAlive {
public:
    ~KeepAlive() { stop(); }

    // Calls `tend` every third of `idle`, with the time for which a connection may be idle. Without memory
    // for a thread there is none.
    void start(std::chrono::milliseconds idle, std::function<void(std::chrono::milliseconds)> tend);
    void stop();  // and waits for the end of what it is doing

private:
    std::mutex mutex_;
    std::condition_variable signal_;
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace cs2sim::p11
