#include "driver/kernel_node.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "driver/thread_boundary.h"

namespace cs2sim {
namespace {

NodeFile& file_of(const fuse_file_info* info) { return *reinterpret_cast<NodeFile*>(info->fh); }

// A small reply goes to the kernel in one piece: to look up the page of each piece costs it more than a copy
// costs us.
ssize_t write_joined(int fd, iovec* pieces, int count, void*) {
    std::array<std::uint8_t, 1024> joined;
    std::size_t size = 0;
    for (const iovec& piece : std::span(pieces, static_cast<std::size_t>(count))) {
        if (piece.iov_len > joined.size() - size) return ::writev(fd, pieces, count);
        std::memcpy(joined.data() + size, piece.iov_base, piece.iov_len);
        size += piece.iov_len;
    }
    return ::write(fd, joined.data(), size);
}

ssize_t read_plainly(int fd, void* into, std::size_t size, void*) { return ::read(fd, into, size); }

class KernelPoller : public Poller {
public:
    explicit KernelPoller(fuse_pollhandle* handle) : handle_(handle) {}
    ~KernelPoller() override { fuse_pollhandle_destroy(handle_); }
    void wake() override { fuse_lowlevel_notify_poll(handle_); }

private:
    fuse_pollhandle* handle_;
};

// Where memory runs out before a request is answered, its answer is ENOMEM.
template <class Work>
void guarded_request(fuse_req_t request, Work&& work) {
    if (!guarded("device node", work)) fuse_reply_err(request, ENOMEM);
}

}  // namespace

// A read, or an ioctl that may wait.
class KernelNode::Request : public NodeRequest {
public:
    enum class Kind : std::uint8_t { read, take, await, exchange_small, exchange_in_window };
    Request(Kind kind, fuse_req_t request, void* argument_at = nullptr, AwaitArgument argument = {})
        : kind_(kind), request_(request), argument_at_(argument_at), argument_(argument) {
        fuse_req_interrupt_func(request_, on_signal, &KernelNode::of(request_).node_);
    }
    Request(fuse_req_t request, std::shared_ptr<const CallerWindow> window)
        : Request(Kind::exchange_in_window, request) {
        window_ = std::move(window);
    }

    const void* key() const override { return request_; }
    bool interrupted() const override { return fuse_req_interrupted(request_) != 0; }

    void finish(Outcome outcome) override {
        if (outcome.error != 0) {
            fuse_reply_err(request_, outcome.error);
        } else if (kind_ == Kind::read) {
            fuse_reply_buf(request_, reinterpret_cast<const char*>(outcome.data.data()), outcome.data.size());
        } else if (kind_ == Kind::take) {
            fuse_reply_ioctl(request_, 0, nullptr, 0);
        } else if (kind_ == Kind::await) {
            argument_.length = outcome.length;
            KernelNode::of(request_).reply_await(request_, argument_at_, argument_);
        } else if (kind_ == Kind::exchange_small) {
            fuse_reply_ioctl(request_, static_cast<int>(outcome.length), outcome.data.data(),
                             outcome.data.size());
        } else if (!window_->write(outcome.data)) {
            fuse_reply_err(request_, EFAULT);
        } else {
            fuse_reply_ioctl(request_, static_cast<int>(outcome.length), nullptr, 0);
        }
    }

private:
    static void on_signal(fuse_req_t request, void* node) { static_cast<Node*>(node)->interrupt(request); }

