// The subcommands of cs2sim that steer a running simulator. Each file registers its own.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace cs2sim {

// What the subcommands share with main(): where the simulator is, and what the exit status will be.
struct CommandLine {
    std::string state;
    int exit_status = 0;
};

void add_instance_commands(CLI::App& app, CommandLine& line);
void add_fault_commands(CLI::App& app, CommandLine& line);
void add_battery_commands(CLI::App& app, CommandLine& line);
void add_alarm_commands(CLI::App& app, CommandLine& line);
void add_appliance_commands(CLI::App& app, CommandLine& line);
void add_clock_commands(CLI::App& app, CommandLine& line);
void add_mode_commands(CLI::App& app, CommandLine& line);
void add_card_commands(CLI::App& app, CommandLine& line);
void add_database_commands(CLI::App& app, CommandLine& line);
void add_module_commands(CLI::App& app, CommandLine& line);
void add_scenario_commands(CLI::App& app, CommandLine& line);
void add_assumptions_command(CLI::App& app, CommandLine& line);
void add_explain_command(CLI::App& app, CommandLine& line);
void add_trace_command(CLI::App& app, CommandLine& line);
void add_replay_command(CLI::App& app, CommandLine& line);
void add_stats_command(CLI::App& app, CommandLine& line);
void add_run_command(CLI::App& app, CommandLine& line);
void add_health_command(CLI::App& app, CommandLine& line);
// For the installation: `cs2sim man-page [VERB]` and `cs2sim complete -- WORDS`. To be added last: they
// describe what was added before.
void add_introduction_commands(CLI::App& app, CommandLine& line);

// `--state` for this subcommand.
inline CLI::App* with_state(CLI::App* command, CommandLine& line) {
    command->add_option("--state", line.state, "state folder, tells instances apart");
    return command;
}

}  // namespace cs2sim
