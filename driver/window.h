// A file in memory (memfd) that a caller shares with the node, so that large requests and answers need not be
// carried by the kernel page by page. It is read and written like a file, never mapped: its owner may change
// or shorten it at any time, and the worst that comes of it is an error.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <tl/expected.hpp>

#include "firmware/wire/bytes.h"

namespace cs2sim {

class Window {
public:
    // The file that process (or thread) `pid`, which is inside a call of ours, has open as `descriptor`.
    // Errors (errno): EBADF when it has none, EPERM when the daemon may not look, EINVAL when it is no file
    // in memory.
    static tl::expected<std::shared_ptr<const Window>, int> open(pid_t pid, int descriptor);
    ~Window();
    Window(const Window&) = delete;
    Window& operator=(const Window&) = delete;

    // From the start of the file. False when it is too short, or there is no memory.
    bool read(std::span<std::uint8_t> into) const;
    bool write(ByteView bytes) const;

private:
    explicit Window(int fd) : fd_(fd) {}

    int fd_;
};

}  // namespace cs2sim
