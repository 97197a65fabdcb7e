// The threads beside users' modules, where memory runs out in them.
#include "firmware/modules/attendant.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <new>
#include <thread>

using namespace cs2sim;
using namespace std::chrono_literals;

TEST_CASE("Memory that runs out while a process is started is told whoever starts it") {
    Spawner spawner;
    CHECK_THROWS_AS(spawner.run([] { throw std::bad_alloc(); }), std::bad_alloc);
    bool ran = false;
    spawner.run([&] { ran = true; });
    CHECK(ran);
}

TEST_CASE("Memory that runs out while a module is looked after does not end the simulator") {
    std::atomic<int> woken{0};
    Attendant attendant({[](UserModule&) {}, [](UserModule&) {},
                         [&] {
                             if (++woken == 1) throw std::bad_alloc();
                         }});
    attendant.wake();  // once: what could not be done is done later
    for (int waited = 0; woken < 2 && waited < 2000; ++waited) std::this_thread::sleep_for(1ms);
    CHECK(woken == 2);
}
