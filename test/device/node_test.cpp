// The device node: what driver/README.md says of each case, under FUSE and CUSE.
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <future>
#include <thread>

#include "test/device/rig.h"

using namespace cs2sim;
using namespace cs2sim::test;
using Clock = std::chrono::steady_clock;

namespace {

constexpr unsigned long kAwait = 0x6b02;
constexpr unsigned long kTake = 0x6b08;
constexpr unsigned long kGive = 0x6b09;
constexpr unsigned long kTakeWithin = 0x6b0a;
constexpr unsigned long kReadWithin = 0x6b0b;

struct AwaitArgument {
    std::int32_t timeout_ms;
    std::uint32_t length;
    std::int32_t reserved;
};

int error_of(ssize_t result) { return result < 0 ? errno : 0; }

int ioctl_error(const Line& line, unsigned long command, long argument = 0) {
    return error_of(::ioctl(line.fd(), command, argument));
}

int await(const Line& line, std::int32_t timeout_ms, std::uint32_t& length) {
    AwaitArgument argument{timeout_ms, 0, 0x1234567};
    const int error = error_of(::ioctl(line.fd(), kAwait, &argument));
    length = argument.length;
    return error;
}

// One read() of at most `size` bytes; empty and errno on an error.
Bytes read_once(const Line& line, std::size_t size) {
    Bytes bytes(size);
    errno = 0;
    const ssize_t got = ::read(line.fd(), bytes.data(), size);
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return bytes;
}

int read_error(const Line& line) {
    std::uint8_t byte = 0;
    return error_of(::read(line.fd(), &byte, 1));
}

short readiness(const Line& line, std::chrono::milliseconds within = 0ms) {
    pollfd events{line.fd(), POLLIN | POLLOUT, 0};
    ::poll(&events, 1, static_cast<int>(within.count()));
    return events.revents;
}

// A thread of the test that makes one call, which a signal can interrupt.
class Caller {
public:
    template <class Call>
    explicit Caller(Call call) {
        struct sigaction action {};
        action.sa_handler = [](int) {};
        sigaction(SIGUSR1, &action, nullptr);
        std::promise<int> result;
        result_ = result.get_future();
        thread_ = std::thread([call, result = std::move(result)]() mutable { result.set_value(call()); });
    }
    ~Caller() { thread_.join(); }
    // A signal may arrive before the call has begun to wait, so it is sent until the call has ended.
    int interrupted() {
        for (int tries = 0; tries < 500; ++tries) {
            if (result_.wait_for(10ms) == std::future_status::ready) return result_.get();
            pthread_kill(thread_.native_handle(), SIGUSR1);
        }
        return -1;
    }
    bool waits(std::chrono::milliseconds time) {
        return result_.wait_for(time) == std::future_status::timeout;
    }
    int result() { return result_.get(); }

private:
    std::future<int> result_;
    std::thread thread_;
};

// Runs `body` in a child process; its result is the exit status.
template <class Body>
pid_t in_child(Body body) {
    const pid_t child = fork();
    if (child == 0) _exit(body());
    return child;
}

int exit_status(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace

#define EVERY_NODE()                                                    \
    if (cs2sim::test::node_kinds().empty()) return;                     \
    const Kind kind = GENERATE(from_range(cs2sim::test::node_kinds())); \
    CAPTURE(name_of(kind));                                             \
    Rig rig(kind)

TEST_CASE("a client of the real driver runs unchanged") {
    EVERY_NODE();
    const Line line = rig.connect();
    for (int round = 0; round < 3; ++round) {
        REQUIRE(::ioctl(line.fd(), kTake) == 0);
        REQUIRE(line.send(slow_command(50ms)) == 0);
        AwaitArgument argument{5000, 0, 77};
        REQUIRE(::ioctl(line.fd(), kAwait, &argument) == 0);
        CHECK(argument.length == kFrameHeader + 2);
        CHECK(argument.timeout_ms == 5000);
        CHECK(argument.reserved == 77);
        CHECK(read_once(line, argument.length).size() == argument.length);
        REQUIRE(::ioctl(line.fd(), kGive) == 0);
    }
}

TEST_CASE("read without a request") {
    EVERY_NODE();
    const Line line = rig.connect();
    CHECK(read_error(line) == ENODATA);
    REQUIRE(line.send(Bytes{0x9c, 0, 0}) == 0);  // a part is none
    CHECK(read_error(line) == ENODATA);
    std::uint32_t length = 0;
    CHECK(await(line, 1000, length) == ENODATA);
    CHECK(read_error(rig.connect(O_NONBLOCK)) == EAGAIN);
}

TEST_CASE("read gives what is asked for and keeps the rest") {
    EVERY_NODE();
    const Line line = rig.connect();
    const std::size_t size = 300000;
    const Bytes whole = answer_frame(pattern(size - kFrameHeader));
    REQUIRE(line.send(big_command(size)) == 0);
    std::uint32_t length = 0;
    REQUIRE(await(line, 5000, length) == 0);
    CHECK(length == size);
    Bytes all = read_once(line, 1);
    REQUIRE(await(line, 5000, length) == 0);
    CHECK(length == size);  // of the whole answer, however much has been read
    append(all, read_once(line, 3));
    append(all, read_once(line, 200000));
    CHECK(all.size() == 200004);
    append(all, read_once(line, 500000));
    CHECK((all == whole));
    CHECK(read_error(line) == ENODATA);
}

TEST_CASE("a buffer larger than the answer gets it in one read, whatever the kernel's request size") {
    EVERY_NODE();
    const Line line = rig.connect();
    const std::size_t size = GENERATE(as<std::size_t>(), 4096, 0x10000, 0x20000, 0x40000, kMaxFrame);
    CAPTURE(size);
    REQUIRE(line.send(big_command(size)) == 0);
    CHECK(line.readable(5s));
    CHECK((read_once(line, 2 * kMaxFrame) == answer_frame(pattern(size - kFrameHeader))));
}

TEST_CASE("a frame may be gathered from several buffers") {
    EVERY_NODE();
    const Line line = rig.connect();
    Bytes frame = command(kEcho, pattern(100));
    iovec parts[] = {{frame.data(), 4}, {frame.data() + 4, frame.size() - 4}};
    CHECK(::writev(line.fd(), parts, 2) == static_cast<ssize_t>(frame.size()));
    CHECK(line.receive() == answer_frame(pattern(100)));
}

TEST_CASE("a write takes one frame at most") {
    EVERY_NODE();
    const Line line = rig.connect();
    const Bytes first = command(kEcho, Bytes{1});
    Bytes both = first;
    append(both, command(kEcho, Bytes{2}));
    CHECK(::write(line.fd(), both.data(), both.size()) == static_cast<ssize_t>(first.size()));
    CHECK(line.receive() == answer_frame(Bytes{1}));
    CHECK(line.ask(ByteView(both).subspan(first.size())) == answer_frame(Bytes{2}));
}

TEST_CASE("a second request before the answer was read") {
    EVERY_NODE();
    const Line line = rig.connect();
    REQUIRE(line.send(slow_command(300ms)) == 0);
    CHECK(line.send(command(kEcho)) == EBUSY);  // the command runs
    REQUIRE(line.readable(5s));
    CHECK(line.send(command(kEcho)) == EBUSY);  // its answer waits
    CHECK(read_once(line, 2).size() == 2);
    CHECK(line.send(command(kEcho)) == EBUSY);  // half of it
    CHECK(read_once(line, 100).size() == kFrameHeader);
    CHECK(line.ask(command(kEcho)) == answer_frame({}));

    const Line nonblocking = rig.connect(O_NONBLOCK);
    REQUIRE(nonblocking.send(slow_command(100ms)) == 0);
    CHECK(nonblocking.send(command(kEcho)) == EAGAIN);
    CHECK(read_error(nonblocking) == EAGAIN);
    REQUIRE(nonblocking.readable(5s));
    CHECK(nonblocking.receive().size() == kFrameHeader + 2);
}

TEST_CASE("after a length that no frame has, the next write begins a frame") {
    EVERY_NODE();
    const Line line = rig.connect();
    CHECK(line.ask(Bytes{0x9c, 0, 0, 3, 1, 2, 3, 4, 5}) == error_frame({E_CMDS_BAD_CMD}));
    CHECK(line.ask(command(kEcho)) == answer_frame({}));
}

TEST_CASE("a wait has its time") {
    EVERY_NODE();
    const Line line = rig.connect();
    std::uint32_t length = 0;
    REQUIRE(line.send(slow_command(400ms)) == 0);
    const auto begin = Clock::now();
    CHECK(await(line, 0, length) == ETIMEDOUT);
    CHECK(await(line, 100, length) == ETIMEDOUT);
    CHECK(Clock::now() - begin >= 100ms);
    CHECK(await(line, -1, length) == 0);
    CHECK(length == kFrameHeader + 2);
    CHECK(await(line, 0, length) == 0);
    CHECK(line.receive().size() == length);
    CHECK(ioctl_error(line, 0x6b77) == ENOTTY);
}

TEST_CASE("bad pointers give EFAULT") {
    EVERY_NODE();
    const Line line = rig.connect();
    REQUIRE(line.send(command(kEcho)) == 0);
    REQUIRE(line.readable(5s));
    const long page = sysconf(_SC_PAGESIZE);
    auto* memory =
        static_cast<std::uint8_t*>(mmap(nullptr, static_cast<std::size_t>(2 * page), PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    REQUIRE(memory != MAP_FAILED);
    munmap(memory + page, static_cast<std::size_t>(page));
    CHECK(ioctl_error(line, kAwait, 0) == EFAULT);
    CHECK(ioctl_error(line, kAwait, -1) == EFAULT);
    CHECK(ioctl_error(line, kAwait, reinterpret_cast<long>(memory + page)) == EFAULT);
    CHECK(ioctl_error(line, kAwait, reinterpret_cast<long>(memory + page - 4)) == EFAULT);
    mprotect(memory, static_cast<std::size_t>(page), PROT_READ);
    CHECK(ioctl_error(line, kAwait, reinterpret_cast<long>(memory)) == EFAULT);
    munmap(memory, static_cast<std::size_t>(page));
    CHECK(line.receive() == answer_frame({}));
}

TEST_CASE("a signal interrupts whoever waits, and nothing is lost") {
    EVERY_NODE();
    const Line line = rig.connect();
    REQUIRE(line.send(slow_command(700ms)) == 0);
    CHECK(Caller([&] { return read_error(line); }).interrupted() == EINTR);
    std::uint32_t length = 0;
    CHECK(Caller([&] { return await(line, 10000, length); }).interrupted() == EINTR);
    CHECK(line.receive().size() == kFrameHeader + 2);

    const Line other = rig.connect();
    REQUIRE(ioctl_error(line, kTake) == 0);
    CHECK(Caller([&] { return ioctl_error(other, kTakeWithin, 10000); }).interrupted() == EINTR);
    REQUIRE(ioctl_error(line, kGive) == 0);
    CHECK(ioctl_error(other, kTake) == 0);
}

TEST_CASE("take excludes the others until it is given back") {
    EVERY_NODE();
    Line holder = rig.connect();
    const Line other = rig.connect();
    REQUIRE(other.send(command(kEcho, Bytes{1})) == 0);
    REQUIRE(other.readable(5s));
    CHECK(ioctl_error(holder, kGive) == EPERM);
    REQUIRE(ioctl_error(holder, kTake) == 0);
    CHECK(ioctl_error(holder, kTake) == 0);
    CHECK(ioctl_error(other, kTake) == EBUSY);
    CHECK(ioctl_error(other, kGive) == EPERM);
    CHECK(other.receive() == answer_frame(Bytes{1}));  // its answer from before
    CHECK(other.send(command(kEcho)) == EBUSY);
    CHECK(readiness(other) == 0);
    CHECK(holder.ask(command(kEcho)) == answer_frame({}));
    const Line late = rig.connect();  // opening is free
    CHECK(ioctl_error(late, kTake) == EBUSY);
    REQUIRE(ioctl_error(holder, kGive) == 0);
    CHECK(other.ask(command(kEcho)) == answer_frame({}));
    REQUIRE(ioctl_error(holder, kTake) == 0);
    holder.close();  // gives it back
    CHECK(rig.settles_at(2));
    CHECK(ioctl_error(late, kTake) == 0);
}

TEST_CASE("take can wait for its turn") {
    EVERY_NODE();
    const Line holder = rig.connect();
    const Line first = rig.connect();
    const Line second = rig.connect();
    REQUIRE(ioctl_error(holder, kTake) == 0);
    const auto begin = Clock::now();
    CHECK(ioctl_error(first, kTakeWithin, 100) == EBUSY);
    CHECK(Clock::now() - begin >= 100ms);

    Caller one([&] { return ioctl_error(first, kTakeWithin, 20000); });
    CHECK(one.waits(50ms));
    Caller two([&] { return ioctl_error(second, kTakeWithin, -1); });
    CHECK(two.waits(50ms));
    REQUIRE(ioctl_error(holder, kGive) == 0);
    CHECK(one.result() == 0);
    CHECK(two.waits(50ms));
    REQUIRE(ioctl_error(first, kGive) == 0);
    CHECK(two.result() == 0);
    CHECK(ioctl_error(holder, kTake) == EBUSY);
}

TEST_CASE("a blocking read can have its time") {
    EVERY_NODE();
    const Line line = rig.connect();
    REQUIRE(ioctl_error(line, kReadWithin, 100) == 0);
    REQUIRE(line.send(slow_command(400ms)) == 0);
    const auto begin = Clock::now();
    CHECK(read_error(line) == ETIMEDOUT);
    CHECK(Clock::now() - begin >= 100ms);
    REQUIRE(ioctl_error(line, kReadWithin, 20000) == 0);
    CHECK(read_once(line, 64).size() == kFrameHeader + 2);  // the answer is still to be had
    REQUIRE(ioctl_error(line, kReadWithin, 100) == 0);
    REQUIRE(ioctl_error(line, kReadWithin, -1) == 0);
    REQUIRE(line.send(slow_command(300ms)) == 0);
    CHECK(read_once(line, 64).size() == kFrameHeader + 2);
    CHECK(read_error(line) == ENODATA);
}

TEST_CASE("a client that is killed leaves nothing behind, in any state") {
    EVERY_NODE();
    enum Doing { holding, reading, awaiting, half_written, half_read, taking };
    const Doing doing = GENERATE(holding, reading, awaiting, half_written, half_read, taking);
    CAPTURE(doing);
    const Line witness = rig.connect();
    if (doing == taking) REQUIRE(ioctl_error(witness, kTake) == 0);
    int ready[2];
    REQUIRE(pipe(ready) == 0);
    const pid_t child = in_child([&] {
        const Line line(rig.try_connect());
        std::uint32_t length = 0;
        if (doing == holding && ioctl_error(line, kTake) != 0) return 1;
        if ((doing == reading || doing == awaiting) && line.send(slow_command(1500ms)) != 0) return 2;
        if (doing == half_written && line.send(Bytes{0x9c, 0, 1, 0, 7}) != 0) return 3;
        if (doing == half_read && (line.send(big_command(5000)) != 0 || read_once(line, 10).size() != 10))
            return 4;
        if (::write(ready[1], "r", 1) != 1) return 5;
        if (doing == reading) return read_error(line);
        if (doing == awaiting) return await(line, 60000, length);
        if (doing == taking) return ioctl_error(line, kTakeWithin, 60000);
        pause();
        return 6;
    });
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    ::close(ready[0]);
    ::close(ready[1]);
    std::this_thread::sleep_for(30ms);
    const auto begin = Clock::now();
    kill(child, SIGKILL);
    CHECK(exit_status(child) == -SIGKILL);
    CHECK(Clock::now() - begin < 1200ms);  // it does not have to wait for its command
    CHECK(rig.settles_at(1));
    CHECK(witness.ask(command(kEcho)) == answer_frame({}));
    CHECK(ioctl_error(witness, kTake) == 0);
    CHECK(rig.connect().fd() >= 0);
}

TEST_CASE("copies of a descriptor are one session") {
    EVERY_NODE();
    Line line = rig.connect();
    REQUIRE(line.ask(command(kEcho)) == answer_frame({}));
    Line copy(dup(line.fd()));
    REQUIRE(ioctl_error(line, kTake) == 0);
    CHECK(copy.send(command(kEcho, Bytes{7})) == 0);
    CHECK(line.receive() == answer_frame(Bytes{7}));
    line.close();
    CHECK(copy.ask(command(kEcho)) == answer_frame({}));  // still open, still held
    CHECK(ioctl_error(rig.connect(), kTake) == EBUSY);

    const pid_t child = in_child([&] { return copy.send(command(kEcho, Bytes{9})); });
    CHECK(exit_status(child) == 0);
    CHECK(copy.receive() == answer_frame(Bytes{9}));
    CHECK(ioctl_error(copy, kGive) == 0);
    copy.close();
    CHECK(rig.settles_at(0));
}

TEST_CASE("a read that waits does not hold up a write on the same open file") {
    EVERY_NODE();
    const Line line = rig.connect();
    const Line copy(dup(line.fd()));
    REQUIRE(line.send(command(kDrop)) == 0);
    Caller reader([&] { return static_cast<int>(read_once(line, 100).size()); });
    CHECK(reader.waits(50ms));
    CHECK(copy.send(command(kEcho)) == 0);
    CHECK(reader.result() == kFrameHeader);
}

TEST_CASE("poll tells when to read and when to write") {
    EVERY_NODE();
    const Line line = rig.connect();
    CHECK(readiness(line) == POLLOUT);
    REQUIRE(line.send(slow_command(200ms)) == 0);
    CHECK(readiness(line) == 0);
    CHECK(readiness(line, 5s) == POLLIN);
    CHECK(read_once(line, 3).size() == 3);
    CHECK(readiness(line) == POLLIN);
    CHECK(read_once(line, 100).size() == 3);
    CHECK(readiness(line) == POLLOUT);

    const Line other = rig.connect();
    REQUIRE(ioctl_error(other, kTake) == 0);
    Caller poller([&] { return readiness(line, 10s); });
    CHECK(poller.waits(50ms));
    REQUIRE(ioctl_error(other, kGive) == 0);
    CHECK(poller.result() == POLLOUT);

    REQUIRE(line.send(command(kHangUp)) == 0);
    pollfd events{line.fd(), 0, 0};
    CHECK(::poll(&events, 1, 5000) == 1);
    CHECK((events.revents & POLLHUP) != 0);
    CHECK(read_error(line) == EIO);
    CHECK(line.send(command(kEcho)) == EIO);
}

TEST_CASE("epoll wakes up, level and edge triggered") {
    EVERY_NODE();
    const unsigned mode = GENERATE(0U, static_cast<unsigned>(EPOLLET));
    CAPTURE(mode);
    const Line line = rig.connect(O_NONBLOCK);
    const Line pool(epoll_create1(EPOLL_CLOEXEC));
    epoll_event event{EPOLLIN | mode, {}};
    REQUIRE(epoll_ctl(pool.fd(), EPOLL_CTL_ADD, line.fd(), &event) == 0);
    for (int round = 0; round < 5; ++round) {
        CHECK(epoll_wait(pool.fd(), &event, 1, 0) == 0);
        REQUIRE(line.send(slow_command(30ms)) == 0);
        CHECK(epoll_wait(pool.fd(), &event, 1, 5000) == 1);
        CHECK(event.events == EPOLLIN);
        CHECK(read_once(line, 100).size() == kFrameHeader + 2);
        CHECK(read_error(line) == EAGAIN);
    }
}

TEST_CASE("a close with an answer pending loses that answer and nothing else") {
    EVERY_NODE();
    {
        const Line line = rig.connect();
        REQUIRE(line.send(command(kEcho, Bytes{1})) == 0);
        REQUIRE(line.readable(5s));
    }
    CHECK(rig.settles_at(0));
    const Line line = rig.connect();
    CHECK(read_error(line) == ENODATA);
    CHECK(line.ask(command(kEcho, Bytes{2})) == answer_frame(Bytes{2}));
}

TEST_CASE("open files are limited, and the limit is no trap") {
    EVERY_NODE();
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    std::vector<Line> lines;
    int error = 0;
    while (error == 0 && lines.size() < 2000) {
        const int fd = rig.try_connect();
        if (fd >= 0)
            lines.emplace_back(fd);
        else
            error = -fd;
    }
    CHECK(error == ENFILE);
    CHECK(lines.size() == 1024);
    CHECK(lines.front().ask(command(kEcho)) == answer_frame({}));
    lines.pop_back();
    REQUIRE(rig.settles_at(1023));
    CHECK(rig.connect().ask(command(kEcho)) == answer_frame({}));
}

TEST_CASE("the node has no file position") {
    EVERY_NODE();
    const Line line = rig.connect();
    CHECK(error_of(::lseek(line.fd(), 0, SEEK_CUR)) == (kind == Kind::fuse ? ESPIPE : 0));
    for (int round = 0; round < 3; ++round) CHECK(line.ask(command(kEcho)) == answer_frame({}));
}
