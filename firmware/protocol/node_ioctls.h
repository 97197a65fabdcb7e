// The ioctls of the node, for whoever serves or calls it (device-formats.md, section 1.2; driver/README.md).
#pragma once

#include <cstdint>

namespace cs2sim {

inline constexpr unsigned kIoctlAwait = 0x6b02;
inline constexpr unsigned kIoctlTake = 0x6b08;
inline constexpr unsigned kIoctlGive = 0x6b09;
// Ours, as all that follow: take, waiting for at most the argument's number of milliseconds.
inline constexpr unsigned kIoctlTakeWithin = 0x6b0a;
// From now on a blocking read() of this open file waits for at most the argument's number of
// milliseconds, negative for ever. A client that would else poll() for its time-out saves three requests a
// command.
inline constexpr unsigned kIoctlReadWithin = 0x6b0b;

// A request and its answer in one call, which returns the size of the answer frame.
//
// In a window: the argument of the first is a descriptor of memory (memfd, sealed against shrinking), which
// is from then on the window of this open file. That of the second is a number of milliseconds, negative for
// ever: the frame at the start of the window is the request, and the answer is written over it.
inline constexpr unsigned kIoctlShareWindow = 0x6b0c;
inline constexpr unsigned kIoctlExchangeInWindow = 0x6b0d;
// In the argument itself, for small frames: a SmallExchange, then the request, then space for the answer. The
// answer frame is written over all of it; what does not fit is left for read(). `size`, of the whole
// argument, is the caller's choice: the kernel carries all of it both ways. Not on CUSE, which would make two
// requests of it.
inline constexpr unsigned kMostSmallExchange = 4096;
constexpr unsigned ioctl_exchange_small(unsigned size) {
    return 0xc0006b0e | size << 16;  // _IOC(_IOC_READ | _IOC_WRITE, 'k', 0x0e, size)
}
struct SmallExchange {
    std::uint32_t size;       // of the request
    std::int32_t timeout_ms;  // negative: for ever
};
static_assert(sizeof(SmallExchange) == 8);

// Argument of kIoctlAwait; the same for 32-bit callers.
struct AwaitArgument {
    std::int32_t timeout_ms;
    std::uint32_t length;
    std::int32_t reserved;
};
static_assert(sizeof(AwaitArgument) == 12);

}  // namespace cs2sim
