// cs2sim: start and steer the simulator.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/crypto/core_file.h"
#include "tools/control/program.h"
#include "tools/control/stop_instance.h"
#include "tools/cs2sim/commands.h"
#include "tools/cs2sim/wrong_words.h"
#include "tools/instance/start_options.h"
#include "tools/scenario/scenario.h"
#include "tools/session/ending.h"
#include "tools/session/secret_words.h"
#include "tools/trace/trace.h"

namespace {

using namespace cs2sim;

int start(const StartOptions& options) {
    std::vector<std::string> words = words_of(options);
    words.insert(words.begin(), {"cs2sim", "start"});
    // The options are whole: what the environment says of sockets went into them, or was not wanted.
    for (const char* variable : {"CS2SIM_LISTEN", "SDK_PORT", "LISTEN_FDS"}) ::unsetenv(variable);
    return start_daemon(words);
}

// What never ran is not started, and what would not start again is not stopped.
int restart(const StartOptions& options) {
    if (is_hidden(options.state)) {
        std::cerr << "cs2sim: " << no_instance(options.state) << '\n';
        return tools::kRefused;
    }
    const bool runs = InstanceLock::holder(options.state).has_value();
    if (!runs && !read_record(options.state)) {
        std::cerr << "cs2sim: no instance runs on " << options.state.string()
                  << ", nor did one; `cs2sim start` starts one\n";
        return tools::kNoDevice;
    }
    if (runs) {
        const int usable = run_program({daemon_program(), "--profile", options.profile, "--check"});
        if (usable != 0) return usable;
        if (const int status = stop_instance(options.state); status != 0) return status;
    }
    return start(options);
}

constexpr int kCalledWrongly = 2;

// Says which word is wrong, where one is.
bool tell_wrong_word(const CLI::App& app) {
    const auto words = wrong_word(app);
    if (words) std::cerr << "cs2sim: " << *words << '\n';
    return words.has_value();
}

// Reads the words and runs the command that they name: its status, or that of words that name none.
int run_command(CLI::App& app, std::vector<std::string> given, const CommandLine& line) {
    try {
        std::ranges::reverse(given);  // as CLI11 wants them
        app.parse(std::move(given));
    } catch (const CLI::RequiredError& problem) {
        if (!tell_wrong_word(app)) app.exit(problem);
        return kCalledWrongly;
    } catch (const CLI::ExtrasError& problem) {
        if (!tell_wrong_word(app)) app.exit(problem);
        return kCalledWrongly;
    } catch (const CLI::ParseError& problem) {
        return app.exit(problem) == 0 ? 0 : kCalledWrongly;
    } catch (const std::bad_alloc&) {
        std::cerr << "cs2sim: not enough memory\n";
        return 1;
    }
    return line.exit_status;
}

}  // namespace

int main(int argc, char** argv) try {
    // To start is the daemon's affair, which reads its options itself.
    if (argc > 1 && argv[1] == std::string_view("start")) return start_daemon({argv, argv + argc});
    // What `run` starts is the user's own program, which may leave what it likes.
    if (argc > 1 && argv[1] != std::string_view("run")) leave_no_core_file();
    std::vector<std::string> given = tools::take_words(argc, argv, tools::MayBeSecret::behind_any_mark);

    CLI::App app(
        "cs2sim: a CryptoServer-style HSM without the hardware. An independent simulator; it protects no "
        "production key.");
    app.name(argv[0]);
    app.set_version_flag("--version", "cs2sim " CS2SIM_VERSION);
    app.require_subcommand(1);

    CommandLine line;
    StartArguments to_start;  // for the manual, and how words go on
    CLI::App* start_command = app.add_subcommand("start", "start a simulator, return when it answers");
    to_start.add_to(*start_command);
    start_command->callback([&] { line.exit_status = start(to_start.complete()); });

    StartArguments to_restart;
    CLI::App* restart_command = app.add_subcommand("restart", "stop, and start with the same options");
    to_restart.add_to(*restart_command, StartArguments::Unsaid::record);
    restart_command->callback(
        [&] { line.exit_status = restart(to_restart.complete_from(*restart_command)); });

    for (const auto add_commands :
         {add_instance_commands,  add_fault_commands,       add_battery_commands,    add_alarm_commands,
          add_appliance_commands, add_clock_commands,       add_mode_commands,       add_card_commands,
          add_database_commands,  add_keystore_commands,    add_governance_commands, add_module_commands,
          add_scenario_commands,  add_explain_command,      add_assumptions_command, add_trace_command,
          add_replay_command,     add_stats_command,        add_run_command,         add_health_command,
          add_token_commands,     add_introduction_commands})
        add_commands(app, line);

    return run_command(app, std::move(given), line);
} catch (const std::exception& problem) {
    std::fprintf(stderr, "cs2sim: %s\n", problem.what());
    return 1;
}
