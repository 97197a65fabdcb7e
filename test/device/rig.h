// A listener of one kind before a conversation made for tests, and callers of it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "driver/listener.h"
#include "firmware/protocol/frame.h"

namespace cs2sim::test {

using namespace std::chrono_literals;

enum class Kind { fuse, cuse, preload, unix_socket, tcp };

// The kinds to be tested: those that this kernel has, or what CS2SIM_DEVICE_KINDS lists ("cuse fuse unix
// tcp"). "preload" is a path that driver/preload leads to a Unix socket: only for a process that has it
// loaded.
std::vector<Kind> kinds();
std::vector<Kind> node_kinds();        // of these, the device nodes
std::vector<Kind> exchanging_kinds();  // and of these, those that know the exchange in one call
std::vector<Kind> socket_kinds();      // and the others
bool has(Kind kind);
std::string name_of(Kind kind);

// What the test conversation is asked to do, in the place of the SFC.
enum Verb : std::uint8_t {
    kEcho,      // answers with the block
    kSlow,      // the same, after as many milliseconds as the block's first two bytes say
    kDrop,      // never answers
    kHangUp,    // gives the block out as it is, ends the connection
    kBig,       // answers with a frame of as many bytes as the block's first four say
    kWho,       // answers with the number of the conversation, 4 bytes
    kLogOn,     // counts as logged on from then on
    kCompute,   // answers when it is abandoned
    kNoMemory,  // std::bad_alloc
    kHold,      // answers when the counters' gate is opened, with 1; with 0 if that is not within 20 s
};

Bytes command(Verb verb, ByteView block = {});
Bytes slow_command(std::chrono::milliseconds time);
Bytes big_command(std::size_t answer_size);
Bytes pattern(std::size_t size);  // bytes that differ from place to place

// Owns a descriptor.
class Line {
public:
    explicit Line(int fd = -1) : fd_(fd) {}
    Line(Line&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
    Line& operator=(Line&& other) noexcept;
    ~Line() { close(); }

    int fd() const { return fd_; }
    void close();
    // Writes it all; the errno of the first failure, or 0.
    int send(ByteView bytes) const;
    // Reads one frame, header first; empty at the end of the connection or on an error (errno).
    Bytes receive() const;
    Bytes ask(ByteView frame) const;  // send, receive
    bool readable(std::chrono::milliseconds within) const;

private:
    int fd_;
};

// Commands that last as long as a test wants: what came before their end is seen by order, not by a clock.
class Gate {
public:
    void open() { set(true); }
    void close() { set(false); }
    // Until it is open, at most 20 s; whether it is.
    bool pass() {
        std::unique_lock lock(mutex_);
        ++held_;
        const bool opened = changed_.wait_for(lock, 20s, [this] { return open_; });
        --held_;
        return opened;
    }
    int held() {
        const std::lock_guard lock(mutex_);
        return held_;
    }
    // Waits until as many are held, at most 20 s.
    bool holds(int commands) {
        for (auto waited = 0ms; waited < 20s; waited += 2ms) {
            if (held() == commands) return true;
            std::this_thread::sleep_for(2ms);
        }
        return false;
    }

private:
    void set(bool open) {
        const std::lock_guard lock(mutex_);
        open_ = open;
        changed_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
    int held_ = 0;
};

struct Counters {
    Gate gate;
    std::atomic<int> made{0};
    std::atomic<int> alive{0};
    std::atomic<int> computing{0};
    std::atomic<bool> refuse{false};
};

class Rig {
public:
    explicit Rig(Kind kind, SocketOptions options = {});
    Line connect(int flags = 0) const;     // throws when it fails
    int try_connect(int flags = 0) const;  // descriptor, or -errno
    Listener& listener() { return *listener_; }
    const std::string& path() const { return path_; }
    // Waits until as many conversations live, at most 5 s.
    bool settles_at(int alive) const { return settles(counters->alive, alive); }
    static bool settles(const std::atomic<int>& counter, int value);

    std::shared_ptr<Counters> counters = std::make_shared<Counters>();

private:
    Kind kind_;
    std::string path_;
    std::unique_ptr<Listener> listener_;
};

// A path for a node or socket of that kind that nothing else uses, gone or not.
std::string fresh_path(Kind kind);
Answerer test_answerer(std::shared_ptr<Counters> counters);
Opened<std::unique_ptr<Listener>> open_listener(Kind kind, const std::string& where, Answerer answerer,
                                                SocketOptions options = {});
int open_line(Kind kind, const std::string& address, int flags = 0);

}  // namespace cs2sim::test
