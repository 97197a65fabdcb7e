// What stands behind an error code: what provokes it here, and what an operator does about it. One row a code
// in advice.inc; `cs2sim explain` prints them, and the tests of CMDS hold them against the device.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "firmware/protocol/functions.h"

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

bool answered_by_any(const Advice& advice);

// Every code that the function can answer: of its mode rules and permission, of any function ("*"), and those
// whose advice names it. In ascending order, each once.
std::vector<std::uint32_t> possible_errors(const FunctionSignature& function);

// The row of `code`, or null.
const Advice* find_advice(std::uint32_t code);

}  // namespace cs2sim
