#pragma once

#include "test/bench/cxi/simulator.h"

namespace cs2sim::bench {

// Keys at work through the device node, beside `openssl speed -multi 2` and SoftHSM2, in turns within one
// run.
// `only`: a part of the name of what to measure; empty: all.
void bench_speed(const std::filesystem::path& folder, const std::string& only);

}  // namespace cs2sim::bench
