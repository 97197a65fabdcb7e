// What is the sockets' alone: places, limits, coalesced frames.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "test/device/rig.h"

using namespace cs2sim;
using namespace cs2sim::test;

#define EVERY_SOCKET()                                                    \
    if (cs2sim::test::socket_kinds().empty()) return;                     \
    const Kind kind = GENERATE(from_range(cs2sim::test::socket_kinds())); \
    CAPTURE(name_of(kind))

TEST_CASE("commands may come many at once and are answered in order") {
    EVERY_SOCKET();
    Rig rig(kind);
    const Line line = rig.connect();
    Bytes all;
    for (std::uint8_t i = 0; i < 200; ++i) append(all, command(kEcho, Bytes{i}));
    append(all, ByteView(command(kEcho, Bytes{201})).first(5));
    REQUIRE(line.send(all) == 0);
    for (std::uint8_t i = 0; i < 200; ++i) CHECK(line.receive() == answer_frame(Bytes{i}));
    CHECK_FALSE(line.readable(20ms));
    REQUIRE(line.send(ByteView(command(kEcho, Bytes{201})).subspan(5)) == 0);
    CHECK(line.receive() == answer_frame(Bytes{201}));
}

TEST_CASE("after a length that no frame has, the connection ends with the error") {
    EVERY_SOCKET();
    Rig rig(kind);
    const Line line = rig.connect();
    REQUIRE(line.send(Bytes{0x9c, 0, 0, 3}) == 0);
    CHECK(line.receive() == error_frame({E_CMDS_BAD_CMD}));
    CHECK(line.receive().empty());
    CHECK(rig.settles_at(0));
}

TEST_CASE("callers beyond the limit are refused at once, and places become free again") {
    EVERY_SOCKET();
    Rig rig(kind, {.max_callers = 3});
    std::vector<Line> lines;
    for (int i = 0; i < 3; ++i) {
        lines.push_back(rig.connect());
        CHECK(lines.back().ask(command(kEcho)) == answer_frame({}));
    }
    const Line refused = rig.connect();
    CHECK(refused.readable(5s));
    CHECK(refused.receive().empty());
    lines.pop_back();
    CHECK(rig.settles_at(2));
    Bytes answer;
    for (int tries = 0; answer.empty() && tries < 100; ++tries) answer = rig.connect().ask(command(kEcho));
    CHECK(answer == answer_frame({}));
}

TEST_CASE("unix: a stale socket is replaced, anything else is refused and stays") {
    if (!has(Kind::unix_socket)) return;
    const std::string path = fresh_path(Kind::unix_socket);
    const auto answerer = test_answerer(std::make_shared<Counters>());
    std::ofstream(path) << "precious";
    CHECK_FALSE(listen_unix(path, answerer));
    struct stat found {};
    CHECK(stat(path.c_str(), &found) == 0);
    CHECK(found.st_size == 8);
    unlink(path.c_str());
    CHECK_FALSE(listen_unix(std::string(200, 'x'), answerer));
    CHECK_FALSE(listen_unix("", answerer));
    CHECK_FALSE(listen_unix(path + "/none/such", answerer));
}

TEST_CASE("tcp: addresses") {
    if (!has(Kind::tcp)) return;
    const auto answerer = test_answerer(std::make_shared<Counters>());
    for (const char* wrong : {"", "@", "x", "3001@", "70000", "-1", "1@nowhere", "0@1.2.3.4.5", "3001 ",
                              ":3001", "nowhere:1", "1.2.3.4:x"}) {
        CAPTURE(wrong);
        CHECK_FALSE(listen_tcp(wrong, answerer));
    }
    auto any = listen_tcp("0@localhost", answerer);
    REQUIRE(any);
    CHECK((*any)->address().ends_with("@127.0.0.1"));
    CHECK((*any)->address() != "0@127.0.0.1");
    for (const char* same : {"127.0.0.1:0", "localhost:0", "0"}) {
        const auto other = listen_tcp(same, answerer);
        REQUIRE(other);
        CHECK((*other)->address().ends_with("@127.0.0.1"));
    }
    const auto taken = listen_tcp((*any)->address(), answerer);
    REQUIRE_FALSE(taken);
    CHECK(taken.error().find("taken") != std::string::npos);
}

TEST_CASE("who is idle longest without logon gives way to a newcomer") {
    EVERY_SOCKET();
    Rig rig(kind, {.max_callers = 3});
    std::vector<Line> lines;
    for (const Verb verb : {kLogOn, kEcho, kEcho}) {
        lines.push_back(rig.connect());
        CHECK(lines.back().ask(command(verb)) == answer_frame({}));
        std::this_thread::sleep_for(150ms);
    }
    const Line newcomer = rig.connect();
    CHECK(newcomer.ask(command(kEcho)) == answer_frame({}));
    CHECK(lines[1].receive().empty());  // the first of those without logon
    CHECK(lines[0].ask(command(kEcho)) == answer_frame({}));
    CHECK(lines[2].ask(command(kEcho)) == answer_frame({}));
}

