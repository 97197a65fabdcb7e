#pragma once

#include "test/bench/cxi/simulator.h"

namespace cs2sim::bench {

// 1,000 keys, ten times as many, … up to `largest`: start, open by name, listing, memory.
void bench_scale(const std::filesystem::path& folder, std::size_t largest);

}  // namespace cs2sim::bench
