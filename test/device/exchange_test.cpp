// Request and answer in one ioctl, which is the node's own (driver/README.md): in a window of shared memory,
// or in the argument itself.
#include <cstring>

#include "test/device/node_calls.h"
#include "test/places.h"

using namespace cs2sim;
using namespace cs2sim::test;

namespace {

using Clock = std::chrono::steady_clock;

ByteView bytes_of(const SmallExchange& argument) {
    return {reinterpret_cast<const std::uint8_t*>(&argument), sizeof argument};
}

// What the ioctl returns, or -errno.
int small_exchange(const Line& line, ByteView request, SmallExchange& argument,
                   std::int32_t timeout_ms = 5000) {
    argument = {static_cast<std::uint32_t>(request.size()), timeout_ms, {}};
    std::ranges::copy(request, argument.request);
    const int size = ::ioctl(line.fd(), kExchangeSmall, &argument);
    return size < 0 ? -errno : size;
}

}  // namespace

TEST_CASE("a command and its answer in one call, of every size") {
    EVERY_EXCHANGING_NODE();
    const Line line = rig.connect();
    const Window window;
    REQUIRE(window.share(line) == 0);
    for (const std::size_t size : {0u, 1u, 64u, 4096u, 65536u, 262144u, 524000u}) {
        CAPTURE(size);
        const Bytes expected = answer_frame(pattern(size));
        REQUIRE(window.exchange(line, command(kEcho, pattern(size))) == static_cast<int>(expected.size()));
        CHECK(window.get(expected.size()) == expected);
    }
    REQUIRE(window.exchange(line, big_command(kMaxFrame)) == static_cast<int>(kMaxFrame));
    CHECK(is_frame(window.get(kMaxFrame)));
    CHECK(line.ask(command(kEcho, pattern(9))) == answer_frame(pattern(9)));  // and as ever
}

TEST_CASE("a small command in the argument itself") {
    EVERY_EXCHANGING_NODE();
    const Line line = rig.connect();
    SmallExchange argument;
    if (kind == Kind::cuse) {
        CHECK(small_exchange(line, command(kEcho), argument) == -ENOTTY);
        CHECK(line.ask(command(kEcho)) == answer_frame({}));
        return;
    }
    for (const std::size_t size : {0u, 1u, 64u, 4081u}) {
        CAPTURE(size);
        const Bytes expected = answer_frame(pattern(size));
        REQUIRE(small_exchange(line, command(kEcho, pattern(size)), argument) ==
                static_cast<int>(expected.size()));
        CHECK(to_bytes(bytes_of(argument).first(expected.size())) == expected);
    }
    CHECK(small_exchange(line, command(kDrop), argument, 50) == -ETIMEDOUT);
    CHECK(small_exchange(line, Bytes(4), argument) == -EINVAL);
    argument.size = 4089;
    CHECK(ioctl_error(line, kExchangeSmall, reinterpret_cast<long>(&argument)) == EINVAL);
    CHECK(ioctl_error(line, kExchangeSmall, 8) == EFAULT);
    CHECK(small_exchange(line, command(kEcho), argument) == kFrameHeader);
}

