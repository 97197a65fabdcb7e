#include "host-lib/link/transport.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <future>
#include <optional>
#include <system_error>
#include <thread>

#include "firmware/protocol/frame.h"
#include "firmware/protocol/functions.h"
#include "firmware/protocol/node_ioctls.h"
#include "host-lib/files/file_descriptor.h"
#include "host-lib/link/brief_wait.h"
#include "host-lib/link/node_call.h"

namespace cs2sim::host {
namespace {

class Deadline {
public:
    explicit Deadline(Milliseconds timeout) : whole_(timeout), end_(Clock::now() + timeout) {}
    Milliseconds whole() const { return whole_; }
    // For poll(): 0 when it has passed. Rounded up, so that a wait never ends just before it.
    int left() const {
        const auto left = std::chrono::ceil<Milliseconds>(end_ - Clock::now()).count();
        return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1 << 30));
    }

private:
    using Clock = std::chrono::steady_clock;
    Milliseconds whole_;
    Clock::time_point end_;
};

Result<void> wait_for(int fd, short events, const Deadline& deadline) {
    for (;;) {
        pollfd poll_entry{fd, events, 0};
        const int ready = ::poll(&poll_entry, 1, deadline.left());
        if (ready > 0) return {};  // hang-ups and errors show in the following read or write
        if (ready == 0) return fail(E_CSA_TIMEOUT);
        if (errno != EINTR) return fail(with_errno(E_CSA_POLL, errno));
    }
}

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK; }

// What a failed call says: the other side is gone, the node is another program's, or the system's own words.
std::uint32_t link_error(std::uint32_t call, int error) {
    switch (error) {
        case EBUSY:
            return E_CSA_BUSY;
        case EPIPE:
        case ECONNRESET:
        case ECONNABORTED:
        case ENOTCONN:
        case ENODEV:
        case ENXIO:
            return E_CSA_CLOSED;
        default:
            return with_errno(call, error);
    }
}

// The three transports differ in how they are opened; from then on each is a byte stream on a descriptor.
class Stream : public Transport {
public:
    enum class Kind : std::uint8_t { node, local_socket, distant_socket };

    Stream(FileDescriptor fd, Kind kind)
        : fd_(std::move(fd)),
          socket_(kind != Kind::node),
          local_(kind == Kind::local_socket),
          one_call_(!socket_),
          reads_wait_(!socket_) {}

    Result<ByteView> exchange(ByteView head, ByteView body, Milliseconds timeout) override {
        if (broken_) return fail(E_CSA_CLOSED);
        const Deadline deadline(timeout);
        auto answer = exchange_once(head, body, deadline);
        // A node that another program has taken refuses the first byte: nothing is pending then.
        if (!answer && answer.error().code != E_CSA_BUSY) broken_ = true;
        return answer;
    }

    int descriptor() const override { return fd_.get(); }

private:
    Result<ByteView> exchange_once(ByteView head, ByteView body, const Deadline& deadline) {
        if (one_call_) {
            if (const auto answer = call_node(head, body, deadline)) return *answer;
            one_call_ = node_call_.possible();
        }
        if (reads_wait_) limit_reads(deadline);
        if (body.empty()) {
            CS2SIM_TRY(send(head, deadline));
        } else {
            request_.assign(head.begin(), head.end());
            append(request_, body);
            CS2SIM_TRY(send(request_, deadline));
        }
        return receive(deadline);
    }

    // Nothing when the node is not for that; the frame is then still to be sent.
    std::optional<Result<ByteView>> call_node(ByteView head, ByteView body, const Deadline& deadline) {
        const NodeCall::Outcome outcome = node_call_.make(fd_.get(), head, body, deadline.left());
        if (outcome.error == ENOTTY) return std::nullopt;
        if (outcome.error == ETIMEDOUT) return fail(E_CSA_TIMEOUT);
        if (outcome.error != 0 && outcome.error != EINTR) return fail(link_error(E_CSA_IOCTL, outcome.error));
        if (is_frame(outcome.answer)) return outcome.answer;
        if (outcome.error == 0 && outcome.answer.size() == outcome.size) return fail(E_CSA_PROTOCOL);
        reader_.feed(outcome.answer);
        limit_reads(deadline);
        return receive(deadline);
    }

