// The device node, several callers and whoever interrupts them: driver/README.md, under FUSE and CUSE.
#include "test/device/node_calls.h"

using namespace cs2sim;
using namespace cs2sim::test;
using Clock = std::chrono::steady_clock;

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
    if (kind == Kind::preload) return;  // knows no turns, see driver/README.md and preload_test.cpp
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
        if ((doing == reading || doing == awaiting) && line.send(command(kHold)) != 0) return 2;
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
    const int held = doing == reading || doing == awaiting ? 1 : 0;
    CHECK(rig.counters->gate.holds(held));
    kill(child, SIGKILL);
    CHECK(exit_status(child) == -SIGKILL);
    CHECK(rig.counters->gate.held() == held);  // it did not have to wait for its command
    rig.counters->gate.open();
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
    if (kind == Kind::preload) return;  // takes none before the answer has come, see driver/README.md
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

TEST_CASE("open files are limited: who is idle gives way to newcomers, and the limit is no trap") {
    EVERY_NODE();
    if (kind == Kind::preload) return;  // shows with the first read, see driver/README.md
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    std::vector<Line> lines;
    while (lines.size() < 1024) lines.push_back(rig.connect());
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    CHECK(lines.front().ask(command(kEcho)) == answer_frame({}));  // no longer the longest idle
    const Line newcomer = rig.connect();
    CHECK(newcomer.ask(command(kEcho)) == answer_frame({}));
    CHECK(rig.settles_at(1024));
    CHECK(read_error(lines[1]) == EIO);
    CHECK(lines.front().ask(command(kEcho)) == answer_frame({}));
    CHECK(lines[2].ask(command(kEcho)) == answer_frame({}));
    lines.clear();
    CHECK(rig.settles_at(1));
    CHECK(newcomer.ask(command(kEcho)) == answer_frame({}));
}

TEST_CASE("where nobody is idle, a newcomer is refused") {
    EVERY_NODE();
    if (kind == Kind::preload) return;
    std::vector<Line> lines;
    while (lines.size() < 1024) {
        lines.push_back(rig.connect());
        lines.back().send(command(kDrop));  // its answer never comes: it waits
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    CHECK(rig.try_connect() == -ENFILE);
    lines.pop_back();
    REQUIRE(rig.settles_at(1023));
    CHECK(rig.connect().ask(command(kEcho)) == answer_frame({}));
}

TEST_CASE("the node has no file position") {
    EVERY_NODE();
    const Line line = rig.connect();
    CHECK(error_of(::lseek(line.fd(), 0, SEEK_CUR)) == (kind == Kind::cuse ? 0 : ESPIPE));
    for (int round = 0; round < 3; ++round) CHECK(line.ask(command(kEcho)) == answer_frame({}));
}
