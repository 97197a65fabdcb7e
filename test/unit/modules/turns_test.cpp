#include "firmware/modules/turns.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

using namespace cs2sim;

TEST_CASE("Modules that ask each other from two threads do not wait for one another for ever") {
    Turns turns;
    Turn one, two, three;
    std::atomic<unsigned> refused{0}, taken{0};
    std::atomic<unsigned> inside{0};
    const auto ask = [&](Turn& own, Turn& other) {
        for (int i = 0; i < 2; ++i)  // the one that calls may call again
            if (!turns.take(own)) ++refused;
        ++inside;
        while (inside < 3) std::this_thread::yield();
        if (turns.take(other)) {
            ++taken;
            turns.give(other);
        } else {
            ++refused;
        }
        for (int i = 0; i < 2; ++i) turns.give(own);
    };
    {
        std::jthread first([&] { ask(one, two); });
        std::jthread second([&] { ask(two, three); });
        std::jthread third([&] { ask(three, one); });
    }
    CHECK(refused == 1);  // whoever closed the circle
    CHECK(taken == 2);
    for (Turn* const turn : {&one, &two, &three}) CHECK(turns.take_if_free(*turn));
}

TEST_CASE("A module's turn is one thread's at a time") {
    Turns turns;
    Turn turn;
    unsigned count = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                for (int n = 0; n < 2000; ++n) {
                    if (!turns.take(turn)) return;
                    ++count;
                    turns.give(turn);
                }
            });
    }
    CHECK(count == 8000);
    REQUIRE(turns.take(turn));
    bool taken = true;
    std::jthread([&] { taken = turns.take_if_free(turn); }).join();
    CHECK_FALSE(taken);
    turns.give(turn);
}