TEST_CASE("the argument is as large as its caller says") {
    EVERY_EXCHANGING_NODE();
    if (kind == Kind::cuse) return;
    const Line line = rig.connect();
    const auto exchange = [&](unsigned size, ByteView request, Bytes& argument) {
        argument.assign(8, 0);
        const auto length = static_cast<std::uint32_t>(request.size());
        std::memcpy(argument.data(), &length, sizeof length);
        const std::int32_t timeout_ms = 5000;
        std::memcpy(argument.data() + 4, &timeout_ms, sizeof timeout_ms);
        append(argument, request);
        argument.resize(std::max<std::size_t>(argument.size(), size));  // what the kernel must not reach
        const int got = ::ioctl(line.fd(), 0xc0006b0eul | size << 16, argument.data());
        return got < 0 ? -errno : got;
    };
    Bytes argument;
    const Bytes request = command(kEcho, pattern(9));
    const Bytes expected = answer_frame(pattern(9));
    for (const std::size_t size : {8 + request.size(), 64ul, 100ul, 4096ul}) {
        CAPTURE(size);
        REQUIRE(exchange(static_cast<unsigned>(size), request, argument) ==
                static_cast<int>(expected.size()));
        CHECK(to_bytes(ByteView(argument).first(expected.size())) == expected);
    }
    for (const unsigned size : {1u, 7u, 8u, static_cast<unsigned>(7 + request.size())}) {
        CAPTURE(size);
        CHECK(exchange(size, request, argument) == -EINVAL);
    }
    CHECK(exchange(4097, request, argument) == -ENOTTY);
    CHECK(line.ask(request) == expected);
    const Bytes asking = big_command(1000);
    const std::size_t space = 8 + asking.size();
    REQUIRE(exchange(static_cast<unsigned>(space), asking, argument) == 1000);
    CHECK(read_once(line, 2000).size() == 1000 - space);
}

TEST_CASE("what the argument has no space for is left for read") {
    EVERY_EXCHANGING_NODE();
    if (kind == Kind::cuse) return;
    const Line line = rig.connect();
    SmallExchange argument;
    REQUIRE(small_exchange(line, big_command(100000), argument) == 100000);
    CHECK(small_exchange(line, command(kEcho), argument) == -EBUSY);
    REQUIRE(line.send(command(kEcho)) == EBUSY);
    Bytes rest;
    while (rest.size() < 100000 - sizeof argument) append(rest, read_once(line, 70000));
    CHECK(rest.size() == 100000 - sizeof argument);
    CHECK(small_exchange(line, command(kEcho), argument) == kFrameHeader);
}

TEST_CASE("an exchange has its time, and its answer is not lost") {
    EVERY_EXCHANGING_NODE();
    const Line line = rig.connect();
    const Window window;
    REQUIRE(window.share(line) == 0);
    const auto begin = Clock::now();
    CHECK(window.exchange(line, slow_command(400ms), 100) == -ETIMEDOUT);
    CHECK(Clock::now() - begin >= 100ms);
    CHECK(window.exchange(line, command(kEcho)) == -EBUSY);
    CHECK(line.receive().size() == kFrameHeader + 2);
    CHECK(window.exchange(line, command(kDrop), 50) == -ETIMEDOUT);
    CHECK(window.exchange(line, command(kEcho)) == kFrameHeader);
    CHECK(window.exchange(line, slow_command(200ms), -1) == kFrameHeader + 2);
}

TEST_CASE("a signal interrupts an exchange, and nothing is lost") {
    EVERY_EXCHANGING_NODE();
    const Line line = rig.connect();
    const Window window;
    REQUIRE(window.share(line) == 0);
    CHECK(Caller([&] { return -window.exchange(line, slow_command(700ms), 10000); }).interrupted() == EINTR);
    CHECK(line.receive().size() == kFrameHeader + 2);
    CHECK(window.exchange(line, command(kEcho)) == kFrameHeader);
}

TEST_CASE("an exchange of what is not one frame is refused") {
    EVERY_EXCHANGING_NODE();
    const Line line = rig.connect();
    const Window window;
    REQUIRE(window.share(line) == 0);
    for (const Bytes& wrong :
         {Bytes(4), Bytes{0x9c, 0, 0, 3}, Bytes{0x9c, 0x08, 0, 1}, Bytes{0x9c, 0xff, 0xff, 0xff}})
        CHECK(window.exchange(line, wrong) == -EINVAL);
    const Bytes frame = command(kEcho);
    REQUIRE(line.send(ByteView(frame).first(3)) == 0);
    CHECK(window.exchange(line, frame) == -EINVAL);  // amid a frame that is written in pieces
    REQUIRE(line.send(ByteView(frame).subspan(3)) == 0);
    CHECK(line.receive() == answer_frame({}));
}