TEST_CASE("unfinished frames of all callers stay within the budget, and those who do not go on give way") {
    EVERY_SOCKET();
    const auto memory = std::make_shared<CallerMemory>(CallerMemory::Limits{1 << 20, 1 << 20});
    Rig rig(kind, {.memory = memory});
    const Bytes frame = command(kEcho, pattern(300'000));
    const ByteView half = ByteView(frame).first(200'000);
    const Line friendly = rig.connect();
    CHECK(friendly.ask(command(kLogOn)) == answer_frame({}));
    std::vector<Line> hoarders;
    for (int i = 0; i < 20; ++i) {
        hoarders.push_back(rig.connect());
        REQUIRE(hoarders.back().send(half) == 0);
        CHECK(memory->held() <= 2 << 20);
    }
    const auto is_answered = [&](const Line& line) {  // a frame that needs nearly all of the budget
        const Bytes large = command(kEcho, pattern(200'000));
        return line.ask(large) == answer_frame(pattern(200'000));
    };
    CHECK(is_answered(friendly));  // its account is another
    bool served = false;
    for (int tries = 0; !served && tries < 50; ++tries) {
        served = is_answered(rig.connect());
        if (!served) std::this_thread::sleep_for(100ms);
    }
    CHECK(served);
    hoarders.clear();
    CHECK(rig.settles_at(1));
    CHECK(memory->held() == 0);
}

TEST_CASE("a frame for which there is no room is refused by code, and the line lives on") {
    EVERY_SOCKET();
    const auto memory = std::make_shared<CallerMemory>(CallerMemory::Limits{200'000, 200'000});
    Rig rig(kind, {.memory = memory});
    const Line line = rig.connect();
    CHECK(line.ask(command(kEcho, pattern(400'000))) == error_frame({E_CMDS_NO_MEM}));
    CHECK(line.ask(command(kEcho, pattern(100'000))) == error_frame({E_CMDS_NO_MEM}));
    CHECK(line.ask(command(kEcho, pattern(10'000))) == answer_frame(pattern(10'000)));
    CHECK(memory->held() == 0);
}

TEST_CASE("answers that nobody reads stay within the budget") {
    EVERY_SOCKET();
    const auto memory = std::make_shared<CallerMemory>(CallerMemory::Limits{2 << 20, 2 << 20});
    Rig rig(kind, {.memory = memory});
    std::vector<Line> deaf;
    for (int i = 0; i < 30; ++i) {
        deaf.push_back(rig.connect());
        for (int n = 0; n < 12; ++n) REQUIRE(deaf.back().send(big_command(kMaxFrame)) == 0);
        CHECK(memory->held() <= 2 << 20);
    }
    CHECK(rig.connect().ask(command(kEcho)) == answer_frame({}));
    deaf.clear();
    CHECK(rig.settles_at(0));
    CHECK(memory->held() == 0);
}

namespace {

// The device's end of a line to it over TCP, which is in this process too; -1: none.
int other_end_of(const Line& line) {
    const auto name = [](int fd, auto get) {
        sockaddr_in at{};
        socklen_t size = sizeof at;
        const bool got = get(fd, reinterpret_cast<sockaddr*>(&at), &size) == 0 && at.sin_family == AF_INET;
        return got ? at.sin_port : in_port_t{0};
    };
    const in_port_t ours = name(line.fd(), ::getsockname);
    for (int fd = 3; fd < 1024; ++fd)
        if (fd != line.fd() && ours != 0 && name(fd, ::getpeername) == ours) return fd;
    return -1;
}

int option_of(int fd, int level, int option) {
    int value = 0;
    socklen_t size = sizeof value;
    REQUIRE(::getsockopt(fd, level, option, &value, &size) == 0);
    return value;
}

}  // namespace

TEST_CASE("tcp: a caller whose machine is gone is noticed within some minutes") {
    if (!has(Kind::tcp)) return;
    Rig rig(Kind::tcp);
    const Line line = rig.connect();
    CHECK(line.ask(command(kEcho)) == answer_frame({}));
    const int fd = other_end_of(line);
    REQUIRE(fd >= 0);
    CHECK(option_of(fd, SOL_SOCKET, SO_KEEPALIVE) == 1);
    const int within = option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE) +
                       option_of(fd, IPPROTO_TCP, TCP_KEEPINTVL) * option_of(fd, IPPROTO_TCP, TCP_KEEPCNT);
    CHECK(within <= 180);
}
