#include "host-lib/node_call.h"

#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace cs2sim::host {
namespace {

struct ExchangeArgument {
    std::uint64_t request;
    std::uint64_t answer;
    std::uint32_t request_size;
    std::uint32_t answer_size;
    std::int32_t timeout_ms;
    std::uint32_t reserved;
};
constexpr unsigned long kIoctlExchange = _IOW('k', 0x0c, ExchangeArgument);

struct SmallExchange {
    std::uint32_t size;
    std::int32_t timeout_ms;
    std::uint8_t request[4088];
};
constexpr unsigned long kIoctlExchangeSmall = _IOWR('k', 0x0d, SmallExchange);

constexpr std::size_t kLeastSpace = 65536;

// Drivers that do not know a number say ENOTTY or EINVAL; ours says EPERM when it may not use our memory.
bool is_unknown(int error) { return error == ENOTTY || error == EINVAL || error == EPERM; }

}  // namespace

NodeCall::Outcome NodeCall::make(int fd, ByteView frame, int timeout_ms) {
    Outcome outcome{.error = ENOTTY};
    if (small_ && frame.size() <= sizeof(SmallExchange::request) && expected_ <= sizeof(SmallExchange)) {
        outcome = make_small(fd, frame, timeout_ms);
        if (is_unknown(outcome.error)) small_ = false;
    }
    if (large_ && is_unknown(outcome.error)) {
        outcome = make_large(fd, frame, timeout_ms);
        if (is_unknown(outcome.error)) large_ = false;
    }
    if (is_unknown(outcome.error)) return {.error = ENOTTY};
    expected_ = std::max(expected_, outcome.size);
    return outcome;
}

NodeCall::Outcome NodeCall::make_small(int fd, ByteView frame, int timeout_ms) {
    buffer_.resize(std::max(buffer_.size(), sizeof(SmallExchange)));
    const auto size = static_cast<std::uint32_t>(frame.size());
    std::memcpy(buffer_.data() + offsetof(SmallExchange, size), &size, sizeof size);
    std::memcpy(buffer_.data() + offsetof(SmallExchange, timeout_ms), &timeout_ms, sizeof timeout_ms);
    std::memcpy(buffer_.data() + offsetof(SmallExchange, request), frame.data(), frame.size());
    const int answer = ::ioctl(fd, kIoctlExchangeSmall, buffer_.data());
    if (answer < 0) return {.error = errno};
    const auto whole = static_cast<std::size_t>(answer);
    return {.size = whole, .answer = ByteView(buffer_).first(std::min(whole, sizeof(SmallExchange)))};
}

NodeCall::Outcome NodeCall::make_large(int fd, ByteView frame, int timeout_ms) {
    buffer_.resize(std::max({buffer_.size(), expected_, kLeastSpace}));
    const ExchangeArgument argument{reinterpret_cast<std::uintptr_t>(frame.data()),
                                    reinterpret_cast<std::uintptr_t>(buffer_.data()),
                                    static_cast<std::uint32_t>(frame.size()),
                                    static_cast<std::uint32_t>(buffer_.size()),
                                    timeout_ms,
                                    0};
    const int answer = ::ioctl(fd, kIoctlExchange, &argument);
    if (answer < 0) return {.error = errno};
    const auto whole = static_cast<std::size_t>(answer);
    return {.size = whole, .answer = ByteView(buffer_).first(std::min(whole, buffer_.size()))};
}

}  // namespace cs2sim::host