TEST_CASE("only memory can be a window") {
    EVERY_EXCHANGING_NODE();
    const Line line = rig.connect();
    CHECK(ioctl_error(line, kExchangeInWindow, 1000) == ENXIO);
    CHECK(ioctl_error(line, kShareWindow, -1) == EBADF);
    CHECK(ioctl_error(line, kShareWindow, 9999) == EBADF);
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const Line file(open((source_folder() / "README.md").c_str(), O_RDONLY)), null(open("/dev/null", O_RDWR));
    for (const int fd : {ends[0], ends[1], file.fd(), null.fd(), line.fd()})
        CHECK(ioctl_error(line, kShareWindow, fd) == EINVAL);
    ::close(ends[0]);
    ::close(ends[1]);
    CHECK(ioctl_error(line, kExchangeInWindow, 1000) == ENXIO);
}

TEST_CASE("a window must not shrink, and may be short") {
    EVERY_EXCHANGING_NODE();
    const Line line = rig.connect();
    CHECK(Window(kMaxFrame, 0).share(line) == EINVAL);
    CHECK(Window(kMaxFrame, F_SEAL_GROW).share(line) == EINVAL);
    CHECK(Window(0).share(line) == EINVAL);
    const Window tiny(3), short_one(100), long_one(kMaxFrame + 5000);
    REQUIRE(tiny.share(line) == 0);
    CHECK(ioctl_error(line, kExchangeInWindow, 1000) == EFAULT);
    REQUIRE(short_one.share(line) == 0);  // takes the place of the other
    REQUIRE(short_one.put(Bytes{0x9c, 0, 0x10, 0}));
    CHECK(ioctl_error(line, kExchangeInWindow, 1000) == EFAULT);
    CHECK(short_one.exchange(line, command(kEcho, pattern(50))) == kFrameHeader + 50);
    CHECK(short_one.exchange(line, big_command(101)) == -EFAULT);  // that answer is gone
    REQUIRE(long_one.share(line) == 0);
    CHECK(long_one.exchange(line, command(kEcho)) == kFrameHeader);
}

TEST_CASE("who has taken the node has it for exchanges too") {
    EVERY_EXCHANGING_NODE();
    const Line line = rig.connect();
    const Line other = rig.connect();
    const Window window, others;
    REQUIRE(window.share(line) == 0);
    REQUIRE(others.share(other) == 0);
    REQUIRE(ioctl_error(line, kTake) == 0);
    CHECK(others.exchange(other, command(kEcho)) == -EBUSY);
    CHECK(window.exchange(line, command(kEcho)) == kFrameHeader);
    REQUIRE(ioctl_error(line, kGive) == 0);
    CHECK(others.exchange(other, command(kEcho)) == kFrameHeader);
}

TEST_CASE("exchanges of several callers run side by side, and a hang-up ends one") {
    EVERY_EXCHANGING_NODE();
    const Line slow = rig.connect(), quick = rig.connect();
    const Window of_slow, of_quick;
    REQUIRE(of_slow.share(slow) == 0);
    REQUIRE(of_quick.share(quick) == 0);
    Caller waiting([&] { return of_slow.exchange(slow, slow_command(800ms)); });
    const auto begin = Clock::now();
    for (int i = 0; i < 20; ++i) CHECK(of_quick.exchange(quick, command(kEcho)) == kFrameHeader);
    CHECK(Clock::now() - begin < 700ms);
    CHECK(waiting.result() == kFrameHeader + 2);
    CHECK(of_quick.exchange(quick, command(kHangUp)) == -EIO);
    CHECK(of_quick.exchange(quick, command(kEcho)) == -EIO);
    CHECK(of_slow.exchange(slow, command(kEcho)) == kFrameHeader);
}

TEST_CASE("a client that is killed amid an exchange leaves nothing behind") {
    EVERY_EXCHANGING_NODE();
    const pid_t client = in_child([&] {
        const Line line = rig.connect();
        const Window window;
        return window.share(line) + window.exchange(line, slow_command(500ms));
    });
    REQUIRE(rig.settles_at(1));
    std::this_thread::sleep_for(50ms);
    kill(client, SIGKILL);
    CHECK(exit_status(client) == -SIGKILL);
    CHECK(rig.settles_at(0));
}
