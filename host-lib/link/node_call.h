// A request and its answer in one call of the device node, as cs2sim's own nodes take it (driver/README.md).
#pragma once

#include <cstddef>
#include <memory>

#include "firmware/protocol/bytes.h"

namespace cs2sim::host {

class NodeCall {
public:
    NodeCall();
    ~NodeCall();
    struct Outcome {
        int error = 0;         // errno, or 0
        std::size_t size = 0;  // of the whole answer frame
        ByteView answer = {};  // what there was space for; the rest is for read(). Valid until the next call
    };
    // Whether the node may know one of the ways; false at the latest after it has refused both.
    bool possible() const { return small_ || in_window_; }

    // The request frame is `head` and then `body`. ENOTTY: nothing was sent, this frame has to be written and
    // its answer read. EINTR: the command runs on, its answer is for read(). `timeout_ms` is not negative.
    Outcome make(int fd, ByteView head, ByteView body, int timeout_ms);

private:
    class Window;

    Outcome make_small(int fd, ByteView head, ByteView body, std::size_t space, int timeout_ms);
    Outcome make_in_window(int fd, ByteView head, ByteView body, int timeout_ms);

    // Of an ioctl that has the request in its argument: the answers of one session are much alike.
    std::size_t argument_size(std::size_t request) const;

    bool small_ = true;            // the node knows that way, and
    bool in_window_ = true;        // that one
    std::size_t answer_size_ = 0;  // of the last answer
    Bytes argument_;
    std::unique_ptr<Window> window_;
};

}  // namespace cs2sim::host
