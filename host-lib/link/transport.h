// How frames reach a device: a device node, TCP or a Unix socket, all behind one interface.
#pragma once

#include <chrono>
#include <memory>

#include "firmware/protocol/bytes.h"
#include "firmware/protocol/error.h"
#include "host-lib/link/device_address.h"

namespace cs2sim::host {

using Milliseconds = std::chrono::milliseconds;

// One caller of a device. Used by one thread at a time.
class Transport {
public:
    virtual ~Transport() = default;

    // Sends one whole request frame, which is `head` and then `body`, and gives the whole answer frame, as it
    // came; the view is valid until the next exchange.
    // Errors: E_CSA_TIMEOUT; E_CSA_CLOSED when the device is gone (at once, not after the time-out);
    // E_CSA_BUSY when another program has taken the node; E_CSA_PROTOCOL when the answer is cut wrongly;
    // E_CSA_POLL, _READ, _WRITE and _IOCTL with errno for other failures of the system. After each but
    // E_CSA_BUSY the answers no longer pair up with requests: every later exchange is E_CSA_CLOSED.
    virtual Result<ByteView> exchange(ByteView head, ByteView body, Milliseconds timeout) = 0;
    Result<Bytes> exchange(ByteView frame, Milliseconds timeout);

    // The descriptor that it speaks through, -1 when it has none: for those who must close it after fork().
    virtual int descriptor() const { return -1; }
};

// Connects within `timeout` (name resolution takes its own time). A network connection exchanges the two
// opening frames (device-formats.md, section 1.1). A node is not taken exclusively: several programs use it
// side by side. Errors: E_CSA_NO_NODE (no such node, or something else is there), E_CSA_UNKNOWN_HOST,
// E_CSA_NODE_OPEN, E_CSA_SOCKET and E_CSA_CONNECT with errno (no permission, nobody listens), E_CSA_TIMEOUT,
// E_CSA_BUSY, and what the device answers to the opening frames.
Result<std::unique_ptr<Transport>> connect_transport(const DeviceAddress& address, Milliseconds timeout);

}  // namespace cs2sim::host
