// Figures of CXI through a real simulator's device node: keys at work beside openssl and SoftHSM2, and
// databases of up to a million keys, keys outside the device beside keys in it. Usage: bench_cxi FOLDER
// [speed [PART-OF-A-NAME] | scale [LARGEST-NUMBER-OF-KEYS] | external]
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "test/bench/cxi/external.h"
#include "test/bench/cxi/scale.h"
#include "test/bench/cxi/speed.h"

int main(int argc, char** argv) {
    if (argc < 2 || argv[1][0] == '-') {
        std::fprintf(
            stderr,
            "usage: bench_cxi FOLDER [speed [PART-OF-A-NAME] | scale [LARGEST-NUMBER-OF-KEYS] | external]\n");
        return 2;
    }
    const std::filesystem::path folder = std::filesystem::absolute(argv[1]);
    if (std::filesystem::exists(folder) && !std::filesystem::is_empty(folder)) {
        std::fprintf(stderr, "bench_cxi: %s is not empty\n", folder.c_str());
        return 2;
    }
    const std::string_view part = argc > 2 ? argv[2] : "";
    const std::string third = argc > 3 ? argv[3] : "";
    const std::size_t largest =
        part == "scale" && !third.empty() ? std::strtoul(third.c_str(), nullptr, 10) : 1'000'000;
    if (part.empty() || part == "external") cs2sim::bench::bench_external(folder / "external");
    if (part.empty() || part == "speed") cs2sim::bench::bench_speed(folder / "speed", third);
    if (part.empty() || part == "scale") cs2sim::bench::bench_scale(folder / "scale", largest);
    return 0;
}
