// Points in time as text.
#pragma once

#include <cstdint>
#include <string>

namespace cs2sim {

// "2026-11-23 13:00:00" in UTC; milliseconds since 1970.
std::string date_and_time(std::int64_t milliseconds);

}  // namespace cs2sim
