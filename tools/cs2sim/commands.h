// The subcommands of cs2sim that steer a running simulator. Each file registers its own.
#pragma once

#include "tools/control/command_line.h"

namespace cs2sim {

void add_instance_commands(CLI::App& app, CommandLine& line);
void add_logs_command(CLI::App& app, CommandLine& line);
void add_fault_commands(CLI::App& app, CommandLine& line);
void add_battery_commands(CLI::App& app, CommandLine& line);
void add_alarm_commands(CLI::App& app, CommandLine& line);
void add_appliance_commands(CLI::App& app, CommandLine& line);
void add_clock_commands(CLI::App& app, CommandLine& line);
void add_mode_commands(CLI::App& app, CommandLine& line);
void add_card_commands(CLI::App& app, CommandLine& line);
void add_database_commands(CLI::App& app, CommandLine& line);
void add_governance_commands(CLI::App& app, CommandLine& line);
void add_keystore_commands(CLI::App& app, CommandLine& line);
void add_module_commands(CLI::App& app, CommandLine& line);
void add_assumptions_command(CLI::App& app, CommandLine& line);
void add_explain_command(CLI::App& app, CommandLine& line);
void add_stats_command(CLI::App& app, CommandLine& line);
void add_run_command(CLI::App& app, CommandLine& line);
void add_health_command(CLI::App& app, CommandLine& line);
void add_token_commands(CLI::App& app, CommandLine& line);
// For the installation: `cs2sim man-page [VERB]` and `cs2sim complete -- WORDS`. To be added last: they
// describe what was added before.
void add_introduction_commands(CLI::App& app, CommandLine& line);

}  // namespace cs2sim
