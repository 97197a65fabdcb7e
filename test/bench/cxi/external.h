#pragma once

#include "test/bench/cxi/simulator.h"

namespace cs2sim::bench {

// Keys that live outside, sealed under the MBK, beside the same kind of key in the device, in turns.
void bench_external(const std::filesystem::path& folder);

}  // namespace cs2sim::bench
