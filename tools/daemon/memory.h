// How the simulator's process deals with memory: what it may have, what its callers may hold of that, and
// that it goes back to the system after a rush.
#pragma once

#include <cstddef>
#include <string>
#include <thread>
#include <tl/expected.hpp>

#include "driver/caller_memory.h"
#include "firmware/profile/profile.h"

namespace cs2sim {

// The least of what the system allows this process: its control group, RLIMIT_AS, RLIMIT_DATA; SIZE_MAX when
// there is no limit.
std::size_t allowed_memory();

// The profile's limits; less where the process itself may not have four times as much.
CallerMemory::Limits caller_memory_limits(const Profile& profile);

// So many callers a socket serves: at most 1024, and as many as descriptors and memory last for.
std::size_t most_callers();

// Whether this process may have as many files open as a simulator needs that serves anybody. Raises its limit
// as far as it may. Error: words for the operator.
tl::expected<void, std::string> have_descriptors();

// Tells the C library to keep what a thread needs from one command to the next, and how large threads' stacks
// are. Precondition: no thread runs but this one.
void arrange_memory();

// Gives the memory back that only the start needed.
void forget_start();

// Gives memory back to the system, shortly after callers have given back much of it.
class MemoryReturn {
public:
    explicit MemoryReturn(CallerMemory& memory);
    ~MemoryReturn();
    MemoryReturn(const MemoryReturn&) = delete;
    MemoryReturn& operator=(const MemoryReturn&) = delete;

private:
    CallerMemory& memory_;
    std::thread thread_;
};

}  // namespace cs2sim