    // Lets the node keep the time of our reads, so that they may simply wait. Other nodes' drivers do not
    // know how to: then poll() waits.
    void limit_reads(const Deadline& deadline) {
        const Milliseconds timeout = deadline.whole();
        if (timeout == limit_) return;
        const auto most = static_cast<std::int32_t>(std::min<std::int64_t>(timeout.count(), INT32_MAX));
        reads_wait_ = ::ioctl(fd_.get(), kIoctlReadWithin, most) == 0;
        const int flags = ::fcntl(fd_.get(), F_GETFL);
        ::fcntl(fd_.get(), F_SETFL, reads_wait_ ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
        limit_ = timeout;
    }

    Result<void> send(ByteView rest, const Deadline& deadline) {
        const std::size_t whole = rest.size();
        while (!rest.empty()) {
            const ssize_t written = socket_ ? ::send(fd_.get(), rest.data(), rest.size(), MSG_NOSIGNAL)
                                            : ::write(fd_.get(), rest.data(), rest.size());
            if (written > 0) {
                rest = rest.subspan(static_cast<std::size_t>(written));
            } else if (written < 0 && would_block()) {
                CS2SIM_TRY(wait_for(fd_.get(), POLLOUT, deadline));
            } else if (written == 0 || errno != EINTR) {
                const std::uint32_t code = written == 0 ? +E_CSA_CLOSED : link_error(E_CSA_WRITE, errno);
                return fail(code == E_CSA_BUSY && rest.size() != whole ? +E_CSA_CLOSED : code);
            }
        }
        return {};
    }

    Result<ByteView> receive(const Deadline& deadline) {
        BriefWait brief;
        for (;;) {
            if (!reads_wait_ && !local_) CS2SIM_TRY(wait_for(fd_.get(), POLLIN, deadline));
            if (buffer_.size() < expected_) buffer_.resize(expected_);
            const ssize_t got = ::read(fd_.get(), buffer_.data(), expected_);
            if (got == 0) return fail(E_CSA_CLOSED);
            if (got < 0) {
                if (errno == EINTR) continue;
                if (would_block()) {
                    if (local_ && !brief.again()) CS2SIM_TRY(wait_for(fd_.get(), POLLIN, deadline));
                    continue;
                }
                if (errno == ETIMEDOUT && reads_wait_) return fail(E_CSA_TIMEOUT);
                return fail(link_error(E_CSA_READ, errno));
            }
            const ByteView bytes = ByteView(buffer_).first(static_cast<std::size_t>(got));
            if (reader_.idle() && is_frame(bytes)) return bytes;
            reader_.feed(bytes);
            if (auto frame = reader_.next()) {
                expected_ = std::max(expected_, frame->size());
                if (!reader_.idle()) return fail(E_CSA_PROTOCOL);  // more than one answer
                gathered_ = std::move(*frame);
                return gathered_;
            }
        }
    }

    FileDescriptor fd_;
    bool socket_;
    bool local_;
    bool one_call_;
    NodeCall node_call_;
    bool reads_wait_;
    std::optional<Milliseconds> limit_;  // that the node knows
    bool broken_ = false;
    FrameReader reader_;
    std::size_t expected_ = 65536;  // answers of one session are much alike: large ones come in one read
    Bytes buffer_;
    Bytes gathered_;  // an answer that came in pieces
    Bytes request_;
};

Result<FileDescriptor> open_node_file(const std::string& path) {
    FileDescriptor fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd && (errno == ENOENT || errno == ENOTDIR || errno == EISDIR)) return fail(E_CSA_NO_NODE);
    if (!fd) return fail(with_errno(E_CSA_NODE_OPEN, errno));  // EBUSY: E_CSA_BUSY
    struct stat status {};
    struct statfs system {};
    if (::fstat(fd.get(), &status) != 0 || ::fstatfs(fd.get(), &system) != 0)
        return fail(with_errno(E_CSA_NODE_OPEN, errno));
    // The FUSE node is mounted on a plain file. Without its daemon only that file is left: not to be written
    // to.
    const bool fuse_node = S_ISREG(status.st_mode) && system.f_type == FUSE_SUPER_MAGIC;
    if (!S_ISCHR(status.st_mode) && !fuse_node) return fail(E_CSA_NO_NODE);
    return fd;
}

// The kernel lets nobody out of an open that the node's daemon does not answer (it is stopped, say). So a
// thread of its own waits there; it is left behind when time is up, and ends with the daemon or the process.
Result<std::unique_ptr<Transport>> open_node(const std::string& path, const Deadline& deadline) {
    std::promise<Result<FileDescriptor>> promise;
    auto opened = promise.get_future();
    try {
        std::thread([path, promise = std::move(promise)]() mutable {
            promise.set_value(open_node_file(path));
        }).detach();
    } catch (const std::system_error&) {
        return fail(E_CSA_NO_MEM);
    }
    if (opened.wait_for(Milliseconds(deadline.left())) != std::future_status::ready)
        return fail(E_CSA_TIMEOUT);
    CS2SIM_TRY_LET(fd, opened.get());
    return std::make_unique<Stream>(std::move(fd), Stream::Kind::node);
}

