#include "test/bench/device/daemons.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "driver/listener.h"
#include "test/bench/device/echo.h"

namespace cs2sim::bench {
namespace {

class Echo : public Conversation {
public:
    Reply transact(ByteView frame) override { return {Reply::Action::send, to_bytes(frame)}; }
};

std::string place(Transport transport, Maker maker) {
    if (transport == Transport::tcp) return "0@127.0.0.1";
    const std::string folder =
        transport == Transport::cuse ? "/dev" : std::filesystem::temp_directory_path().string();
    return folder + "/cs2sim-bench-" + std::to_string(getpid()) + "-" +
           std::to_string(static_cast<int>(transport)) + std::to_string(static_cast<int>(maker));
}

struct Address {
    sockaddr_storage bytes{};
    socklen_t size = 0;
};

Address address_of(Transport transport, const std::string& name) {
    Address result;
    if (transport == Transport::unix_socket) {
        auto& where = reinterpret_cast<sockaddr_un&>(result.bytes);
        where.sun_family = AF_UNIX;
        std::strncpy(where.sun_path, name.c_str(), sizeof where.sun_path - 1);
        result.size = sizeof where;
    } else {
        auto& where = reinterpret_cast<sockaddr_in&>(result.bytes);
        where.sin_family = AF_INET;
        where.sin_port = htons(static_cast<std::uint16_t>(std::atoi(name.c_str())));
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        result.size = sizeof where;
    }
    return result;
}

void announce(int to, const std::string& address) {
    if (write(to, address.data(), address.size()) < 0) std::exit(1);
}

void serve_ours(Transport transport, const std::string& where, int ready) {
    const Answerer answerer = [](const std::string&) { return std::make_unique<Echo>(); };
    auto listener = transport == Transport::fuse          ? mount_fuse(where, answerer)
                    : transport == Transport::cuse        ? mount_cuse(where, answerer)
                    : transport == Transport::unix_socket ? listen_unix(where, answerer)
                                                          : listen_tcp(where, answerer);
    if (!listener) {
        std::fprintf(stderr, "%s\n", listener.error().c_str());
        std::exit(1);
    }
    announce(ready, (*listener)->address());
    for (;;) pause();
}

void serve_bare_socket(Transport transport, const std::string& where, int ready) {
    Address address = address_of(transport, where);
    const int fd = socket(address.bytes.ss_family, SOCK_STREAM, 0);
    if (bind(fd, reinterpret_cast<sockaddr*>(&address.bytes), address.size) != 0 || listen(fd, 100) != 0)
        std::exit(1);
    getsockname(fd, reinterpret_cast<sockaddr*>(&address.bytes), &address.size);
    announce(ready, transport == Transport::tcp
                        ? std::to_string(ntohs(reinterpret_cast<sockaddr_in&>(address.bytes).sin_port))
                        : where);
    echo_socket(fd);
}

void serve(Transport transport, Maker maker, const std::string& where, int ready) {
    if (maker == Maker::ours || maker == Maker::ours_one_call) {
        serve_ours(transport, where, ready);
    } else if (is_node(transport)) {
        const Loop loop = maker == Maker::bare            ? Loop::single
                          : maker == Maker::bare_threads  ? Loop::threads
                          : maker == Maker::bare_clone_fd ? Loop::clone_fd
                                                          : Loop::spinning;
        const auto tell = [&] { announce(ready, where); };
        if (transport == Transport::cuse) return echo_cuse(where, loop, tell);
        close(open(where.c_str(), O_CREAT | O_WRONLY, 0600));
        echo_fuse(where, loop, tell);
    } else {
        serve_bare_socket(transport, where, ready);
    }
}

}  // namespace

void pin(int core) {
    if (core < 0) return;
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(core, &cores);
    sched_setaffinity(0, sizeof cores, &cores);
}

Daemon start(Transport transport, Maker maker, int core) {
    const std::string where = place(transport, maker);
    int ready[2];
    if (pipe(ready) != 0) std::exit(1);
    const pid_t pid = fork();
    if (pid == 0) {
        close(ready[0]);
        pin(core);
        serve(transport, maker, where, ready[1]);
        std::exit(1);
    }
    close(ready[1]);
    char address[200] = {};
    if (read(ready[0], address, sizeof address - 1) <= 0) {
        std::fprintf(stderr, "a daemon does not start\n");
        std::exit(1);
    }
    close(ready[0]);
    static const char* const makers[] = {"ours",           "bare",           "bare, threads",
                                         "bare, clone_fd", "bare, spinning", "ours, one call"};
    return {makers[static_cast<int>(maker)], pid, address, transport};
}

void stop(const Daemon& daemon) {
    kill(daemon.pid, SIGKILL);
    waitpid(daemon.pid, nullptr, 0);
    if (daemon.transport == Transport::fuse) umount2(daemon.address.c_str(), MNT_DETACH);
    if (daemon.transport == Transport::fuse || daemon.transport == Transport::unix_socket)
        unlink(daemon.address.c_str());
}

namespace {

// A CUSE node shows up some time after its daemon is ready.
int open_node(const std::string& path) {
    int fd = -1;
    for (int tries = 0; tries < 1000 && (fd = open(path.c_str(), O_RDWR | O_CLOEXEC)) < 0; ++tries)
        usleep(1000);
    return fd;
}

}  // namespace

int open_line(const Daemon& daemon) {
    if (is_node(daemon.transport)) return open_node(daemon.address);
    const Address address = address_of(daemon.transport, daemon.address);
    const int fd = socket(address.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address.bytes), address.size) != 0) return -1;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

}  // namespace cs2sim::bench
