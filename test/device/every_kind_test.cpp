// What holds on every way to the device: node, Unix socket, TCP.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <future>
#include <thread>

#include "test/bad_input.h"
#include "test/device/rig.h"

using namespace cs2sim;
using namespace cs2sim::test;

#define EVERY_KIND()                                               \
    const Kind kind = GENERATE(from_range(cs2sim::test::kinds())); \
    CAPTURE(name_of(kind))

TEST_CASE("every command is answered, one after the other") {
    EVERY_KIND();
    Rig rig(kind);
    const Line line = rig.connect();
    for (std::uint8_t i = 0; i < 100; ++i)
        CHECK(line.ask(command(kEcho, Bytes{i, 2, 3})) == answer_frame(Bytes{i, 2, 3}));
}

TEST_CASE("payloads of every size cross, up to the largest frame") {
    EVERY_KIND();
    Rig rig(kind);
    const Line line = rig.connect();
    const std::size_t size = GENERATE(as<std::size_t>(), 4, 5, 64, 4096, 0x10000, 0x20000, 0x20001,
                                      0x40000 + 100, kMaxFrame - 1, kMaxFrame);
    CAPTURE(size);
    CHECK((line.ask(big_command(size)) == answer_frame(pattern(size - kFrameHeader))));  // not to be printed
    if (size >= kRequestHeader) {
        const Bytes block = pattern(size - kRequestHeader);
        CHECK((line.ask(command(kEcho, block)) == answer_frame(block)));
    }
    CHECK(line.ask(command(kEcho)) == answer_frame({}));
}

TEST_CASE("a command may come in pieces") {
    EVERY_KIND();
    Rig rig(kind);
    const Line line = rig.connect();
    const Bytes block = pattern(50);
    for (const std::uint8_t byte : command(kEcho, block)) REQUIRE(line.send(Bytes{byte}) == 0);
    CHECK(line.receive() == answer_frame(block));
}

TEST_CASE("bad frames get their error, and the connection survives where the boundary is known") {
    EVERY_KIND();
    Rig rig(kind);
    const Line line = rig.connect();
    test::bad_input("frames and blocks, malformed", 3);
    CHECK(line.ask(Bytes{0x9c, 0, 0, 4}) == error_frame({E_CMDS_BAD_CMD}));
    CHECK(line.ask(Bytes{0x77, 0, 0, 7, 0, 0, 0}) == error_frame({E_CMDS_BAD_TAG}));

    Bytes oversized(kMaxFrame + 5, 0x55);
    const std::size_t length = oversized.size();
    oversized[0] = 0x9c;
    for (std::size_t i = 1; i < 4; ++i) oversized[i] = static_cast<std::uint8_t>(length >> 8 * (3 - i));
    CHECK((line.ask(oversized) == error_frame({E_CMDS_DATA_LEN})));
    CHECK(line.ask(command(kEcho)) == answer_frame({}));
}

TEST_CASE("an oversized frame is swallowed while its answer waits") {
    EVERY_KIND();
    Rig rig(kind);
    const Line line = rig.connect();
    Bytes head{0x9c, 0xff, 0xff, 0xff, 0, 0, 0};  // 16 MiB less a byte
    test::bad_input("frames and blocks, malformed");
    REQUIRE(line.send(head) == 0);
    CHECK(line.receive() == error_frame({E_CMDS_DATA_LEN}));
    REQUIRE(line.send(Bytes(0xffffff - head.size(), 0xaa)) == 0);
    CHECK(line.ask(command(kEcho)) == answer_frame({}));
}

TEST_CASE("callers have conversations of their own") {
    EVERY_KIND();
    Rig rig(kind);
    Line one = rig.connect();
    Line two = rig.connect();
    const Bytes first = one.ask(command(kWho));
    CHECK(first != two.ask(command(kWho)));
    CHECK(first == one.ask(command(kWho)));
    CHECK(rig.counters->alive == 2);
    one.close();
    CHECK(rig.settles_at(1));
    CHECK(two.ask(command(kEcho)) == answer_frame({}));
}

TEST_CASE("a slow command blocks nobody else") {
    EVERY_KIND();
    Rig rig(kind);
    const Line slow = rig.connect();
    const Line quick = rig.connect();
    REQUIRE(slow.send(command(kHold)) == 0);
    for (int i = 0; i < 20; ++i) CHECK(quick.ask(command(kEcho)) == answer_frame({}));
    CHECK_FALSE(slow.readable(0ms));
    rig.counters->gate.open();
    CHECK(slow.receive() == answer_frame(Bytes{1}));
}

