// Whether an emulator runs the programs under test, as the cross build's tests are told
// (test/CMakeLists.txt). It takes a multiple of the time.
#pragma once

#include <cstdlib>

namespace cs2sim::test {

inline bool is_emulated() { return std::getenv("CS2SIM_TESTS_EMULATED") != nullptr; }

}  // namespace cs2sim::test
