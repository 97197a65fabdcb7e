// The ioctls of the node, for whoever serves or calls it (device-formats.md, section 1.2; README.md).
#pragma once

#include <cstdint>

namespace cs2sim {

inline constexpr unsigned kIoctlAwait = 0x6b02;
inline constexpr unsigned kIoctlTake = 0x6b08;
inline constexpr unsigned kIoctlGive = 0x6b09;
// Our assumption: take, waiting for at most the argument's number of milliseconds.
inline constexpr unsigned kIoctlTakeWithin = 0x6b0a;
// Our assumption: from now on a blocking read() of this open file waits for at most the argument's number of
// milliseconds, negative for ever. A client that would else poll() for its time-out saves three requests a
// command.
inline constexpr unsigned kIoctlReadWithin = 0x6b0b;

// Our assumption: a request and its answer in one call, straight between the caller's memory and ours.
inline constexpr unsigned kIoctlExchange = 0x6b0c;

// Argument of kIoctlExchange; the same for 32-bit callers. The ioctl returns the size of the whole answer
// frame, of which `answer` gets as much as `answer_size` allows; the rest is for read().
struct ExchangeArgument {
    std::uint64_t request;  // address of one whole frame
    std::uint64_t answer;   // address
    std::uint32_t request_size;
    std::uint32_t answer_size;
    std::int32_t timeout_ms;  // negative: for ever
    std::uint32_t reserved;
};
static_assert(sizeof(ExchangeArgument) == 32);

// Argument of kIoctlAwait; the same for 32-bit callers.
struct AwaitArgument {
    std::int32_t timeout_ms;
    std::uint32_t length;
    std::int32_t reserved;
};
static_assert(sizeof(AwaitArgument) == 12);

}  // namespace cs2sim
