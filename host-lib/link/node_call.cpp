#include "host-lib/link/node_call.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "firmware/protocol/frame.h"
#include "firmware/protocol/node_ioctls.h"
#include "host-lib/files/file_descriptor.h"

namespace cs2sim::host {
namespace {

// Drivers that do not know a number say ENOTTY or EINVAL; ours says EPERM when it may not look at us; QEMU,
// running a program of another processor, ENOSYS.
bool is_unknown(int error) { return error == ENOTTY || error == EINVAL || error == EPERM || error == ENOSYS; }

// Most commands and answers are smaller.
constexpr std::size_t kLeastArgument = 512;

void put(std::uint8_t* to, ByteView head, ByteView body) {
    std::memcpy(to, head.data(), head.size());
    if (!body.empty()) std::memcpy(to + head.size(), body.data(), body.size());
}

}  // namespace

// Memory that the node maps too. Not for children: they would talk over each other.
class NodeCall::Window {
public:
    // Null when there is no such memory.
    static std::unique_ptr<Window> make() {
        FileDescriptor file(::memfd_create("cs2sim", MFD_CLOEXEC | MFD_ALLOW_SEALING));
        if (!file || ::ftruncate(file.get(), kMaxFrame) != 0 ||
            ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0)
            return nullptr;
        void* memory = ::mmap(nullptr, kMaxFrame, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
        if (memory == MAP_FAILED) return nullptr;
        return std::make_unique<Window>(std::move(file), static_cast<std::uint8_t*>(memory));
    }
    Window(FileDescriptor file, std::uint8_t* memory) : file_(std::move(file)), memory_(memory) {}
    ~Window() { ::munmap(memory_, kMaxFrame); }
    Window(const Window&) = delete;
    Window& operator=(const Window&) = delete;

    int file() const { return file_.get(); }
    std::uint8_t* memory() const { return memory_; }

private:
    FileDescriptor file_;
    std::uint8_t* memory_;
};

NodeCall::NodeCall() = default;
NodeCall::~NodeCall() = default;

NodeCall::Outcome NodeCall::make(int fd, ByteView head, ByteView body, int timeout_ms) {
    Outcome outcome{.error = ENOTTY};
    const std::size_t space = argument_size(head.size() + body.size());
    if (small_ && space <= kMostSmallExchange) {
        outcome = make_small(fd, head, body, space, timeout_ms);
        if (is_unknown(outcome.error)) small_ = false;
    }
    if (in_window_ && is_unknown(outcome.error)) {
        outcome = make_in_window(fd, head, body, timeout_ms);
        if (is_unknown(outcome.error)) in_window_ = false;
    }
    if (is_unknown(outcome.error)) {
        answer_size_ = 0;  // of this one nothing is known
        return {.error = ENOTTY};
    }
    if (outcome.error == 0) answer_size_ = outcome.size;
    return outcome;
}

std::size_t NodeCall::argument_size(std::size_t request) const {
    const std::size_t size = std::max({kLeastArgument, sizeof(SmallExchange) + request, answer_size_});
    return (size + 63) / 64 * 64;
}

NodeCall::Outcome NodeCall::make_small(int fd, ByteView head, ByteView body, std::size_t space,
                                       int timeout_ms) {
    argument_.resize(space);
    const SmallExchange exchange{static_cast<std::uint32_t>(head.size() + body.size()), timeout_ms};
    std::memcpy(argument_.data(), &exchange, sizeof exchange);
    put(argument_.data() + sizeof exchange, head, body);
    const int answer = ::ioctl(fd, ioctl_exchange_small(static_cast<unsigned>(space)), argument_.data());
    if (answer < 0) return {.error = errno};
    const auto whole = static_cast<std::size_t>(answer);
    return {.size = whole, .answer = ByteView(argument_).first(std::min(whole, argument_.size()))};
}

NodeCall::Outcome NodeCall::make_in_window(int fd, ByteView head, ByteView body, int timeout_ms) {
    if (head.size() + body.size() > kMaxFrame) return {.error = ENOTTY};
    if (!window_) {
        window_ = Window::make();
        if (!window_) return {.error = ENOTTY};
        if (::ioctl(fd, kIoctlShareWindow, window_->file()) != 0) return {.error = errno};
    }
    put(window_->memory(), head, body);
    const int answer = ::ioctl(fd, kIoctlExchangeInWindow, timeout_ms);
    if (answer < 0) return {.error = errno};
    const auto whole = static_cast<std::size_t>(answer);
    return {.size = whole, .answer = ByteView(window_->memory(), std::min(whole, kMaxFrame))};
}

}  // namespace cs2sim::host
