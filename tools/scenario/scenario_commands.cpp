// cs2sim scenario list|show|run
#include "tools/scenario/scenario.h"

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <memory>

#include "tools/scenario/scenario_script.h"

namespace cs2sim {
namespace {

struct ScenarioArguments {
    std::string name;
    std::vector<std::string> command;
};

int problem(const std::string& words) {
    std::cerr << "cs2sim: " << words << '\n';
    return kNoScenario;
}

int list() {
    std::size_t width = 0;
    for (const BuiltInScenario& one : built_in_scenarios()) width = std::max(width, one.name.size());
    for (const BuiltInScenario& one : built_in_scenarios()) {
        const auto scenario = load_scenario(std::string(one.name));
        if (!scenario) return problem(scenario.error());
        std::cout << std::left << std::setw(static_cast<int>(width)) << one.name << ' ' << scenario->about
                  << '\n';
    }
    return 0;
}

int show(const std::string& name) {
    const auto text = scenario_text(name);
    if (!text) return problem(text.error());
    std::cout << *text;
    return 0;
}

int run(const ScenarioArguments& arguments) {
    const auto scenario = load_scenario(arguments.name);
    if (!scenario) return problem(scenario.error());
    return run_scenario(*scenario, arguments.command);
}

}  // namespace

void add_scenario_commands(CLI::App& app, CommandLine& line) {
    CLI::App* group = app.add_subcommand("scenario", "known troubles, against a command of yours");
    group->require_subcommand(1);
    const auto arguments = std::make_shared<ScenarioArguments>();
    group->add_subcommand("list", "the scenarios that come with cs2sim")->callback([&line] {
        line.exit_status = list();
    });
    CLI::App* show_command = group->add_subcommand("show", "the script, as a start for one of your own");
    show_command->add_option("name", arguments->name, "or a TOML file")->required();
    show_command->callback([&line, arguments] { line.exit_status = show(arguments->name); });

    CLI::App* run_command =
        group->add_subcommand("run",
                              "starts a private device in that trouble, sets CRYPTOSERVER, CS2SIM_STATE "
                              "and CS2SIM_ADMIN_KEY, runs the command (or the scenario's demo), prints "
                              "what it met; exits with the command's status, or 99 when the device did "
                              "not answer what the scenario expects");
    run_command->add_option("name", arguments->name, "or a TOML file")->required();
    run_command->add_option("command", arguments->command, "behind --");
    run_command->callback([&line, arguments] { line.exit_status = run(*arguments); });
}

}  // namespace cs2sim
