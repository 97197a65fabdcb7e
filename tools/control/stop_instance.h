// Ending a simulator that runs.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace cs2sim {

// Ends the instance of `state` and waits until it is gone, at most 15 s. Returns the exit status: 3 when
// there is none, 1 when it does not end.
int stop_instance(const std::filesystem::path& state);

// "4711", or words where the number (0) says nothing here.
std::string pid_text(pid_t pid);

}  // namespace cs2sim
