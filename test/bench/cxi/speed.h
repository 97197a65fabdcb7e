#pragma once

#include "test/bench/cxi/simulator.h"

namespace cs2sim::bench {

// Keys at work through the device node, beside `openssl speed -multi 2` and SoftHSM2, in turns within one
// run.
void bench_speed(const std::filesystem::path& folder);

}  // namespace cs2sim::bench
