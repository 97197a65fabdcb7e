// A secret that stays for as long as somebody is logged on: in memory that is not swapped out, not dumped,
// and empty in children of the process.
#pragma once

#include <cstddef>

#include "firmware/protocol/bytes.h"

namespace cs2sim::p11 {

class LockedSecret {
public:
    LockedSecret() = default;
    // Where memory cannot be locked (RLIMIT_MEMLOCK) it is used unlocked. Throws std::bad_alloc.
    explicit LockedSecret(ByteView secret);
    ~LockedSecret();
    LockedSecret(LockedSecret&& other) noexcept;
    LockedSecret& operator=(LockedSecret&& other) noexcept;

    ByteView view() const { return {memory_, size_}; }

private:
    std::uint8_t* memory_ = nullptr;
    std::size_t size_ = 0;
    std::size_t mapped_ = 0;
};

}  // namespace cs2sim::p11
