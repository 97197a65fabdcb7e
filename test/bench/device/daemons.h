// The daemons that are compared: ours, and bare echoes of the same transport.
#pragma once

#include <sys/types.h>

#include <string>

namespace cs2sim::bench {

enum class Transport { fuse, cuse, unix_socket, tcp };
enum class Maker {
    ours,
    bare,
    bare_threads,
    bare_clone_fd,
    bare_spinning,
    ours_one_call,  // the daemon is the same; its caller makes one ioctl of a round trip
};                  // the latter four: device nodes only

constexpr bool is_node(Transport transport) {
    return transport == Transport::fuse || transport == Transport::cuse;
}

struct Daemon {
    std::string name;
    pid_t pid = 0;
    std::string address;
    Transport transport{};
};

// Starts it in a process of its own, pinned to `core` (-1: nowhere); it answers when this returns. Exits with
// a message when that fails.
Daemon start(Transport transport, Maker maker, int core);
void stop(const Daemon& daemon);
int open_line(const Daemon& daemon);  // descriptor of a caller
void pin(int core);

}  // namespace cs2sim::bench
