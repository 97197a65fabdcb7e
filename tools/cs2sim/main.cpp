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
#include "firmware/protocol/terminal_text.h"
#include "tools/control/program.h"
#include "tools/control/stop_instance.h"
#include "tools/cs2sim/commands.h"
#include "tools/cs2sim/wrong_words.h"
#include "tools/instance/standard_output.h"
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
    for (const std::string& variable : socket_variables()) ::unsetenv(variable.c_str());
    return start_daemon(words);
}

// Whether the options can start an instance, as far as can be told while another one runs on that state.
int would_start(const StartOptions& options) {
    if (!options.lost_sockets.empty()) {
        std::cerr << "cs2sim: " << terminal_text(options.lost_sockets.front())
                  << " was handed to the instance by who started it, and a restart does not get it; let that "
                     "one start it again, or say with --listen where to listen instead\n";
        return tools::kRefused;
    }
    std::vector<std::string> words = words_of(options);
    words.insert(words.begin(), daemon_program());
    words.emplace_back("--check");
    return run_program(words, false, socket_variables());
}

// What never ran is not started, and what would not start again is not stopped.
int restart(const StartOptions& options) {
    if (is_hidden(options.state)) {
        std::cerr << "cs2sim: " << no_instance(options.state) << '\n';
        return tools::kRefused;
    }
    const bool runs = InstanceLock::holder(options.state).has_value();
    const bool known = read_record(options.state).has_value();
    if (runs && !known) {
        std::cerr
            << "cs2sim: " << terminal_text(options.state.string())
            << ": the record of the instance cannot be read, so that nobody knows with which options it "
               "was started; `cs2sim stop` ends it, `cs2sim start` starts one\n";
        return tools::kRefused;
    }
    if (!known) {
        std::cerr << "cs2sim: no instance runs on " << terminal_text(options.state.string())
                  << ", nor did one; `cs2sim start` starts one\n";
        return tools::kNoDevice;
    }
    if (const int usable = would_start(options); usable != 0) return usable;
    if (const int status = runs ? stop_instance(options.state) : 0; status != 0) return status;
    return start(options);
}

constexpr int kCalledWrongly = 2;

// Says which word is wrong, where one is.
bool tell_wrong_word(const CLI::App& app) {
    const auto words = wrong_word(app);
    if (words) std::cerr << "cs2sim: " << *words << '\n';
    return words.has_value();
}

// CLI11 takes a word or a value in brackets for a list and takes it apart, which would change what the user's
// own program is given (`sh -c '[ -e x ]'`): a mark keeps such a one from it until it has become an option's
// value.
constexpr char kInBrackets = '\x1f';

void mark_brackets(std::vector<std::string>& words) {
    bool options_end = false;
    for (std::string& word : words) {
        options_end = options_end || word == "--";
        const std::size_t value = !options_end && word.starts_with("--") ? word.find('=') + 1 : 0;
        if (word.size() > value && word[value] == '[' && word.ends_with(']'))
            word.insert(word.begin() + static_cast<std::ptrdiff_t>(value), kInBrackets);
    }
}

std::string as_typed(std::string word) {
    return word.size() > 2 && word[0] == kInBrackets && word[1] == '[' ? word.substr(1) : std::move(word);
}

void take_brackets_as_typed(CLI::App& command) {
    for (CLI::Option* option : command.get_options())
        if (option->get_items_expected_max() > 0) option->transform(as_typed);
    for (CLI::App* below : command.get_subcommands({})) take_brackets_as_typed(*below);
}

// Reads the words and runs the command that they name: its status, or that of words that name none.
int run_command(CLI::App& app, std::vector<std::string> given, const CommandLine& line) {
    mark_brackets(given);
    take_brackets_as_typed(app);
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
    hold_standard_descriptors();
    // To start is the daemon's affair, which reads its options itself.
    if (argc > 1 && argv[1] == std::string_view("start"))
        return ended_with_output("cs2sim", start_daemon({argv, argv + argc}));
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
         {add_instance_commands, add_logs_command,       add_fault_commands,       add_battery_commands,
          add_alarm_commands,    add_appliance_commands, add_clock_commands,       add_mode_commands,
          add_card_commands,     add_database_commands,  add_keystore_commands,    add_governance_commands,
          add_module_commands,   add_scenario_commands,  add_explain_command,      add_assumptions_command,
          add_trace_command,     add_replay_command,     add_stats_command,        add_run_command,
          add_health_command,    add_token_commands,     add_introduction_commands})
        add_commands(app, line);

    return ended_with_output("cs2sim", run_command(app, std::move(given), line));
} catch (const std::exception& problem) {
    std::fprintf(stderr, "cs2sim: %s\n", problem.what());
    return 1;
}
