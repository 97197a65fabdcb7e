// Which function answers in which mode.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "firmware/protocol/modes.h"

namespace cs2sim {

// A mode word that a device can have, for each column of the matrix.
struct Situation {
    std::string_view name;
    std::uint16_t modes;
};
inline constexpr Situation kSituations[] = {
    {"oper", MODE_OPERATIONAL},
    {"admin", MODE_ADMIN_ONLY},
    {"maint", MODE_MAINTENANCE},
    {"boot", MODE_BOOTLOADER},
    {"alarm", MODE_OPERATIONAL | MODE_ALARM},
    {"FIPS", MODE_OPERATIONAL | MODE_FIPS},
    {"FIPSer", MODE_OPERATIONAL | MODE_FIPS | MODE_FIPS_ERROR},
    {"CC", MODE_OPERATIONAL | MODE_CC},
    {"CCerr", MODE_OPERATIONAL | MODE_CC | MODE_CC_ERROR},
};

// One line a function: what it needs, and in each mode the number of the code by which it is barred.
std::string mode_matrix();

}  // namespace cs2sim
