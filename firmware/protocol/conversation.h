// What stands between the driver and the firmware: whole frames in, answers out.
#pragma once

#include <cstdint>

#include "firmware/protocol/bytes.h"

namespace cs2sim {

// What the transport shall do with a command. Before a connection is closed it gives out `frame`, which may
// be part of an answer.
struct Reply {
    enum class Action : std::uint8_t { send, drop, close } action = Action::send;
    Bytes frame;
};

// What stands behind one caller: an open file, or a socket. Used by one thread at a time; several
// conversations run side by side. Destroyed when the caller is gone, which ends what is bound to it.
class Conversation {
public:
    virtual ~Conversation() = default;
    // Takes one whole frame and gives the answer frame (never more than kMaxFrame bytes).
    virtual Reply transact(ByteView frame) = 0;

    // From any thread, while transact() may run: the caller is gone. A computation under way ends soon, and
    // nothing of it is stored.
    virtual void abandon() {}
    // From any thread: whether somebody was logged on after the newest command.
    virtual bool logged_on() const { return false; }
};

}  // namespace cs2sim
