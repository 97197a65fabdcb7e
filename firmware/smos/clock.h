// The device's real-time clock: the host's clock plus an offset that SetTime (or a fault) changes.
#pragma once

#include <atomic>
#include <cstdint>

#include "firmware/protocol/error.h"

namespace cs2sim {

class Nvram;

class Clock {
public:
    explicit Clock(Nvram& nvram);

    std::int64_t milliseconds() const;            // since 1970-01-01 UTC, by the device
    Result<void> set(std::int64_t milliseconds);  // persistent; E_OS_RTC_PARAM outside 1970 to 2099

private:
    Nvram& nvram_;
    std::atomic<std::int64_t> offset_{0};
};

// A monotonic host clock in milliseconds, for time-outs that no clock change may touch.
std::int64_t monotonic_milliseconds();

}  // namespace cs2sim
