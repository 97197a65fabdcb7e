// What ends a simulator that runs: a signal, or that its state folder is gone.
#pragma once

#include <csignal>
#include <filesystem>

#include "tools/instance/instance.h"

namespace cs2sim {

sigset_t ending_signals();

// Precondition: the ending signals are blocked in every thread. Says in the log what came.
void wait_for_the_end(const InstanceLock& lock, const std::filesystem::path& state);

// Lets wait_for_the_end() return when no `cs2sim run` uses the simulator (run_lock.h), on a thread of its
// own.
void stop_when_unused(const std::filesystem::path& state);

}  // namespace cs2sim
