// One caller on a socket: reads frames, has them answered, writes the answers.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "driver/caller_memory.h"
#include "driver/listener.h"
#include "firmware/protocol/frame.h"

namespace cs2sim {

// Places to read into, for callers who have something to say at the moment.
class ReadBuffers {
public:
    static constexpr std::size_t kSize = 0x11000;  // 64 KiB of data with their envelope
    using Buffer = std::array<std::uint8_t, kSize>;

    std::unique_ptr<Buffer> take();
    void give_back(
        std::unique_ptr<Buffer> buffer) noexcept;  // takes no memory: callers end where there is none

private:
    std::mutex mutex_;
    std::array<std::unique_ptr<Buffer>, 8> spare_;
    std::size_t spares_ = 0;
};

class SocketCaller : public std::enable_shared_from_this<SocketCaller> {
public:
    using Instant = std::chrono::steady_clock::time_point;

    // Owns the connected stream socket `fd`. `memory` and `buffers` outlive it.
    SocketCaller(int fd, CallerMemory& memory, ReadBuffers& buffers)
        : fd_(fd), memory_(memory), buffers_(buffers) {}
    ~SocketCaller();
    SocketCaller(const SocketCaller&) = delete;
    SocketCaller& operator=(const SocketCaller&) = delete;

    // Serves until either side ends; blocks.
    void serve(std::unique_ptr<Conversation> conversation);

    // All of these from any thread.
    int fd() const { return fd_; }
    void hang_up();  // serve() ends once the command under way has
    void abandon();  // the same, and a computation under way is given up
    // Since when it has been waiting for bytes, if it is and nobody is logged on.
    std::optional<Instant> idle_without_logon() const;
    bool in_command() const { return in_command_; }

private:
    bool wait_for(short events);
    bool wait_for_bytes();
    // Bytes that came, in `buffer_`; 0 at the end.
    std::size_t read();
    bool take(std::size_t size);
    bool answer(ByteView frame);
    bool refuse(std::uint32_t code);
    bool send(const Reply& reply);
    bool hold(std::size_t bytes);
    void release_buffer();

    const int fd_;
    CallerMemory& memory_;
    ReadBuffers& buffers_;
    std::unique_ptr<ReadBuffers::Buffer> buffer_;
    std::optional<CallerMemory::Holding> holding_;
    bool holds_ = false;
    FrameReader reader_;
    std::atomic<Instant::rep> waiting_since_{0};  // 0: is not waiting
    std::atomic<bool> in_command_{false};
    mutable std::mutex mutex_;
    std::unique_ptr<Conversation> conversation_;  // made and ended under the mutex
};

}  // namespace cs2sim
