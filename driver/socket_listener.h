// Accepts callers on a listening socket: a thread for each, so that none waits for another.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "driver/listener.h"
#include "driver/socket_caller.h"

namespace cs2sim {

class SocketListener final : public Listener {
public:
    // Whose the socket is. One that was inherited listens on when this process lets go of it: whoever started
    // us has it too, and hands it to the next.
    enum class Socket : bool { own, inherited };

    // Owns the descriptor `fd`, which listens. `file` is removed at the end; may be empty.
    SocketListener(int fd, Socket whose, std::string address, std::string file, Answerer answerer,
                   const SocketOptions& options);
    ~SocketListener() override;

    // False when there are no descriptors or threads left.
    bool start();

    std::string address() const override { return address_; }
    void stop() override;

private:
    using Number = std::uint64_t;
    using Callers = std::map<Number, std::shared_ptr<SocketCaller>>;
    using Instant = SocketCaller::Instant;

    bool stopping();
    void watch();
    void accept_all();
    void admit(int fd);
    void serve(Number number, std::shared_ptr<SocketCaller> caller, const std::string& peer);
    void note_hang_up(Number number, std::uint32_t events);
    void abandon_half_closed(Instant now);
    bool make_place(std::unique_lock<std::mutex>& lock);

    const int fd_;
    const Socket whose_;
    const std::string address_;
    const std::string file_;
    const Answerer answerer_;
    const SocketOptions options_;
    const std::shared_ptr<CallerMemory> memory_;
    ReadBuffers buffers_;
    int events_ = -1;  // epoll: the listening socket, the stop event and every caller's end
    int stop_event_ = -1;
    std::thread thread_;
    std::mutex mutex_;
    std::condition_variable gone_;
    bool stopping_ = false;
    Number last_ = 1;  // 0 and 1 are the listening socket and the stop event
    Callers callers_;
    std::map<Number, Instant> half_closed_;  // since when they send no more; of the watching thread alone
};

}  // namespace cs2sim
