#include "driver/socket_caller.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>

namespace cs2sim {
namespace {

// Who sends one command after the other is answered sooner when no thread has to be woken for the next
// (README.md, "What a round trip costs"); any other caller costs that moment a command.
constexpr auto kLinger = std::chrono::microseconds(20);

// A command needs room for its decoded and its sealed form, and for its answer.
constexpr std::size_t kCopiesOfACommand = 4;

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK; }

}  // namespace

std::unique_ptr<ReadBuffers::Buffer> ReadBuffers::take() {
    {
        const std::lock_guard lock(mutex_);
        if (spares_ > 0) return std::move(spare_[--spares_]);
    }
    return std::unique_ptr<Buffer>(new Buffer);  // not cleared: that would cost as much as a short command
}

void ReadBuffers::give_back(std::unique_ptr<Buffer> buffer) noexcept {
    const std::lock_guard lock(mutex_);
    if (spares_ < spare_.size()) spare_[spares_++] = std::move(buffer);
}

SocketCaller::~SocketCaller() { ::close(fd_); }

void SocketCaller::serve(std::unique_ptr<Conversation> conversation) {
    // Whatever ends this, the conversation ends on this thread.
    struct End {
        SocketCaller& caller;
        ~End() {
            std::unique_ptr<Conversation> over;
            {
                const std::lock_guard lock(caller.mutex_);
                over = std::move(caller.conversation_);
            }
            caller.release_buffer();
            caller.reader_ = FrameReader();
            caller.holding_.reset();
        }
    } end{*this};
    {
        const std::lock_guard lock(mutex_);
        conversation_ = std::move(conversation);
    }
    holding_.emplace(memory_, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->hang_up();
    });
    while (const std::size_t size = read())
        if (!take(size)) return;
}

void SocketCaller::hang_up() { ::shutdown(fd_, SHUT_RDWR); }

void SocketCaller::abandon() {
    hang_up();
    const std::lock_guard lock(mutex_);
    if (conversation_) conversation_->abandon();
}

std::optional<SocketCaller::Instant> SocketCaller::idle_without_logon() const {
    const Instant::rep since = waiting_since_;
    if (since == 0) return std::nullopt;
    const std::lock_guard lock(mutex_);
    if (conversation_ && conversation_->logged_on()) return std::nullopt;
    return Instant(Instant::duration(since));
}

bool SocketCaller::wait_for(short events) {
    for (;;) {
        pollfd entry{fd_, events, 0};
        if (::poll(&entry, 1, -1) >= 0) return true;
        if (errno != EINTR) return false;
    }
}

bool SocketCaller::wait_for_bytes() {
    release_buffer();
    waiting_since_ = std::chrono::steady_clock::now().time_since_epoch().count();
    const bool waited = wait_for(POLLIN);
    waiting_since_ = 0;
    return waited;
}

std::size_t SocketCaller::read() {
    std::optional<Instant> lingers_until;
    for (;;) {
        if (!buffer_) buffer_ = buffers_.take();
        const ssize_t got = ::recv(fd_, buffer_->data(), buffer_->size(), MSG_DONTWAIT);
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno == EINTR) continue;
        if (!would_block()) return 0;
        const Instant now = std::chrono::steady_clock::now();
        if (!lingers_until) lingers_until = now + kLinger;
        if (now < *lingers_until)
            std::this_thread::yield();
        else if (!wait_for_bytes())
            return 0;
    }
}

// Has what came answered; false when the connection ends.
bool SocketCaller::take(std::size_t size) {
    const ByteView bytes = ByteView(*buffer_).first(size);
    if (reader_.idle() && is_frame(bytes)) return answer(bytes);  // the usual case; saves copies
    reader_.feed(bytes);
    release_buffer();
    while (const auto frame = reader_.next())
        if (!answer(*frame)) return false;
    if (reader_.lost()) return false;  // nobody knows where the next frame begins
    if (hold(reader_.held()) || !reader_.refuse()) return true;
    hold(0);
    return refuse(E_CMDS_NO_MEM);
}

bool SocketCaller::answer(ByteView frame) {
    if (frame.size() > CallerMemory::kUncounted && !hold(frame.size() * kCopiesOfACommand))
        return refuse(E_CMDS_NO_MEM);
    in_command_ = true;
    const Reply reply = conversation_->transact(frame);
    in_command_ = false;
    release_buffer();
    return send(reply) && hold(reader_.held());
}

bool SocketCaller::refuse(std::uint32_t code) { return send({Reply::Action::send, error_frame({code})}); }

// False when the connection ends.
bool SocketCaller::send(const Reply& reply) {
    if (reply.action == Reply::Action::drop) return true;
    for (ByteView rest = reply.frame; !rest.empty();) {
        const ssize_t sent = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            rest = rest.subspan(static_cast<std::size_t>(sent));
        } else if (would_block()) {
            if (!hold(reply.frame.capacity()) || !wait_for(POLLOUT)) return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return reply.action == Reply::Action::send;
}

// Most callers never hold anything that counts.
bool SocketCaller::hold(std::size_t bytes) {
    if (!holds_ && bytes <= CallerMemory::kUncounted) return true;
    const bool held = holding_->hold(bytes, conversation_->logged_on());
    if (held) holds_ = bytes > CallerMemory::kUncounted;
    return held;
}

void SocketCaller::release_buffer() {
    if (buffer_) buffers_.give_back(std::move(buffer_));
}

}  // namespace cs2sim
