// swtpm, the well-known software TPM, as the measure of start-up time and command rate.
#pragma once

#include <filesystem>

#include "test/bench/main/program.h"

namespace cs2sim::bench {

// Makes a TPM's state in `folder` and starts and stops it once, so that later starts find existing state.
void prepare_swtpm(const std::filesystem::path& folder);
pid_t launch_swtpm(const std::filesystem::path& folder, const std::filesystem::path& socket);

// TPM2_Startup(CLEAR): the first answer.
void startup_swtpm(Connection& connection);

// TPM2_GetRandom of 32 bytes, and the size of its answer.
extern const Bytes kGetRandom;
inline constexpr std::size_t kGetRandomAnswer = 44;

}  // namespace cs2sim::bench
