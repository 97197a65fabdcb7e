// TCP and Unix sockets: where they listen.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

// Boost 1.74 uses std::exchange without including <utility>, so it comes after that.
#include <boost/asio.hpp>

#include "driver/listener.h"
#include "driver/mount_point.h"
#include "driver/socket_listener.h"

namespace cs2sim {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using local = asio::local::stream_protocol;
using boost::system::error_code;

std::string name_of(const tcp::endpoint& end) {
    return std::to_string(end.port()) + "@" + end.address().to_string();
}

std::string name_of(const local::endpoint& end) { return end.path(); }

// A caller needs a descriptor; the usual soft limit of 1024 would leave too few.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

// What `work` opens; Asio throws where no descriptor is left for its own.
template <class Work>
Opened<std::unique_ptr<Listener>> opened(const std::string& name, Work&& work) {
    try {
        return work();
    } catch (const boost::system::system_error& problem) {
        return tl::make_unexpected(name + ": " + problem.code().message());
    }
}

Opened<std::unique_ptr<Listener>> serve(int fd, SocketListener::Socket whose, const std::string& address,
                                        std::string file, Answerer answerer, const SocketOptions& options) {
    auto listener =
        std::make_unique<SocketListener>(fd, whose, address, std::move(file), std::move(answerer), options);
    if (!listener->start()) return tl::make_unexpected(address + ": no descriptors or threads are left");
    return listener;
}

// `file` is removed at the end; may be empty.
template <class Protocol>
Opened<std::unique_ptr<Listener>> listen(const std::string& name, const typename Protocol::endpoint& where,
                                         std::string file, Answerer answerer, const SocketOptions& options) {
    raise_descriptor_limit();
    asio::io_context context{1};
    typename Protocol::acceptor acceptor(context);
    error_code error;
    acceptor.open(where.protocol(), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor.bind(where, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (!error) acceptor.non_blocking(true, error);
    if (error)
        return tl::make_unexpected(name + (error == asio::error::address_in_use
                                               ? ": is taken, another program listens there"
                                               : ": " + error.message()));
    const std::string address = name_of(acceptor.local_endpoint());
    return serve(acceptor.release(), SocketListener::Socket::own, address, std::move(file),
                 std::move(answerer), options);
}

// PORT@ADDRESS, ADDRESS:PORT, [ADDRESS]:PORT, or a port alone, which is on loopback.
Opened<tcp::endpoint> parse_tcp(const std::string& where) {
    const auto at = where.find('@');
    const auto colon = where.rfind(':');
    const bool behind = at == std::string::npos && colon != std::string::npos && colon > 0 &&
                        (where.find(':') == colon || where[colon - 1] == ']');
    const std::string port = behind ? where.substr(colon + 1) : where.substr(0, at);
    std::uint16_t number = 0;
    const auto parsed = std::from_chars(port.data(), port.data() + port.size(), number);
    if (port.empty() || parsed.ec != std::errc() || parsed.ptr != port.data() + port.size())
        return tl::make_unexpected(where + ": is no port@address");
    if (at == std::string::npos && !behind) return tcp::endpoint(asio::ip::address_v4::loopback(), number);

    std::string host = behind ? where.substr(0, colon) : where.substr(at + 1);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
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

// Opens the socket file to those whom it is for. It is looked at once, and no link: in a folder of several
// users another file could take its place.
Opened<void> give_access(const std::string& path, const SocketOptions& options) {
    CS2SIM_TRY_LET(group, group_id(options.group));
    const auto refused = [&] { return tl::make_unexpected(path + ": " + std::strerror(errno)); };
    const int fd = ::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return refused();
    const std::string place = "/proc/self/fd/" + std::to_string(fd);
    struct stat found {};
    const bool given = ::fstat(fd, &found) == 0 && S_ISSOCK(found.st_mode) && found.st_uid == ::geteuid() &&
                       (found.st_gid == group || ::chown(place.c_str(), -1, group) == 0) &&
                       ::chmod(place.c_str(), options.mode & 0777) == 0;
    const int why = errno;
    ::close(fd);
    errno = why;
    return given ? Opened<void>() : refused();
}

}  // namespace

Opened<void> check_tcp(const std::string& where) {
    CS2SIM_TRY(parse_tcp(where));
    return {};
}

Opened<std::unique_ptr<Listener>> listen_tcp(const std::string& where, Answerer answerer,
                                             const SocketOptions& options) {
    CS2SIM_TRY_LET(end, parse_tcp(where));
    return opened(where, [&] { return listen<tcp>(where, end, "", std::move(answerer), options); });
}

Opened<std::unique_ptr<Listener>> listen_inherited(const std::string& descriptor, Answerer answerer,
                                                   const SocketOptions& options) {
    int fd = -1;
    const auto parsed = std::from_chars(descriptor.data(), descriptor.data() + descriptor.size(), fd);
    const bool number = parsed.ec == std::errc() && parsed.ptr == descriptor.data() + descriptor.size();
    int listening = 0;
    socklen_t size = sizeof listening;
    if (!number || fd < 3 || ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 ||
        listening == 0)
        return tl::make_unexpected("fd:" + descriptor + ": is no socket that listens");
    raise_descriptor_limit();
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length);
    std::string address = "fd:" + descriptor;
    if (storage.ss_family == AF_UNIX) {
        address = reinterpret_cast<const sockaddr_un&>(storage).sun_path;
    } else {
        tcp::endpoint end;
        std::memcpy(end.data(), &storage, std::min<std::size_t>(length, end.capacity()));
        address = name_of(end);
    }
    return serve(fd, SocketListener::Socket::inherited, address, "", std::move(answerer), options);
}

Opened<std::unique_ptr<Listener>> listen_unix(const std::string& path, Answerer answerer,
                                              const SocketOptions& options) {
    if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path))
        return tl::make_unexpected(path + ": is no name for a socket, 1 to 107 bytes");
    return opened(path, [&]() -> Opened<std::unique_ptr<Listener>> {
        CS2SIM_TRY(clear_place(path));
        auto listening = listen<local>(path, local::endpoint(path), path, std::move(answerer), options);
        if (listening) CS2SIM_TRY(give_access(path, options));
        return listening;
    });
}

}  // namespace cs2sim
