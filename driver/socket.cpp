// TCP and Unix sockets: one thread a caller, so that none waits for another.
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

// Boost 1.74 uses std::exchange without including <utility>, so it comes after that.
#include <boost/asio.hpp>

#include "driver/listener.h"
#include "firmware/protocol/frame.h"

namespace cs2sim {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using local = asio::local::stream_protocol;
using boost::system::error_code;

constexpr std::size_t kChunk = 0x11000;  // 64 KiB of data with their envelope

std::string peer_of(tcp::socket& socket) {
    error_code error;
    const tcp::endpoint end = socket.remote_endpoint(error);
    return "tcp " + end.address().to_string(error) + ":" + std::to_string(end.port());
}

std::string peer_of(local::socket& socket) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &credentials, &size);
    return "unix pid " + std::to_string(credentials.pid);
}

std::string name_of(const tcp::endpoint& end) {
    return std::to_string(end.port()) + "@" + end.address().to_string();
}

std::string name_of(const local::endpoint& end) { return end.path(); }

void prepare(tcp::socket& socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
}

void prepare(local::socket&) {}

// Has one command answered; false when the connection ends.
template <class Socket>
bool answer(Socket& socket, Conversation& conversation, ByteView frame) {
    const Reply reply = conversation.transact(frame);
    if (reply.action == Reply::Action::drop) return true;
    error_code error;
    asio::write(socket, asio::buffer(reply.frame), error);
    return !error && reply.action == Reply::Action::send;
}

// Stays awake for the next command for a moment: who sends one after the other is answered sooner when no
// thread has to be woken for it (README.md, "What a round trip costs"); any other caller costs that moment a
// command.
template <class Socket>
void linger(Socket& socket) {
    constexpr auto kMoment = std::chrono::microseconds(20);
    const auto end = std::chrono::steady_clock::now() + kMoment;
    error_code error;
    while (socket.available(error) == 0 && !error && std::chrono::steady_clock::now() < end)
        std::this_thread::yield();
}

// Serves one caller until either side ends.
template <class Socket>
void converse(Socket& socket, Conversation& conversation) {
    FrameReader reader;
    std::array<std::uint8_t, kChunk> chunk;
    for (;;) {
        error_code error;
        const ByteView bytes = ByteView(chunk).first(socket.read_some(asio::buffer(chunk), error));
        if (error) return;
        if (reader.idle() && is_frame(bytes)) {  // the usual case; saves copies
            if (!answer(socket, conversation, bytes)) return;
            linger(socket);
            continue;
        }
        reader.feed(bytes);
        while (const auto frame = reader.next())
            if (!answer(socket, conversation, *frame)) return;
        if (reader.lost()) return;  // nobody knows where the next frame begins
    }
}

template <class Protocol>
class SocketListener final : public Listener {
public:
    SocketListener(Answerer answerer, SocketOptions options)
        : answerer_(std::move(answerer)), options_(options) {}
    ~SocketListener() override { SocketListener::stop(); }

    // `file` is removed at the end; may be empty. The error is the system's.
    error_code start(const typename Protocol::endpoint& where, std::string file) {
        error_code error;
        acceptor_.open(where.protocol(), error);
        if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
        if (!error) acceptor_.bind(where, error);
        if (!error) file_ = std::move(file);
        if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
        if (error) return error;
        address_ = name_of(acceptor_.local_endpoint());
        thread_ = std::thread([this] { accept(); });
        return {};
    }

    std::string address() const override { return address_; }

    void stop() override {
        {
            std::lock_guard lock(mutex_);
            if (stopping_) return;
            stopping_ = true;
            for (auto& caller : callers_) ::shutdown(caller.socket.native_handle(), SHUT_RDWR);
        }
        if (!file_.empty()) unlink(file_.c_str());
        if (!thread_.joinable()) return;  // never started
        ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
        thread_.join();
        std::unique_lock lock(mutex_);
        gone_.wait(lock, [&] { return callers_.empty(); });
        error_code ignored;
        acceptor_.close(ignored);
    }

private:
    struct Caller {
        typename Protocol::socket socket;
        std::thread thread;
    };
    using Place = typename std::list<Caller>::iterator;