TEST_CASE("commands that suddenly last long block nobody else") {
    EVERY_KIND();
    Rig rig(kind);
    const Line quick = rig.connect();
    for (int round = 0; round < 3; ++round) {
        std::vector<Line> brisk;  // up to now
        for (int i = 0; i < 5; ++i) {
            brisk.push_back(rig.connect());
            for (int j = 0; j < 3; ++j) CHECK(brisk.back().ask(command(kEcho)) == answer_frame({}));
        }
        const Line slow = rig.connect();
        REQUIRE(slow.send(slow_command(30ms)) == 0);
        for (const Line& line : brisk) REQUIRE(line.send(command(kHold)) == 0);
        CHECK(quick.ask(command(kEcho)) == answer_frame({}));
        rig.counters->gate.open();
        for (const Line& line : brisk) CHECK(line.receive() == answer_frame(Bytes{1}));
        rig.counters->gate.close();
        CHECK(slow.receive().size() == kFrameHeader + 2);
    }
}

TEST_CASE("many slow commands run side by side") {
    EVERY_KIND();
    Rig rig(kind);
    std::vector<Line> lines;
    for (int i = 0; i < 60; ++i) {
        lines.push_back(rig.connect());
        REQUIRE(lines.back().send(command(kHold)) == 0);
    }
    CHECK(rig.counters->gate.holds(60));
    CHECK(rig.connect().ask(command(kEcho)) == answer_frame({}));
    rig.counters->gate.open();
    for (const Line& line : lines) CHECK(line.receive() == answer_frame(Bytes{1}));
}

TEST_CASE("an answer that is dropped never comes, the next one does") {
    EVERY_KIND();
    if (kind == Kind::preload) return;  // cannot know that it was dropped, see driver/README.md
    Rig rig(kind);
    const Line line = rig.connect();
    REQUIRE(line.send(command(kDrop)) == 0);
    CHECK_FALSE(line.readable(150ms));
    CHECK(line.ask(command(kEcho)) == answer_frame({}));
}

TEST_CASE("the device may hang up") {
    EVERY_KIND();
    Rig rig(kind);
    const Line line = rig.connect();
    REQUIRE(line.send(command(kHangUp)) == 0);
    CHECK(line.readable(5s));
    CHECK(line.receive().empty());
    CHECK(rig.connect().ask(command(kEcho)) == answer_frame({}));
}

TEST_CASE("the device may hang up in the middle of an answer") {
    EVERY_KIND();
    Rig rig(kind);
    const Line line = rig.connect();
    REQUIRE(line.send(command(kHangUp, Bytes{0x9a, 0, 0})) == 0);
    Bytes got(10);
    CHECK(read(line.fd(), got.data(), got.size()) == 3);
    CHECK(got[0] == 0x9a);
    CHECK(read(line.fd(), got.data(), got.size()) <= 0);
    CHECK(rig.connect().ask(command(kEcho)) == answer_frame({}));
}

TEST_CASE("a caller that is gone takes its conversation along, even amid a command") {
    EVERY_KIND();
    Rig rig(kind);
    {
        const Line line = rig.connect();
        REQUIRE(line.send(slow_command(200ms)) == 0);
        const Line half = rig.connect();
        REQUIRE(half.send(Bytes{0x9c, 0, 1}) == 0);
        CHECK(rig.settles_at(2));
    }
    CHECK(rig.settles_at(0));
    CHECK(rig.connect().ask(command(kEcho)) == answer_frame({}));
}

TEST_CASE("a refused caller harms nobody") {
    EVERY_KIND();
    Rig rig(kind);
    const Line line = rig.connect();
    CHECK(line.ask(command(kEcho)) == answer_frame({}));
    rig.counters->refuse = true;
    const int refused = rig.try_connect();
    if (refused >= 0) {
        CHECK(Line(refused).receive().empty());
    } else {
        CHECK(refused == -EBUSY);
    }
    rig.counters->refuse = false;
    CHECK(line.ask(command(kEcho)) == answer_frame({}));
}

TEST_CASE("stop ends everybody who waits") {
    EVERY_KIND();
    Rig rig(kind);
    const Line waiting = rig.connect();
    REQUIRE(waiting.send(command(kDrop)) == 0);
    auto ended = std::async(std::launch::async, [&] { return waiting.receive(); });
    const Line idle = rig.connect();
    const Line half = rig.connect();
    REQUIRE(half.send(Bytes{0x9c, 0, 1}) == 0);
    CHECK(rig.settles_at(3));
    rig.listener().stop();
    rig.listener().stop();
    REQUIRE(ended.wait_for(5s) == std::future_status::ready);
    CHECK(ended.get().empty());
    CHECK(rig.settles_at(0));
    CHECK(rig.try_connect() < 0);
}

TEST_CASE("callers that claim much and send little, or never read, cost others nothing") {
    EVERY_KIND();
    Rig rig(kind);
    std::vector<Line> hostile;
    for (int i = 0; i < 100; ++i) {
        hostile.push_back(rig.connect());
        REQUIRE(hostile.back().send(Bytes{0x9c, 0x08, 0, 0, 1}) == 0);  // kMaxFrame, of which 5 bytes come
    }
    for (int i = 0; i < 20; ++i) {
        hostile.push_back(rig.connect(O_NONBLOCK));
        for (int sent = 0; sent < 100; ++sent)  // more than any buffer holds
            if (hostile.back().send(big_command(kMaxFrame)) != 0) break;
    }
    const Line line = rig.connect();
    for (int i = 0; i < 10; ++i) CHECK(line.ask(command(kEcho)) == answer_frame({}));
    hostile.clear();
    CHECK(rig.settles_at(1));
}

