// A request and its answer in one call of the device node, as cs2sim's own nodes take it (driver/README.md).
#pragma once

#include <cstddef>

#include "firmware/wire/bytes.h"

namespace cs2sim::host {

class NodeCall {
public:
    struct Outcome {
        int error = 0;         // errno, or 0
        std::size_t size = 0;  // of the whole answer frame
        ByteView answer = {};  // what there was space for; the rest is for read(). Valid until the next call
    };
    // ENOTTY: nothing was sent, this node has to be written to and read from. EINTR: the command runs on, its
    // answer is for read(). `timeout_ms` is not negative.
    Outcome make(int fd, ByteView frame, int timeout_ms);

private:
    Outcome make_small(int fd, ByteView frame, int timeout_ms);
    Outcome make_large(int fd, ByteView frame, int timeout_ms);

    bool small_ = true;         // the node knows that kind, and
    bool large_ = true;         // that one
    std::size_t expected_ = 0;  // the largest answer so far: those of one session are much alike
    Bytes buffer_;
};

}  // namespace cs2sim::host
