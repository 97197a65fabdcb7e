// Checks of what all tests of a program did together.
#pragma once

#include <iosfwd>

namespace cs2sim::test {

// One such check, as an object of a test file. It runs after a run of all tests of the program in which none
// failed; a run of some of them says nothing of the whole. What it writes is what is wrong: then the program
// fails.
class AfterWholeRun {
public:
    explicit AfterWholeRun(void (*check)(std::ostream&));
};

}  // namespace cs2sim::test
