// What something costs in processor time, and how much a command without logon may cost.
#pragma once

#include <time.h>

#include <catch2/catch.hpp>

namespace cs2sim::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr double kMostMilliseconds = 100;  // an instrumented build counts every access
#else
inline constexpr double kMostMilliseconds = 5;
#endif

// Of CLOCK_THREAD_CPUTIME_ID, or of CLOCK_PROCESS_CPUTIME_ID: what is left to other threads counts too.
inline double processor_milliseconds(clockid_t clock) {
    timespec now{};
    REQUIRE(::clock_gettime(clock, &now) == 0);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

}  // namespace cs2sim::test
