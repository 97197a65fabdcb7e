// Allocations that fail when a test wants it. A program that has failing_allocation.cpp among its sources
// allocates by it.
#pragma once

#include <cstdint>

namespace cs2sim::test {

class Shortage {
public:
    enum class Lasts : std::uint8_t { once, from_then_on };
    enum class Of : std::uint8_t { this_thread, other_threads };

    // While it lives, the allocation after `before` others fails, and where it lasts all those after it:
    // std::bad_alloc. One at a time; threads that are none of the test's should be at rest when it begins.
    Shortage(Of threads, Lasts lasts, long before);
    ~Shortage() { end(); }
    Shortage(const Shortage&) = delete;
    Shortage& operator=(const Shortage&) = delete;

    bool end();  // whether an allocation has failed
};

}  // namespace cs2sim::test
