// What tests threw at the simulator that it had to refuse, counted by kind. test/run prints the sums.
#pragma once

#include <cstdint>
#include <string_view>

namespace cs2sim::test {

// Counts one more input of that kind. At the end of the program the counts are added to the file that the
// environment variable CS2SIM_BAD_INPUT names, one line a kind; without it nothing is written.
void bad_input(std::string_view kind, std::uint64_t count = 1);

}  // namespace cs2sim::test
