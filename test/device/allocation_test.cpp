// Where memory runs out in a thread of the device's own (accepting, making a thread, reading, waiting), that
// caller's connection ends at most: every allocation of these threads fails once, and each from some moment
// on.
#include <signal.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <iostream>

#include "test/device/node_calls.h"
#include "test/device/rig.h"
#include "test/failing_allocation.h"

using namespace cs2sim;
using namespace cs2sim::test;

namespace {

// What a caller does; whether it is answered is not asked here.
using Attempt = void (*)(const Rig&);

void asks(const Rig& rig) {
    const int fd = rig.try_connect();
    if (fd >= 0) (void)Line(fd).ask(command(kEcho, pattern(300)));
}

void asks_in_pieces(const Rig& rig) {
    const int fd = rig.try_connect();
    if (fd < 0) return;
    const Line line(fd);
    const Bytes frame = command(kEcho, pattern(100'000));
    if (line.send(ByteView(frame).first(50'000)) == 0 && line.send(ByteView(frame).subspan(50'000)) == 0)
        (void)line.receive();
}

void leaves_half_a_frame(const Rig& rig) {
    const int fd = rig.try_connect();
    if (fd < 0) return;
    const Line line(fd);
    (void)line.send(ByteView(command(kEcho, pattern(100'000))).first(60'000));
    if (shutdown(fd, SHUT_WR) == 0) (void)line.receive();  // of a socket: until it has seen that
}

void waits_at_a_node(const Rig& rig) {
    const int fd = rig.try_connect();
    const int other = rig.try_connect();
    if (fd < 0 || other < 0) {
        for (const int one : {fd, other})
            if (one >= 0) close(one);
        return;
    }
    const Line line(fd), taker(other);
    (void)line.readable(1ms);
    if (ioctl_error(taker, kTake) == 0) (void)ioctl_error(line, kTakeWithin, 2);
    (void)ioctl_error(taker, kGive);
    if (line.send(slow_command(3ms)) == 0) {
        std::uint32_t length = 0;
        (void)await(line, 1, length);
        (void)read_once(line, 6);
        (void)read_once(line, 100);
    }
}

std::vector<Attempt> attempts(Kind kind) {
    std::vector<Attempt> all{&asks, &asks_in_pieces};
    if (kind != Kind::preload) all.push_back(&leaves_half_a_frame);  // which sends whole frames alone
    if (kind == Kind::fuse || kind == Kind::cuse) all.push_back(&waits_at_a_node);
    return all;
}

}  // namespace

TEST_CASE("where memory runs out in a thread of the device's own one connection ends, and no other") {
    const Kind kind = GENERATE(from_range(cs2sim::test::kinds()));
    const auto lasts = GENERATE(Shortage::Lasts::once, Shortage::Lasts::from_then_on);
    signal(SIGPIPE, SIG_IGN);
    long failures = 0;
    for (const Attempt attempt : attempts(kind)) {
        CAPTURE(name_of(kind), int(lasts));
        Rig rig(kind, {.max_callers = 3});
        const Line other = rig.connect();
        CHECK(other.ask(command(kEcho)) == answer_frame({}));
        long first = 0;
        for (bool ran_out = true; ran_out; ++first) {
            REQUIRE(first < 300);
            CAPTURE(first);
            {
                Shortage shortage(Shortage::Of::other_threads, lasts, first);
                attempt(rig);
                ran_out = shortage.end();
            }
            CHECK(rig.settles_at(1));  // the other one alone
            CHECK(other.ask(command(kEcho)) == answer_frame({}));
            // There is a place for it, so that none is taken by who has gone.
            Bytes answer;
            for (int tries = 0; answer.empty() && tries < 100; ++tries)
                answer = rig.connect().ask(command(kEcho));
            CHECK(answer == answer_frame({}));
            CHECK(rig.settles_at(1));
        }
        CHECK(first > 1);  // there was an allocation to fail
        failures += first - 1;
        rig.listener().stop();  // and waits for nobody who is not there
        CHECK(rig.counters->alive == 0);
    }
    std::cout << name_of(kind) << ": " << failures << " allocations of the device's threads failed\n";
}
