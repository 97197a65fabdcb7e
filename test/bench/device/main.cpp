// Round trips over FUSE, Unix socket and TCP beside bare echoes, in turns within one run: bench_device
// [ROUND-TRIPS]
//
// Placement changes the figures more than anything else, so each pair is pinned the same way: client and
// daemon on one core, on two, and nowhere.
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "firmware/protocol/frame.h"
#include "firmware/protocol/node_ioctls.h"
#include "test/bench/device/daemons.h"

using namespace cs2sim;
using namespace cs2sim::bench;
using Clock = std::chrono::steady_clock;

namespace {

void demand(bool good, const char* what) {
    if (good) return;
    std::perror(what);
    std::exit(1);
}

void round_trip(int fd, const Bytes& frame, Bytes& answer) {
    for (std::size_t sent = 0; sent < frame.size();) {
        const ssize_t more = write(fd, frame.data() + sent, frame.size() - sent);
        demand(more > 0, "write");
        sent += static_cast<std::size_t>(more);
    }
    for (std::size_t have = 0; have < frame.size();) {
        const ssize_t more = read(fd, answer.data() + have, frame.size() - have);
        demand(more > 0, "read");
        have += static_cast<std::size_t>(more);
    }
}

// driver/README.md, "Request and answer in one call".
void round_trip_in_one_call(int fd, const Bytes& frame, Bytes& answer) {
    const std::size_t space = std::max<std::size_t>(512, sizeof(SmallExchange) + frame.size());
    if (space <= kMostSmallExchange) {
        std::array<std::uint8_t, kMostSmallExchange> argument;
        const SmallExchange head{static_cast<std::uint32_t>(frame.size()), -1};
        std::memcpy(argument.data(), &head, sizeof head);
        std::memcpy(argument.data() + sizeof head, frame.data(), frame.size());
        const int got = ioctl(fd, ioctl_exchange_small(static_cast<unsigned>(space)), argument.data());
        demand(got == static_cast<int>(answer.size()) || (got < 0 && errno == ENOTTY), "ioctl");
        if (got >= 0) return;  // else it is CUSE
    }
    static thread_local int shared_with = -1;
    static thread_local void* window = nullptr;
    if (shared_with != fd) {
        const int memory = memfd_create("window", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        demand(memory >= 0 && ftruncate(memory, kMaxFrame) == 0 &&
                   fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK) == 0,
               "memfd_create");
        window = mmap(nullptr, kMaxFrame, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
        demand(window != MAP_FAILED && ioctl(fd, kIoctlShareWindow, memory) == 0, "window");
        shared_with = fd;
    }
    std::memcpy(window, frame.data(), frame.size());
    demand(ioctl(fd, kIoctlExchangeInWindow, -1) == static_cast<int>(answer.size()), "ioctl");
    std::memcpy(answer.data(), window, answer.size());
}

using RoundTrip = void (*)(int fd, const Bytes& frame, Bytes& answer);

RoundTrip way_of(Maker maker) { return maker == Maker::ours_one_call ? round_trip_in_one_call : round_trip; }

struct Side {
    Daemon daemon;
    RoundTrip round_trip;
    int fd;
    std::vector<double> times;  // us
};

double median(std::vector<double>& times) {
    std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2),
                     times.end());
    return times[times.size() / 2];
}