bool is_of_this_machine(const sockaddr& address) {
    if (address.sa_family == AF_UNIX) return true;
    if (address.sa_family == AF_INET)
        return reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr == htonl(INADDR_LOOPBACK);
    return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr);
}

Result<std::unique_ptr<Transport>> connect_socket(const sockaddr* address, socklen_t size,
                                                  const Deadline& deadline) {
    FileDescriptor fd(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return fail(with_errno(E_CSA_SOCKET, errno));
    if (::connect(fd.get(), address, size) != 0) {
        // A Unix socket whose queue is full says EAGAIN and cannot be waited for.
        if (errno != EINPROGRESS)
            return fail(errno == EAGAIN ? +E_CSA_BUSY : with_errno(E_CSA_CONNECT, errno));
        CS2SIM_TRY(wait_for(fd.get(), POLLOUT, deadline));
        int error = 0;
        socklen_t length = sizeof error;
        if (::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
        if (error != 0) return fail(with_errno(E_CSA_CONNECT, error));
    }
    if (address->sa_family != AF_UNIX) {
        const int on = 1;
        ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        ::setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    }
    const bool local = is_of_this_machine(*address);
    return std::make_unique<Stream>(std::move(fd),
                                    local ? Stream::Kind::local_socket : Stream::Kind::distant_socket);
}

Result<std::unique_ptr<Transport>> connect_unix(const std::string& path, const Deadline& deadline) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return fail(E_CSA_DEVICE_NAME);
    std::memcpy(address.sun_path, path.data(), path.size());
    return connect_socket(reinterpret_cast<const sockaddr*>(&address), sizeof address, deadline);
}

// The two frames with which network connections begin (device-formats.md, section 1.1).
Result<void> greet(Transport& transport, const Deadline& deadline) {
    static constexpr std::uint8_t kOpen[] = {0x00};
    static constexpr std::uint8_t kParameter[] = {0x00, 0x02};
    for (const Bytes& frame : {request_frame(FC_SMOS, SFC_SMOS_TRANSPORT_OPEN, kOpen),
                               request_frame(FC_SMOS, SFC_SMOS_TRANSPORT_PARAMETER, kParameter)}) {
        CS2SIM_TRY_LET(answer, transport.exchange(frame, Milliseconds(deadline.left())));
        CS2SIM_TRY(parse_answer(answer));
    }
    return {};
}

// Numbers with dots that are no address, and the short forms of the C library's inet_aton() (127.1, 0x7f.1):
// a typing error must reach no other machine, nor a name server.
bool is_bad_address(const std::string& place) {
    in_addr address{};
    if (::inet_pton(AF_INET, place.c_str(), &address) == 1) return false;
    return place.find_first_not_of("0123456789.") == std::string::npos ||
           ::inet_aton(place.c_str(), &address) != 0;
}

Result<std::unique_ptr<Transport>> connect_tcp(const DeviceAddress& where, const Deadline& deadline) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    if (is_bad_address(where.place)) return fail(E_CSA_ADDRESS);
    addrinfo* found = nullptr;
    if (::getaddrinfo(where.place.c_str(), std::to_string(where.port).c_str(), &hints, &found) != 0)
        return fail(E_CSA_UNKNOWN_HOST);
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, ::freeaddrinfo);

    Result<std::unique_ptr<Transport>> transport = fail(E_CSA_UNKNOWN_HOST);
    for (const addrinfo* one = found; one && !transport; one = one->ai_next)
        transport = connect_socket(one->ai_addr, one->ai_addrlen, deadline);
    if (transport) CS2SIM_TRY(greet(**transport, deadline));
    return transport;
}

}  // namespace

Result<Bytes> Transport::exchange(ByteView frame, Milliseconds timeout) {
    CS2SIM_TRY_LET(answer, exchange(frame, {}, timeout));
    return to_bytes(answer);
}

Result<std::unique_ptr<Transport>> connect_transport(const DeviceAddress& address, Milliseconds timeout) {
    const Deadline deadline(timeout);
    switch (address.kind) {
        case DeviceAddress::Kind::node:
            return open_node(address.place, deadline);
        case DeviceAddress::Kind::unix_socket:
            return connect_unix(address.place, deadline);
        case DeviceAddress::Kind::tcp:
            return connect_tcp(address, deadline);
    }
    return fail(E_CSA_DEVICE_NAME);
}

}  // namespace cs2sim::host
