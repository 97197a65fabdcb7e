#include "host-lib/fork_gate/fork_gate.h"

#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include <catch2/catch.hpp>

using namespace cs2sim;

namespace {

// A child that does not come to its end within ten seconds is ended by a signal.
template <class Check>
int status_of_child(const Check& good) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::alarm(10);
        ::_exit(good() ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return status;
}

}  // namespace

TEST_CASE("fork waits for who is inside") {
    host::guard_forks();
    std::atomic<bool> inside{false}, done{false};
    std::thread other([&] {
        const host::InsideForkGate gate;
        const host::InsideForkGate again;
        inside = true;
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        done = true;
    });
    while (!inside) std::this_thread::yield();
    CHECK(status_of_child([&] { return done.load(); }) == 0);
    other.join();
}

TEST_CASE("what is to be done before a fork is done when nobody is inside") {
    static std::atomic<int> inside{0}, done{0}, with_others{0};
    host::guard_forks();
    host::before_forks([] {
        const host::InsideForkGate again;
        ++done;
        if (inside != 0) ++with_others;
    });
    std::atomic<bool> over{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i)
        threads.emplace_back([&] {
            while (!over) {
                const host::InsideForkGate gate;
                ++inside;
                std::this_thread::yield();
                --inside;
            }
        });
    for (int i = 1; i <= 20; ++i) CHECK(status_of_child([&] { return done == i; }) == 0);
    over = true;
    for (std::thread& thread : threads) thread.join();
    CHECK(with_others == 0);
    {
        const host::InsideForkGate gate;
        CHECK(status_of_child([] { return done == 20; }) == 0);
    }
    host::before_forks(nullptr);
}

TEST_CASE("who forks inside does not wait for itself and child and parent are inside still") {
    host::guard_forks();
    const host::InsideForkGate gate;
    CHECK(status_of_child([] {
              const host::InsideForkGate again;
              return true;
          }) == 0);
}

TEST_CASE("a lock that threads take inside is free in every child") {
    host::guard_forks();
    std::mutex mutex;
    std::atomic<bool> over{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            while (!over) {
                const host::InsideForkGate gate;
                const std::lock_guard lock(mutex);
            }
        });
    for (int i = 0; i < 200; ++i)
        CHECK(status_of_child([&] {
                  const host::InsideForkGate gate;
                  const std::lock_guard lock(mutex);
                  return true;
              }) == 0);
    over = true;
    for (std::thread& thread : threads) thread.join();
}