// In a process of its own, so that the pinning ends with it.
void compare(const std::vector<Maker>& makers, Transport transport, const char* name, const char* placement,
             int client, int server, int count) {
    std::fflush(stdout);
    const pid_t child = fork();
    if (child != 0) {
        waitpid(child, nullptr, 0);
        return;
    }
    std::vector<Side> sides;
    for (Maker maker : makers) {
        Daemon daemon = start(transport, maker, server);
        const int fd = open_line(daemon);
        demand(fd >= 0, "open");
        sides.push_back({std::move(daemon), way_of(maker), fd, {}});
    }
    pin(client);
    for (const std::size_t size : {64, 4096, 65536}) {
        const Bytes frame = request_frame(0, 0, Bytes(size - kRequestHeader, 0x5a));
        Bytes answer(frame.size());
        for (Side& side : sides) side.times.clear();
        for (int turn = 0; turn < 20; ++turn) {
            for (Side& side : sides) {
                for (int i = 0; i < count / 20; ++i) {
                    const auto begin = Clock::now();
                    side.round_trip(side.fd, frame, answer);
                    side.times.push_back(
                        std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
                }
            }
        }
        std::printf("%-5s %-9s %6zu B ", name, placement, size);
        std::vector<double> medians;
        for (Side& side : sides) medians.push_back(median(side.times));
        for (std::size_t i = 0; i < sides.size(); ++i)
            std::printf(" %s %7.1f us ", sides[i].daemon.name.c_str(), medians[i]);
        for (std::size_t i = 1; i < sides.size(); ++i)
            if (sides[i].daemon.name.starts_with("ours"))
                std::printf(" | %s/bare %.2f", sides[i].daemon.name.c_str(), medians[i] / medians[0]);
        std::printf("\n");
    }
    for (const Side& side : sides) stop(side.daemon);
    std::exit(0);
}

// Round trips a second that so many callers reach together.
double throughput(const Daemon& daemon, RoundTrip round_trip, int callers) {
    int results[2];
    demand(pipe(results) == 0, "pipe");
    for (int i = 0; i < callers; ++i) {
        if (fork() != 0) continue;
        const int fd = open_line(daemon);
        const Bytes frame = request_frame(0, 0, Bytes(64 - kRequestHeader, 0x5a));
        Bytes answer(frame.size());
        int count = 0;
        for (const auto end = Clock::now() + std::chrono::seconds(1); Clock::now() < end; ++count)
            round_trip(fd, frame, answer);
        demand(write(results[1], &count, sizeof count) == sizeof count, "write");
        std::_Exit(0);
    }
    double sum = 0;
    for (int i = 0; i < callers; ++i) {
        int count = 0;
        demand(read(results[0], &count, sizeof count) == sizeof count, "read");
        sum += count;
        wait(nullptr);
    }
    close(results[0]);
    close(results[1]);
    return sum;
}

void scale(Transport transport, const char* name) {
    for (Maker maker : {Maker::bare, Maker::ours, Maker::ours_one_call}) {
        if (maker == Maker::ours_one_call && !is_node(transport)) continue;
        const Daemon daemon = start(transport, maker, -1);
        double one = 0;
        double four = 0;
        for (int turn = 0; turn < 3; ++turn) {
            one = std::max(one, throughput(daemon, way_of(maker), 1));
            four = std::max(four, throughput(daemon, way_of(maker), 4));
        }
        std::printf("%-5s %-14s 64 B: 1 caller %7.0f/s, 4 callers %7.0f/s, %.2f times\n", name,
                    daemon.name.c_str(), one, four, four / one);
        stop(daemon);
    }
}

}  // namespace

int main(int count, char** arguments) {
    const int round_trips = count > 1 ? std::max(20, std::atoi(arguments[1])) : 20000;
    signal(SIGPIPE, SIG_IGN);
    struct {
        Transport transport;
        const char* name;
    } const transports[] = {{Transport::fuse, "fuse"},
                            {Transport::cuse, "cuse"},
                            {Transport::unix_socket, "unix"},
                            {Transport::tcp, "tcp"}};
    const auto possible = [](Transport transport) {
        return transport != Transport::cuse || access("/dev/cuse", R_OK | W_OK) == 0;
    };
    const bool two_cores = std::thread::hardware_concurrency() > 1;
    std::printf("median round trip of an echo, %d each\n", round_trips);
    for (const auto& [transport, name] : transports) {
        if (!possible(transport)) continue;
        std::vector<Maker> makers{Maker::bare, Maker::ours};
        if (is_node(transport))
            makers = {Maker::bare, Maker::bare_threads, Maker::bare_clone_fd, Maker::ours,
                      Maker::ours_one_call};
        compare(makers, transport, name, "one core", 0, 0, round_trips);
        if (!two_cores) continue;
        compare(makers, transport, name, "two cores", 0, 1, round_trips);
        compare(makers, transport, name, "unpinned", -1, -1, round_trips);
        // By itself, as it takes a whole core.
        if (is_node(transport))
            compare({Maker::bare_spinning}, transport, name, "two cores", 0, 1, round_trips);
    }
    std::printf("throughput, unpinned\n");
    for (const auto& [transport, name] : transports)
        if (possible(transport)) scale(transport, name);
}
