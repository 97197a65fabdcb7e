// A listener of one kind before a conversation made for tests, and callers of it.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
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
    kEcho,    // answers with the block
    kSlow,    // the same, after as many milliseconds as the block's first two bytes say
    kDrop,    // never answers
    kHangUp,  // gives the block out as it is, ends the connection
    kBig,     // answers with a frame of as many bytes as the block's first four say
    kWho,     // answers with the number of the conversation, 4 bytes
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

struct Counters {
    std::atomic<int> made{0};
    std::atomic<int> alive{0};
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
    bool settles_at(int alive) const;

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
