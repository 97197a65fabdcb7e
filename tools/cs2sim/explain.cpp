// cs2sim explain: error codes, functions, modes.
#include <iostream>
#include <vector>

#include "tools/cs2sim/commands.h"
#include "tools/explain/explain_text.h"

namespace cs2sim {
namespace {

struct Options {
    std::vector<std::string> what;
    bool modes = false;
};

int run(const Options& options) {
    if (options.modes) {
        std::cout << mode_matrix();
        return 0;
    }
    int status = 0;
    for (const std::string& what : options.what) {
        const auto text = explain(what);
        if (text) {
            std::cout << *text;
        } else {
            std::cerr << "cs2sim: " << text.error() << '\n';
            status = 1;
        }
    }
    return status;
}

}  // namespace

void add_explain_command(CLI::App& app, CommandLine& line) {
    CLI::App* command = app.add_subcommand(
        "explain",
        "say what an error code, a CKR of PKCS#11, a function (FC.SFC or name) or a module is; needs no "
        "simulator");
    const auto options = std::make_shared<Options>();
    command->add_option(
        "what", options->what,
        "B0830063, CMDS.CHALLENGE_LEN, 083.01, CMDS.GET_CHALLENGE, CMDS, CKR_PIN_TOO_WEAK, 0x1B8");
    command->add_flag("--modes", options->modes,
                      "print which function is barred in which mode, and by which code (module and number)");
    command->callback([options, &line] {
        if (options->what.empty() && !options->modes) throw CLI::CallForHelp();
        line.exit_status = run(*options);
    });
}

}  // namespace cs2sim
