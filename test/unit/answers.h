// What functions answered to the tests of a program, held against what `cs2sim explain` says of them.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <set>
#include <span>
#include <string_view>
#include <tuple>

namespace cs2sim::test {

using Answer = std::tuple<std::uint16_t, std::uint8_t, std::uint32_t>;  // FC, SFC, code: 0 for success

// Notes an answer. Every fixture that asks functions does; from any thread.
void note_answer(std::uint16_t fc, std::uint8_t sfc, std::uint32_t code);
std::set<Answer> answers_met();

// An error that advice.inc says of a function and no test of this program can provoke.
struct OutOfReach {
    std::string_view functions;  // "CXI.SIGN CXI.VERIFY"
    std::uint32_t code;
    std::string_view reason;
};

// Writes a line for each error that a function answered and advice.inc does not say of it.
void check_answers_known(std::ostream& wrong);
// Writes a line for each error that advice.inc says of a function of the module by name, and that none of the
// answers was, but for those out of reach; and for each row of these that is not, or no longer, true.
void check_errors_provoked(std::ostream& wrong, std::uint16_t fc, std::span<const OutOfReach> out_of_reach);

}  // namespace cs2sim::test
