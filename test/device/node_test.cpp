// The device node, one caller: what driver/README.md says of each case, under FUSE and CUSE.
#include "test/device/node_calls.h"

using namespace cs2sim;
using namespace cs2sim::test;
using Clock = std::chrono::steady_clock;

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
    if (kind == Kind::preload) return;  // the session ends, see driver/README.md
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

TEST_CASE("unfinished frames on a node are refused by code when callers hold too much") {
    if (!has(Kind::fuse)) return;
    const auto memory = std::make_shared<CallerMemory>(CallerMemory::Limits{1 << 20, 1 << 20});
    const std::string path = fresh_path(Kind::fuse);
    const auto node = mount_fuse(path, test_answerer(std::make_shared<Counters>()), {.memory = memory});
    if (!node) FAIL(node.error());
    const Bytes frame = command(kEcho, pattern(300'000));
    std::vector<Line> lines;
    int refused = 0;
    for (int i = 0; i < 8; ++i) {
        lines.emplace_back(open_line(Kind::fuse, path));
        REQUIRE(lines.back().send(ByteView(frame).first(200'000)) == 0);
        if (!lines.back().readable(0ms)) continue;
        ++refused;
        CHECK(lines.back().receive() == error_frame({E_CMDS_NO_MEM}));
        REQUIRE(lines.back().send(ByteView(frame).subspan(200'000)) == 0);  // swallowed
        CHECK(lines.back().ask(command(kEcho)) == answer_frame({}));
    }
    CHECK(refused > 0);
    CHECK(refused < 8);
    CHECK(memory->held() <= 2 << 20);
    lines.clear();
    CHECK((*node)->address() == path);
}
