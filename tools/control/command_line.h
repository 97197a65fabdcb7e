// What the subcommands of cs2sim share with its main(): where the simulator is, and what the exit status will
// be.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace cs2sim {

struct CommandLine {
    std::string state;
    int exit_status = 0;
};

// An empty path is a script's unset variable, and shall not quietly mean the usual place.
inline CLI::Validator not_empty() {
    return {[](std::string& text) { return std::string(text.empty() ? "names nothing: it is empty" : ""); },
            ""};
}

// `--state` for this subcommand.
inline CLI::App* with_state(CLI::App* command, CommandLine& line) {
    command->add_option("--state", line.state, "state folder, tells instances apart")->check(not_empty());
    return command;
}

}  // namespace cs2sim
