// What stands behind an error code: what provokes it here, and what an operator does about it. One row a code
// in advice.inc; `cs2sim explain` prints them, and the tests of CMDS hold them against the device.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace cs2sim {

struct Advice {
    std::uint32_t code;
    bool occurs;                 // false: the simulator never answers it, and `provoked_by` says why
    std::string_view functions;  // whose handlers answer it, "CMDS.LOGON CMDS.ADD_USER"; "*": any function.
                                 // Functions whose mode rules or permission give the code are not repeated.
    std::string_view provoked_by;
    std::string_view remedy;
};

std::span<const Advice> advice_table();

// The row of `code`, or null.
const Advice* find_advice(std::uint32_t code);

}  // namespace cs2sim