    Kind kind_;
    fuse_req_t request_;
    void* argument_at_;  // in the caller's memory
    AwaitArgument argument_;
    std::shared_ptr<const CallerWindow> window_;
};

KernelNode::~KernelNode() = default;

Opened<void> KernelNode::serve(fuse_session* session) {
    session_ = session;
    static constexpr fuse_custom_io io = [] {  // its members differ between versions of libfuse
        fuse_custom_io made{};
        made.writev = write_joined;
        made.read = read_plainly;
        return made;
    }();
    if (fuse_session_custom_io(session, &io, fuse_session_fd(session)) != 0)
        spdlog::warn("device node: replies go out in pieces");
    try {
        loop_ = std::make_unique<SessionLoop>(session);
    } catch (const std::system_error& problem) {
        return tl::make_unexpected(path_ + ": " + problem.what());
    }
    loop_->start();
    return {};
}

void KernelNode::stop() {
    if (session_ == nullptr) return;
    node_.stop();
    if (loop_) loop_->stop();
    fuse_session_unmount(session_);
    fuse_session_destroy(session_);
    session_ = nullptr;
    node_.close_all();
    unmounted();
}

void KernelNode::open(fuse_req_t request, fuse_file_info* info) {
    if (node_.full()) {
        fuse_reply_err(request, ENFILE);
        return;
    }
    std::shared_ptr<NodeFile> file;
    loop_->begin_command(false);
    guarded("device node", [&] {
        if (auto conversation = answerer_("pid " + std::to_string(fuse_req_ctx(request)->pid)))
            file = node_.open(std::move(conversation));
    });
    loop_->end_command();
    if (!file) {
        fuse_reply_err(request, EBUSY);
        return;
    }
    info->fh = reinterpret_cast<std::uintptr_t>(file.get());
    info->noflush = 1;  // else close() waits for us, whatever becomes of us, and nothing ends such a wait
    if (reply_open(request, info) != 0) file->close();  // a signal ended the open: no release will follow
}

void KernelNode::read(fuse_req_t request, std::size_t size, fuse_file_info* info) {
    guarded_request(request, [&] {
        file_of(info).read(std::make_unique<Request>(Request::Kind::read, request), size,
                           (info->flags & O_NONBLOCK) != 0);
    });
}

void KernelNode::write(fuse_req_t request, const char* data, std::size_t size, fuse_file_info* info) {
    const auto file = file_of(info).shared_from_this();  // the client may close before the command ends
    SessionLoop& loop = *of(request).loop_;
    const NodeFile::Written written =
        file->write({reinterpret_cast<const std::uint8_t*>(data), size}, (info->flags & O_NONBLOCK) != 0);
    if (written.error != 0) {
        fuse_reply_err(request, written.error);
        return;
    }
    fuse_reply_write(request, written.taken);
    if (!written.whole) return;
    run(*file, loop);
}

void KernelNode::run(NodeFile& file, SessionLoop& loop) {
    loop.begin_command(file.runs_long());
    guarded("device node", [&] { file.run(); });  // the request has been taken over
    loop.end_command();
}

void KernelNode::ioctl(fuse_req_t request, unsigned command, void* argument, fuse_file_info* info,
                       const void* in, std::size_t in_size) {
    guarded_request(request, [&] { answer_ioctl(request, command, argument, info, in, in_size); });
}

void KernelNode::answer_ioctl(fuse_req_t request, unsigned command, void* argument, fuse_file_info* info,
                              const void* in, std::size_t in_size) {
    NodeFile& file = file_of(info);
    const auto number = static_cast<std::int32_t>(reinterpret_cast<std::intptr_t>(argument));
    AwaitArgument await;
    switch (command) {
        case kIoctlTake:
            file.take(std::make_unique<Request>(Request::Kind::take, request), std::chrono::milliseconds(0));
            return;
        case kIoctlTakeWithin:
            file.take(std::make_unique<Request>(Request::Kind::take, request),
                      std::chrono::milliseconds(number));
            return;
        case kIoctlReadWithin:
            file.limit_reads(std::chrono::milliseconds(number));
            fuse_reply_ioctl(request, 0, nullptr, 0);
            return;
        case kIoctlGive:
            if (const int error = file.give(); error != 0)
                fuse_reply_err(request, error);
            else
                fuse_reply_ioctl(request, 0, nullptr, 0);
            return;
        case kIoctlAwait:
            if (!of(request).fetch(request, argument, in, in_size, await)) return;
            file.await(std::make_unique<Request>(Request::Kind::await, request, argument, await),
                       std::chrono::milliseconds(await.timeout_ms));
            return;
        case kIoctlShareWindow:
            share_window(request, info, number);
            return;
        case kIoctlExchangeInWindow:
            exchange_in_window(request, info, std::chrono::milliseconds(number));
            return;
        default:
            // On CUSE such an argument does not come along.
            if (in_size != 0 && in_size <= kMostSmallExchange &&
                command == ioctl_exchange_small(static_cast<unsigned>(in_size)))
                exchange_small(request, info, {static_cast<const std::uint8_t*>(in), in_size});
            else
                fuse_reply_err(request, ENOTTY);
    }
}

void KernelNode::share_window(fuse_req_t request, fuse_file_info* info, int descriptor) {
    auto window = CallerWindow::open(fuse_req_ctx(request)->pid, descriptor);
    if (!window) {
        fuse_reply_err(request, window.error());
        return;
    }
    file_of(info).share(*std::move(window));
    fuse_reply_ioctl(request, 0, nullptr, 0);
}

void KernelNode::exchange_in_window(fuse_req_t request, fuse_file_info* info,
                                    std::chrono::milliseconds timeout) {
    auto window = file_of(info).window();
    std::array<std::uint8_t, kFrameHeader> header{};
    if (!window || !window->read(header)) {
        fuse_reply_err(request, window ? EFAULT : ENXIO);
        return;
    }
    const std::size_t size = std::min<std::size_t>(big_endian(ByteView(header).subspan(1)), kMaxFrame);
    // A copy, which its owner cannot change any more. Not cleared before: that would cost as much again.
    const auto memory = std::make_unique_for_overwrite<std::uint8_t[]>(size);
    const std::span<std::uint8_t> frame(memory.get(), size);
    if (!window->read(frame)) {
        fuse_reply_err(request, EFAULT);
        return;
    }
    exchange(request, info, std::make_unique<Request>(request, std::move(window)), frame, kMaxFrame, timeout);
}

void KernelNode::exchange_small(fuse_req_t request, fuse_file_info* info, ByteView argument) {
    SmallExchange head{};
    if (argument.size() >= sizeof head) std::memcpy(&head, argument.data(), sizeof head);
    if (argument.size() < sizeof head || head.size > argument.size() - sizeof head) {
        fuse_reply_err(request, EINVAL);
        return;
    }
    exchange(request, info, std::make_unique<Request>(Request::Kind::exchange_small, request),
             argument.subspan(sizeof head, head.size), argument.size(),
             std::chrono::milliseconds(head.timeout_ms));
}

void KernelNode::exchange(fuse_req_t request, fuse_file_info* info, std::unique_ptr<NodeRequest> waiting,
                          ByteView frame, std::size_t space, std::chrono::milliseconds timeout) {
    const auto file = file_of(info).shared_from_this();  // the client may close before the command ends
    SessionLoop& loop = *of(request).loop_;
    if (const int error = file->exchange(waiting, frame, space, timeout); error != 0) {
        fuse_reply_err(request, error);
        return;
    }
    run(*file, loop);
}

void KernelNode::poll(fuse_req_t request, fuse_file_info* info, fuse_pollhandle* handle) {
    std::unique_ptr<KernelPoller> poller;
    if (handle != nullptr &&
        !guarded("device node", [&] { poller = std::make_unique<KernelPoller>(handle); }))
        fuse_pollhandle_destroy(handle);  // who polls is told nothing later, and so is told now
    if (handle != nullptr && !poller) {
        fuse_reply_err(request, ENOMEM);
        return;
    }
    guarded_request(request, [&] { fuse_reply_poll(request, file_of(info).poll(std::move(poller))); });
}

void KernelNode::release(fuse_req_t request, fuse_file_info* info) {
    file_of(info).close();
    fuse_reply_err(request, 0);
}

}  // namespace cs2sim