    void accept() {
        for (;;) {
            typename Protocol::socket socket(context_);
            error_code error;
            acceptor_.accept(socket, error);
            if (error)
                std::this_thread::sleep_for(std::chrono::milliseconds(5));  // out of descriptors, most likely
            std::lock_guard lock(mutex_);
            if (stopping_) return;
            if (!error && callers_.size() < options_.max_callers) admit(std::move(socket));
        }
    }

    // With the lock held, which the new thread needs before it can leave again.
    void admit(typename Protocol::socket socket) {
        prepare(socket);
        const Place place = callers_.emplace(callers_.end(), Caller{std::move(socket), {}});
        try {
            place->thread = std::thread([this, place] { serve(place); });
        } catch (const std::system_error&) {
            callers_.erase(place);
        }
    }

    void serve(Place place) {
        {
            auto conversation = answerer_(peer_of(place->socket));
            if (conversation) converse(place->socket, *conversation);
        }
        std::lock_guard lock(mutex_);
        error_code ignored;
        place->socket.close(ignored);
        place->thread.detach();
        callers_.erase(place);
        gone_.notify_all();
    }

    asio::io_context context_{1};
    typename Protocol::acceptor acceptor_{context_};
    std::string address_;
    std::string file_;
    const Answerer answerer_;
    const SocketOptions options_;
    std::mutex mutex_;
    std::condition_variable gone_;
    bool stopping_ = false;
    std::list<Caller> callers_;
    std::thread thread_;
};

// A caller needs a descriptor; the usual soft limit of 1024 would leave too few.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

template <class Protocol>
Opened<std::unique_ptr<Listener>> listen(const std::string& name, const typename Protocol::endpoint& where,
                                         std::string file, Answerer answerer, SocketOptions options) {
    raise_descriptor_limit();
    auto listener = std::make_unique<SocketListener<Protocol>>(std::move(answerer), options);
    if (const error_code error = listener->start(where, std::move(file)))
        return tl::make_unexpected(name + (error == asio::error::address_in_use
                                               ? ": is taken, another program listens there"
                                               : ": " + error.message()));
    return listener;
}

Opened<tcp::endpoint> parse_tcp(const std::string& where) {
    const auto at = where.find('@');
    const std::string port = where.substr(0, at);
    std::uint16_t number = 0;
    const auto parsed = std::from_chars(port.data(), port.data() + port.size(), number);
    if (port.empty() || parsed.ec != std::errc() || parsed.ptr != port.data() + port.size())
        return tl::make_unexpected(where + ": is no port@address");
    if (at == std::string::npos) return tcp::endpoint(asio::ip::address_v4::loopback(), number);

    std::string host = where.substr(at + 1);
    if (host == "localhost") host = "127.0.0.1";
    error_code error;
    const auto address = asio::ip::make_address(host, error);
    if (error) return tl::make_unexpected(where + ": " + host + " is no IP address");
    return tcp::endpoint(address, number);
}

// Takes away the socket file of a killed instance; anything else at `path` is refused.
Opened<void> clear_place(const std::string& path) {
    struct stat found {};
    if (lstat(path.c_str(), &found) != 0) return {};
    if (!S_ISSOCK(found.st_mode)) return tl::make_unexpected(path + ": is no socket, it stays");
    asio::io_context context;
    local::socket probe(context);
    error_code error;
    probe.connect(local::endpoint(path), error);
    if (error != asio::error::connection_refused)
        return tl::make_unexpected(path + ": is taken, another program listens there");
    unlink(path.c_str());
    return {};
}

}  // namespace

Opened<std::unique_ptr<Listener>> listen_tcp(const std::string& where, Answerer answerer,
                                             SocketOptions options) {
    const auto end = parse_tcp(where);
    if (!end) return tl::make_unexpected(end.error());
    return listen<tcp>(where, *end, "", std::move(answerer), options);
}

Opened<std::unique_ptr<Listener>> listen_unix(const std::string& path, Answerer answerer,
                                              SocketOptions options) {
    if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path))
        return tl::make_unexpected(path + ": is no name for a socket, 1 to 107 bytes");
    if (auto cleared = clear_place(path); !cleared) return tl::make_unexpected(cleared.error());
    return listen<local>(path, local::endpoint(path), path, std::move(answerer), options);
}

}  // namespace cs2sim
