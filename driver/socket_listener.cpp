#include "driver/socket_listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

#include "driver/thread_boundary.h"

namespace cs2sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kListening = 0;
constexpr std::uint64_t kStop = 1;

// A place is made for a newcomer where somebody has been idle for so long.
constexpr auto kIdle = 100ms;
// On TCP, who has closed looks like who only sends no more; the answer of a short command is waited for.
constexpr auto kHalfClosed = 2s;

std::string peer_of(int fd) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    ::getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &size);
    char text[INET6_ADDRSTRLEN] = "?";
    if (storage.ss_family == AF_INET) {
        const auto& address = reinterpret_cast<const sockaddr_in&>(storage);
        ::inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
        return "tcp " + std::string(text) + ":" + std::to_string(ntohs(address.sin_port));
    }
    if (storage.ss_family == AF_INET6) {
        const auto& address = reinterpret_cast<const sockaddr_in6&>(storage);
        ::inet_ntop(AF_INET6, &address.sin6_addr, text, sizeof text);
        return "tcp " + std::string(text) + ":" + std::to_string(ntohs(address.sin6_port));
    }
    ucred credentials{};
    socklen_t length = sizeof credentials;
    ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length);
    return "unix pid " + std::to_string(credentials.pid);
}

// A caller whose machine or network is gone is noticed within two minutes. No effect on Unix sockets.
void prepare(int fd) {
    const auto set = [fd](int level, int name, int value) {
        ::setsockopt(fd, level, name, &value, sizeof value);
    };
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_NODELAY, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, 60);
    set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
    set(IPPROTO_TCP, TCP_KEEPCNT, 6);
}

bool watch_for(int events, int fd, std::uint32_t what, std::uint64_t number) {
    epoll_event event{};
    event.events = what;
    event.data.u64 = number;
    return ::epoll_ctl(events, EPOLL_CTL_ADD, fd, &event) == 0;
}

}  // namespace

SocketListener::SocketListener(int fd, Socket whose, std::string address, std::string file, Answerer answerer,
                               const SocketOptions& options)
    : fd_(fd),
      whose_(whose),
      address_(std::move(address)),
      file_(std::move(file)),
      answerer_(std::move(answerer)),
      options_(options),
      memory_(options.memory ? options.memory : std::make_shared<CallerMemory>()) {}

SocketListener::~SocketListener() {
    SocketListener::stop();
    for (const int fd : {fd_, events_, stop_event_})
        if (fd >= 0) ::close(fd);
}

bool SocketListener::start() {
    events_ = ::epoll_create1(EPOLL_CLOEXEC);
    stop_event_ = ::eventfd(0, EFD_CLOEXEC);
    if (events_ < 0 || stop_event_ < 0 || !watch_for(events_, fd_, EPOLLIN, kListening) ||
        !watch_for(events_, stop_event_, EPOLLIN, kStop))
        return false;
    return guarded(address_, [this] { thread_ = std::thread([this] { watch(); }); });
}

void SocketListener::stop() {
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(stopping_, true)) return;
        for (const auto& [number, caller] : callers_) caller->abandon();
    }
    if (!file_.empty()) ::unlink(file_.c_str());
    if (thread_.joinable()) {
        ::eventfd_write(stop_event_, 1);
        thread_.join();
    }
    // Who connects from now on is refused. A shutdown acts on the socket, not on our descriptor of it.
    if (whose_ == Socket::own) ::shutdown(fd_, SHUT_RDWR);
    std::unique_lock lock(mutex_);
    gone_.wait(lock, [&] { return callers_.empty(); });
}

bool SocketListener::stopping() {
    const std::lock_guard lock(mutex_);
    return stopping_;
}

void SocketListener::watch() {
    for (bool stopping = false; !stopping;) {
        epoll_event happened[16];
        const int count =
            ::epoll_wait(events_, happened, std::size(happened), half_closed_.empty() ? -1 : 100);
        for (int i = 0; i < count; ++i) {
            const std::uint64_t number = happened[i].data.u64;
            if (number == kStop)
                stopping = true;
            else if (number == kListening)
                guarded("accept", [&] { accept_all(); });
            else
                guarded("caller", [&] { note_hang_up(number, happened[i].events); });
        }
        if (!half_closed_.empty()) abandon_half_closed(std::chrono::steady_clock::now());
    }
}

void SocketListener::accept_all() {
    while (!stopping()) {  // who is in the queue of an inherited socket is the next process's
        const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd >= 0) {
            admit(fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            std::unique_lock lock(mutex_);
            if (!make_place(lock)) gone_.wait_for(lock, 5ms);
            return;  // the caller is still in the queue
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

// Ends the caller without logon who is idle for longest; false when there is none.
bool SocketListener::make_place(std::unique_lock<std::mutex>& lock) {
    const std::size_t before = callers_.size();
    Instant oldest = std::chrono::steady_clock::now() - kIdle;
    SocketCaller* leaver = nullptr;
    for (const auto& [number, caller] : callers_) {
        const auto idle = caller->idle_without_logon();
        if (!idle || *idle > oldest) continue;
        oldest = *idle;
        leaver = caller.get();
    }
    if (!leaver) return false;
    leaver->hang_up();
    return gone_.wait_for(lock, 1s, [&] { return stopping_ || callers_.size() < before; });
}

void SocketListener::admit(int fd) {
    struct Closing {
        int fd;
        ~Closing() {
            if (fd >= 0) ::close(fd);
        }
    } closing{fd};
    const std::string peer = peer_of(fd);
    prepare(fd);
    auto caller = std::make_shared<SocketCaller>(fd, *memory_, buffers_);
    closing.fd = -1;
    std::unique_lock lock(mutex_);
    if (stopping_ || (callers_.size() >= options_.max_callers && !make_place(lock)) || stopping_) return;
    const Number number = ++last_;
    const auto place = callers_.emplace(number, caller).first;
    // Its end alone: to look at each of its messages is its own thread's affair.
    watch_for(events_, fd, EPOLLRDHUP | EPOLLET, number);
    // Without a thread, or memory for one, it takes no place.
    const bool served = guarded(
        peer, [&] { std::thread([this, number, caller, peer] { serve(number, caller, peer); }).detach(); });
    if (!served) callers_.erase(place);
}

void SocketListener::serve(Number number, std::shared_ptr<SocketCaller> caller, const std::string& peer) {
    guarded(peer, [&] {
        if (auto conversation = answerer_(peer)) caller->serve(std::move(conversation));
    });
    caller->hang_up();
    const std::lock_guard lock(mutex_);
    caller.reset();
    callers_.erase(number);  // closes the socket
    gone_.notify_all();
}

void SocketListener::note_hang_up(Number number, std::uint32_t events) {
    std::shared_ptr<SocketCaller> caller;
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = callers_.find(number); found != callers_.end()) caller = found->second;
    }
    if (!caller) return;
    if ((events & (EPOLLHUP | EPOLLERR)) != 0)
        caller->abandon();
    else
        half_closed_.emplace(number, std::chrono::steady_clock::now());
}

void SocketListener::abandon_half_closed(Instant now) {
    std::erase_if(half_closed_, [&](const auto& entry) {
        if (now - entry.second < kHalfClosed) return false;
        const std::lock_guard lock(mutex_);
        const auto found = callers_.find(entry.first);
        if (found != callers_.end() && found->second->in_command()) found->second->abandon();
        return true;
    });
}

}  // namespace cs2sim
