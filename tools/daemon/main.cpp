// cs2simd: the simulator itself. `cs2sim start` runs this program, with the words that were typed.
#include <cstdio>
#include <exception>
#include <string_view>

#include "tools/daemon/daemon.h"
#include "tools/daemon/start_check.h"
#include "tools/instance/standard_output.h"

int main(int argc, char** argv) try {
    using namespace cs2sim;
    hold_standard_descriptors();
    // Called by cs2sim it has that program's words, the verb among them: so it stands in a list of processes.
    const bool by_client = argc > 1 && argv[1] == std::string_view("start");
    CLI::App app("start a simulator, return when it answers", by_client ? "cs2sim start" : "cs2simd");
    if (!by_client) app.set_version_flag("--version", "cs2simd " CS2SIM_VERSION);
    StartArguments arguments;
    arguments.add_to(app);
    bool check = false;
    add_check(app, check);
    try {
        by_client ? app.parse(argc - 1, argv + 1) : app.parse(argc, argv);
    } catch (const CLI::ParseError& problem) {
        return app.exit(problem) == 0 ? 0 : kCalledWrongly;
    }
    return check ? check_start(arguments.complete()) : start(arguments.complete());
} catch (const std::exception& problem) {
    std::fprintf(stderr, "cs2simd: %s\n", problem.what());
    return 1;
}
