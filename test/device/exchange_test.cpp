// Request and answer in one ioctl, which is the node's own (driver/README.md).
#include "test/device/node_calls.h"

using namespace cs2sim;
using namespace cs2sim::test;

namespace {

using Clock = std::chrono::steady_clock;

int exchange_error(const Line& line, ByteView request, std::int32_t timeout_ms = 5000) {
    Bytes answer;
    return error_of(exchange(line, request, 64, timeout_ms, answer));
}

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

int raw_exchange(const Line& line, const ExchangeArgument& argument) {
    return error_of(::ioctl(line.fd(), kExchange, &argument));
}

}  // namespace

TEST_CASE("a command and its answer in one call, of every size") {
    EVERY_NODE();
    const Line line = rig.connect();
    for (const std::size_t size : {0u, 1u, 64u, 4096u, 65536u, 262144u, 524000u}) {
        CAPTURE(size);
        const Bytes expected = answer_frame(pattern(size));
        Bytes answer;
        CHECK(exchange(line, command(kEcho, pattern(size)), kMaxFrame, 5000, answer) ==
              static_cast<int>(expected.size()));
        CHECK(answer == expected);
    }
    CHECK(line.ask(command(kEcho, pattern(9))) == answer_frame(pattern(9)));  // and as ever
}

TEST_CASE("a small command in the argument itself") {
    EVERY_NODE();
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
    REQUIRE(small_exchange(line, big_command(100000), argument) == 100000);
    Bytes answer = to_bytes(bytes_of(argument));
    while (answer.size() < 100000) append(answer, read_once(line, 70000));
    CHECK(is_frame(answer));
    CHECK(small_exchange(line, command(kDrop), argument, 50) == -ETIMEDOUT);
    CHECK(small_exchange(line, Bytes(4), argument) == -EINVAL);
    argument.size = 4089;
    CHECK(ioctl_error(line, kExchangeSmall, reinterpret_cast<long>(&argument)) == EINVAL);
    CHECK(ioctl_error(line, kExchangeSmall, 8) == EFAULT);
    CHECK(small_exchange(line, command(kEcho), argument) == kFrameHeader);
}

TEST_CASE("what the caller has no space for is left for read") {
    EVERY_NODE();
    const Line line = rig.connect();
    const Bytes expected = answer_frame(pattern(1000));
    Bytes answer;
    REQUIRE(exchange(line, command(kEcho, pattern(1000)), 100, 5000, answer) ==
            static_cast<int>(expected.size()));
    CHECK(exchange_error(line, command(kEcho)) == EBUSY);
    append(answer, read_once(line, 5000));
    CHECK(answer == expected);
    REQUIRE(exchange(line, command(kEcho), 0, 5000, answer) == kFrameHeader);
    CHECK(line.receive() == answer_frame({}));
}

TEST_CASE("an exchange has its time, and its answer is not lost") {
    EVERY_NODE();
    const Line line = rig.connect();
    const auto begin = Clock::now();
    CHECK(exchange_error(line, slow_command(400ms), 100) == ETIMEDOUT);
    CHECK(Clock::now() - begin >= 100ms);
    CHECK(exchange_error(line, command(kEcho)) == EBUSY);
    CHECK(line.receive().size() == kFrameHeader + 2);
    CHECK(exchange_error(line, command(kDrop), 50) == ETIMEDOUT);
    CHECK(exchange_error(line, command(kEcho)) == 0);
    CHECK(exchange_error(line, slow_command(200ms), -1) == 0);
}

TEST_CASE("a signal interrupts an exchange, and nothing is lost") {
    EVERY_NODE();
    const Line line = rig.connect();
    CHECK(Caller([&] { return exchange_error(line, slow_command(700ms), 10000); }).interrupted() == EINTR);
    CHECK(line.receive().size() == kFrameHeader + 2);
    CHECK(exchange_error(line, command(kEcho)) == 0);
}

TEST_CASE("an exchange of what is not one frame is refused") {
    EVERY_NODE();
    const Line line = rig.connect();
    Bytes two = command(kEcho);
    append(two, command(kEcho));
    Bytes half = command(kEcho, pattern(10));
    half.pop_back();
    for (const Bytes& wrong : {two, half, Bytes(), Bytes{0x9c}, Bytes(4)})
        CHECK(exchange_error(line, wrong) == EINVAL);
    const Bytes frame = command(kEcho);
    const auto address = reinterpret_cast<std::uintptr_t>(frame.data());
    CHECK(raw_exchange(line, {address, address, 0xFFFFFFFF, 64, 5000, 0}) == EINVAL);
    CHECK(raw_exchange(line, {address, address, kMaxFrame + 1, 64, 5000, 0}) == EINVAL);

    REQUIRE(line.send(ByteView(frame).first(3)) == 0);
    CHECK(exchange_error(line, frame) == EINVAL);  // amid a frame that is written in pieces
    REQUIRE(line.send(ByteView(frame).subspan(3)) == 0);
    CHECK(line.receive() == answer_frame({}));
}

TEST_CASE("an exchange with bad pointers gives EFAULT") {
    EVERY_NODE();
    const Line line = rig.connect();
    Bytes frame = command(kEcho, pattern(100));
    const auto good = reinterpret_cast<std::uintptr_t>(frame.data());
    const auto size = static_cast<std::uint32_t>(frame.size());
    CHECK(ioctl_error(line, kExchange, 0) == EFAULT);
    CHECK(ioctl_error(line, kExchange, -1) == EFAULT);
    CHECK(raw_exchange(line, {0, good, size, 64, 5000, 0}) == EFAULT);
    CHECK(raw_exchange(line, {~std::uint64_t{0}, good, size, 64, 5000, 0}) == EFAULT);
    CHECK(raw_exchange(line, {good, 8, size, 4096, 5000, 0}) == EFAULT);  // its answer is gone
    CHECK(exchange_error(line, command(kEcho)) == 0);
}

TEST_CASE("who has taken the node has it for exchanges too") {
    EVERY_NODE();
    const Line line = rig.connect();
    const Line other = rig.connect();
    REQUIRE(ioctl_error(line, kTake) == 0);
    CHECK(exchange_error(other, command(kEcho)) == EBUSY);
    CHECK(exchange_error(line, command(kEcho)) == 0);
    REQUIRE(ioctl_error(line, kGive) == 0);
    CHECK(exchange_error(other, command(kEcho)) == 0);
}

TEST_CASE("exchanges of several callers run side by side, and a hang-up ends one") {
    EVERY_NODE();
    const Line slow = rig.connect(), quick = rig.connect();
    Caller waiting([&] { return exchange_error(slow, slow_command(800ms)); });
    const auto begin = Clock::now();
    for (int i = 0; i < 20; ++i) CHECK(exchange_error(quick, command(kEcho)) == 0);
    CHECK(Clock::now() - begin < 700ms);
    CHECK(waiting.result() == 0);
    CHECK(exchange_error(quick, command(kHangUp)) == EIO);
    CHECK(exchange_error(quick, command(kEcho)) == EIO);
    CHECK(exchange_error(slow, command(kEcho)) == 0);
}

TEST_CASE("a client that is killed amid an exchange leaves nothing behind") {
    EVERY_NODE();
    const pid_t client = in_child([&] {
        const Line line = rig.connect();
        return exchange_error(line, slow_command(500ms));
    });
    REQUIRE(rig.settles_at(1));
    std::this_thread::sleep_for(50ms);
    kill(client, SIGKILL);
    CHECK(exit_status(client) == -SIGKILL);
    CHECK(rig.settles_at(0));
}
