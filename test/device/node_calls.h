// The calls that a client makes at the node, each in a line.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <fstream>
#include <future>
#include <string>
#include <thread>

#include "test/device/rig.h"

namespace cs2sim::test {

constexpr unsigned long kAwait = 0x6b02;
constexpr unsigned long kTake = 0x6b08;
constexpr unsigned long kGive = 0x6b09;
constexpr unsigned long kTakeWithin = 0x6b0a;
constexpr unsigned long kReadWithin = 0x6b0b;
constexpr unsigned long kShareWindow = 0x6b0c;
constexpr unsigned long kExchangeInWindow = 0x6b0d;
constexpr unsigned long kExchangeSmall = 0xd0006b0e;

struct AwaitArgument {
    std::int32_t timeout_ms;
    std::uint32_t length;
    std::int32_t reserved;
};

struct SmallExchange {
    std::uint32_t size;
    std::int32_t timeout_ms;
    std::uint8_t request[4088];
};

inline int error_of(ssize_t result) { return result < 0 ? errno : 0; }

inline int ioctl_error(const Line& line, unsigned long command, long argument = 0) {
    return error_of(::ioctl(line.fd(), command, argument));
}

inline int await(const Line& line, std::int32_t timeout_ms, std::uint32_t& length) {
    AwaitArgument argument{timeout_ms, 0, 0x1234567};
    const int error = error_of(::ioctl(line.fd(), kAwait, &argument));
    length = argument.length;
    return error;
}

// A file in memory that the line's node knows as its window (driver/README.md).
class Window {
public:
    explicit Window(std::size_t size = kMaxFrame, int seals = F_SEAL_SHRINK)
        : fd_(memfd_create("window", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
        REQUIRE(ftruncate(fd_.fd(), static_cast<off_t>(size)) == 0);
        REQUIRE(fcntl(fd_.fd(), F_ADD_SEALS, seals) == 0);
    }
    int fd() const { return fd_.fd(); }
    int share(const Line& line) const { return ioctl_error(line, kShareWindow, fd_.fd()); }
    bool put(ByteView bytes) const {
        return pwrite(fd_.fd(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size());
    }
    Bytes get(std::size_t size) const {
        Bytes bytes(size);
        REQUIRE(pread(fd_.fd(), bytes.data(), size, 0) == static_cast<ssize_t>(size));
        return bytes;
    }
    // What the ioctl returns, or -errno. By any thread: none of Catch's assertions, which are not made for
    // that.
    int exchange(const Line& line, ByteView request, int timeout_ms = 5000) const {
        if (!put(request)) return -errno;
        const int size = ::ioctl(line.fd(), kExchangeInWindow, timeout_ms);
        return size < 0 ? -errno : size;
    }

private:
    Line fd_;
};

// One read() of at most `size` bytes; empty and errno on an error.
inline Bytes read_once(const Line& line, std::size_t size) {
    Bytes bytes(size);
    errno = 0;
    const ssize_t got = ::read(line.fd(), bytes.data(), size);
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return bytes;
}

inline int read_error(const Line& line) {
    std::uint8_t byte = 0;
    return error_of(::read(line.fd(), &byte, 1));
}

inline short readiness(const Line& line, std::chrono::milliseconds within = 0ms) {
    pollfd events{line.fd(), POLLIN | POLLOUT, 0};
    ::poll(&events, 1, static_cast<int>(within.count()));
    return events.revents;
}

// A thread of the test that makes one call, which a signal can interrupt.
class Caller {
public:
    template <class Call>
    explicit Caller(Call call) {
        struct sigaction action {};
        action.sa_handler = [](int) {};
        sigaction(SIGUSR1, &action, nullptr);
        std::promise<int> result;
        result_ = result.get_future();
        thread_ = std::thread([this, call, result = std::move(result)]() mutable {
            thread_id_ = gettid();
            result.set_value(call());
        });
    }
    ~Caller() { thread_.join(); }
    // A signal may arrive before the call has begun to wait, so it is sent until the call has ended.
    int interrupted() {
        for (int tries = 0; tries < 500; ++tries) {
            if (result_.wait_for(10ms) == std::future_status::ready) return result_.get();
            pthread_kill(thread_.native_handle(), SIGUSR1);
        }
        return -1;
    }
    // Whether the call is still waiting `time` after it began to. On a busy machine the thread may come late
    // to its call.
    bool waits(std::chrono::milliseconds time) {
        while (!sleeps() && result_.wait_for(1ms) == std::future_status::timeout) {
        }
        return result_.wait_for(time) == std::future_status::timeout;
    }
    int result() { return result_.get(); }

private:
    // State S in proc(5), /proc/pid/stat: it waits for an answer.
    bool sleeps() const {
        if (thread_id_ == 0) return false;
        std::ifstream file("/proc/self/task/" + std::to_string(thread_id_) + "/stat");
        std::string line;
        std::getline(file, line);
        const auto name_end = line.rfind(") ");
        return name_end != std::string::npos && line[name_end + 2] == 'S';
    }

    std::future<int> result_;
    std::atomic<pid_t> thread_id_{0};
    std::thread thread_;
};

// Runs `body` in a child process; its result is the exit status.
template <class Body>
pid_t in_child(Body body) {
    const pid_t child = fork();
    if (child == 0) _exit(body());
    return child;
}

inline int exit_status(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace cs2sim::test

#define EVERY_NODE_OF(all)                                       \
    if (cs2sim::test::all().empty()) return;                     \
    const Kind kind = GENERATE(from_range(cs2sim::test::all())); \
    CAPTURE(name_of(kind));                                      \
    Rig rig(kind)
#define EVERY_NODE() EVERY_NODE_OF(node_kinds)
#define EVERY_EXCHANGING_NODE() EVERY_NODE_OF(exchanging_kinds)
