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

// `--state` for this subcommand.
inline CLI::App* with_state(CLI::App* command, CommandLine& line) {
    command->add_option("--state", line.state, "state folder, tells instances apart");
    return command;
}

}  // namespace cs2sim
