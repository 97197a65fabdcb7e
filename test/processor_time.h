// What something costs in processor time, and how much a command without logon may cost.
#pragma once

#include <time.h>

#include <catch2/catch.hpp>

#include "test/emulated.h"

namespace cs2sim::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kInstrumented = true;  // counts every access
#else
inline constexpr bool kInstrumented = false;
#endif
inline const double kMostMilliseconds = kInstrumented || is_emulated() ? 100 : 5;

// Of CLOCK_THREAD_CPUTIME_ID, or of CLOCK_PROCESS_CPUTIME_ID: what is left to other threads counts too.
inline double processor_milliseconds(clockid_t clock) {
    timespec now{};
    REQUIRE(::clock_gettime(clock, &now) == 0);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

}  // namespace cs2sim::test