TEST_CASE("five hundred callers at once are served") {
    EVERY_KIND();
    Rig rig(kind);
    std::vector<Line> lines;
    for (int i = 0; i < 500; ++i) lines.push_back(rig.connect());
    for (const Line& line : lines) REQUIRE(line.send(command(kEcho, Bytes{1})) == 0);
    for (const Line& line : lines) REQUIRE(line.receive() == answer_frame(Bytes{1}));
    lines.clear();
    CHECK(rig.settles_at(0));
}

TEST_CASE("several callers at once get their own answers") {
    EVERY_KIND();
    Rig rig(kind);
    std::vector<std::future<int>> wrong;
    for (std::uint8_t caller = 0; caller < 6; ++caller) {
        wrong.push_back(std::async(std::launch::async, [&rig, caller] {
            const Line line = rig.connect();
            int count = 0;
            for (std::uint8_t i = 0; i < 200; ++i)
                if (line.ask(command(kEcho, Bytes{caller, i})) != answer_frame(Bytes{caller, i})) ++count;
            return count;
        }));
    }
    for (auto& each : wrong) CHECK(each.get() == 0);
}

TEST_CASE("when the daemon is killed, callers know at once, and the next one takes its place") {
    EVERY_KIND();
    const std::string path = fresh_path(kind);
    int announce[2];
    REQUIRE(pipe(announce) == 0);
    const pid_t daemon = fork();
    REQUIRE(daemon >= 0);
    if (daemon == 0) {
        auto opened = open_listener(kind, path, test_answerer(std::make_shared<Counters>()));
        const std::string said = opened ? (*opened)->address() : "refused: " + opened.error();
        if (write(announce[1], said.data(), said.size()) <= 0 || !opened) _exit(1);
        for (;;) pause();
    }
    close(announce[1]);
    char text[500] = {};
    REQUIRE(read(announce[0], text, sizeof text - 1) > 0);
    close(announce[0]);
    if (std::string_view(text).starts_with("refused")) {
        waitpid(daemon, nullptr, 0);
        FAIL(text);
    }

    const Line waiting(open_line(kind, text));
    REQUIRE(waiting.fd() >= 0);
    REQUIRE(waiting.send(command(kDrop)) == 0);
    auto ended = std::async(std::launch::async, [&] { return waiting.receive(); });
    std::this_thread::sleep_for(50ms);
    kill(daemon, SIGKILL);
    REQUIRE(waitpid(daemon, nullptr, 0) == daemon);
    REQUIRE(ended.wait_for(5s) == std::future_status::ready);
    CHECK(ended.get().empty());
    signal(SIGPIPE, SIG_IGN);
    int error = waiting.send(command(kEcho));
    std::this_thread::sleep_for(10ms);
    if (error == 0 && kind == Kind::tcp)
        error = waiting.send(command(kEcho));  // the first one brought the reset
    CHECK((error == EPIPE || error == ECONNRESET || error == ENOTCONN || error == ECONNABORTED ||
           error == EIO || error == ENODEV));
    for (int tries = 0; kind == Kind::cuse && access(path.c_str(), F_OK) == 0 && tries < 100; ++tries)
        std::this_thread::sleep_for(10ms);  // the kernel takes the device away by itself

    auto counters = std::make_shared<Counters>();
    auto again = open_listener(kind, kind == Kind::tcp ? text : path, test_answerer(counters));
    if (!again) FAIL(again.error());
    const Line line(open_line(kind, (*again)->address()));
    CHECK(line.ask(command(kEcho)) == answer_frame({}));
    CHECK_FALSE(open_listener(kind, (*again)->address(), test_answerer(counters)).has_value());
    CHECK(line.ask(command(kEcho)) == answer_frame({}));
    (*again)->stop();
    CHECK((kind == Kind::tcp || access(path.c_str(), F_OK) != 0));
}

TEST_CASE("a computation ends when its caller has hung up, and when the device stops") {
    EVERY_KIND();
    Rig rig(kind);
    Line line = rig.connect();
    REQUIRE(line.send(command(kCompute)) == 0);
    REQUIRE(Rig::settles(rig.counters->computing, 1));
    line.close();
    CHECK(Rig::settles(rig.counters->computing, 0));
    CHECK(rig.settles_at(0));

    const Line other = rig.connect();
    REQUIRE(other.send(command(kCompute)) == 0);
    REQUIRE(Rig::settles(rig.counters->computing, 1));
    rig.listener().stop();
    CHECK(rig.counters->computing == 0);
}

TEST_CASE("where memory runs out within a command its connection ends, and no other") {
    EVERY_KIND();
    Rig rig(kind);
    const Line other = rig.connect();
    const Line line = rig.connect();
    CHECK(line.ask(command(kNoMemory)).empty());
    CHECK(other.ask(command(kEcho)) == answer_frame({}));
    CHECK(rig.connect().ask(command(kEcho)) == answer_frame({}));
}
