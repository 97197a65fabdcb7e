// The daemons that are compared: ours, and bare echoes of the same transport.
#pragma once

#include <sys/types.h>

#include <string>

namespace cs2sim::bench {

enum class Transport { fuse, unix_socket, tcp };
enum class Maker {
    ours,
    bare,
    bare_threads,
    bare_clone_fd
};  // the latter two: libfuse's own loops, FUSE only

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
