// Instances that run: ending them, and what is to be seen of them.
#pragma once

#include <filesystem>

namespace cs2sim {

// Ends the instance of `state` and waits until it is gone, at most 15 s. Returns the exit status: 1 when
// there is none, or it does not end.
int stop_instance(const std::filesystem::path& state);

}  // namespace cs2sim
