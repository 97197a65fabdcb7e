// Memory that a caller shares with the node (memfd), so that large requests and answers need not be carried
// by the kernel page by page. Its owner may write to it at any time, so nothing is looked at before it is
// copied; and it is sealed against shrinking, so that it cannot vanish under the daemon.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <tl/expected.hpp>

#include "firmware/protocol/bytes.h"

namespace cs2sim {

class CallerWindow {
public:
    // Maps the file that process (or thread) `pid`, which is inside a call of ours, has open as `descriptor`;
    // of a long one its first kMaxFrame bytes. Errors (errno): EBADF when it has none, EPERM when the daemon
    // may not look, EINVAL when it is no memory that is sealed with F_SEAL_SHRINK, or empty; ENOMEM.
    static tl::expected<std::shared_ptr<const CallerWindow>, int> open(pid_t pid, int descriptor);
    ~CallerWindow();
    CallerWindow(const CallerWindow&) = delete;
    CallerWindow& operator=(const CallerWindow&) = delete;

    // Copies from and to its start. False when it is too short.
    bool read(std::span<std::uint8_t> into) const;
    bool write(ByteView bytes) const;

private:
    explicit CallerWindow(std::span<std::uint8_t> memory) : memory_(memory) {}

    std::span<std::uint8_t> memory_;
};

}  // namespace cs2sim
