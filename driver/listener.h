// The front door of the driver: how hosts reach a device.
//
// A Listener accepts callers on one address and carries whole frames between each and a conversation of its
// own. It never looks inside a frame. Each caller is served by itself: a slow command of one blocks no other.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "driver/caller_memory.h"
#include "firmware/protocol/conversation.h"

namespace cs2sim {

// Makes the conversation of a new caller; `peer` names it for logs ("tcp 127.0.0.1:4711", "pid 812", …).
// Null refuses the caller. Called from any thread.
using Answerer = std::function<std::unique_ptr<Conversation>(std::string peer)>;

class Listener {
public:
    virtual ~Listener() = default;            // stops
    virtual std::string address() const = 0;  // as a host would name it: "/dev/cs2a", "3001@127.0.0.1"
    virtual void stop() = 0;  // no new callers; ends present ones; unmounts. May be called twice.
};

template <class T>
using Opened = tl::expected<T, std::string>;  // or what went wrong, in words for the operator

// All of these answer callers from the moment they return.
struct SocketOptions {
    std::size_t max_callers = 1024;                  // beyond it who is idle longest without logon gives way
    std::shared_ptr<CallerMemory> memory = nullptr;  // shared by all ways to a device; null: one of its own
    std::uint32_t mode = 0600;                       // permissions of a Unix socket, whatever the umask; and
    std::string group = {};                          // its group; empty: the process's own
};
// `where` is "port@address", or a port alone (loopback).
Opened<std::unique_ptr<Listener>> listen_tcp(const std::string& where, Answerer answerer,
                                             const SocketOptions& = {});
// Whether listen_tcp() understands `where`; opens nothing.
Opened<void> check_tcp(const std::string& where);
// A stream socket that listens already and came with the process; `descriptor` is its number. The descriptor
// is owned from then on. The socket is not: it listens on after stop() for whoever else has it, and who
// connects meanwhile waits in its queue.
Opened<std::unique_ptr<Listener>> listen_inherited(const std::string& descriptor, Answerer answerer,
                                                   const SocketOptions& = {});
// A stale socket file, whose owner is gone, is replaced; a live one is refused.
Opened<std::unique_ptr<Listener>> listen_unix(const std::string& path, Answerer answerer,
                                              const SocketOptions& = {});

struct NodeOptions {
    std::uint32_t mode = 0660;                       // permissions of the node
    std::string group = {};                          // its group; empty: the process's own
    std::shared_ptr<CallerMemory> memory = nullptr;  // shared by all ways to a device; null: one of its own
};
// Mounts on a regular file at `path` (made when absent). A stale mount of a killed instance is replaced; one
// that answers is refused.
Opened<std::unique_ptr<Listener>> mount_fuse(const std::string& path, Answerer answerer,
                                             const NodeOptions& options = {});
// Makes the character device `path` (which must be under /dev/) by CUSE.
Opened<std::unique_ptr<Listener>> mount_cuse(const std::string& path, Answerer answerer,
                                             const NodeOptions& options = {});
bool cuse_available();

}  // namespace cs2sim
