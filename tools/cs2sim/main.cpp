// cs2sim: start and steer the simulator.
#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdlib>
#include <map>

#include "tools/cs2sim/commands.h"
#include "tools/daemon/daemon.h"

namespace {

using namespace cs2sim;
namespace simulator = cs2sim;

const std::map<std::string, Shim> kShims{
    {"auto", Shim::automatic}, {"cuse", Shim::cuse}, {"fuse", Shim::fuse}};

// The options of start and restart.
struct StartArguments {
    std::string state;
    StartOptions options;
    bool sockets_only = false;
    std::string mode = "0660";

    void add_to(CLI::App& command) {
        command.add_option("--device", options.devices, "device node, more than once for several");
        command.add_flag("--no-device", sockets_only, "no device node, sockets only");
        command.add_option("--listen", options.listen,
                           "PORT@ADDRESS or unix:PATH, more than once for several");
        command.add_option("--profile", options.profile, "name, or a TOML file");
        command.add_option("--shim", options.shim, "auto, cuse or fuse")
            ->transform(CLI::CheckedTransformer(kShims, CLI::ignore_case));
        command.add_option("--mode", mode, "permissions of the device node, octal")
            ->check(CLI::Validator(
                [](std::string& text) { return octal(text) ? "" : "not octal permissions"; }, ""));
        command.add_option("--group", options.node_group, "group of the device node");
        command.add_flag("--foreground", options.foreground, "do not become a daemon");
    }

    StartOptions complete() const {
        StartOptions whole = options;
        whole.state = state_folder(state);
        whole.device_node = !sockets_only;
        whole.node_mode = octal(mode).value_or(0660);
        const char* port = std::getenv("SDK_PORT");
        if (whole.listen.empty() && port) whole.listen.push_back(std::string(port) + "@127.0.0.1");
        return whole;
    }

private:
    static std::optional<unsigned> octal(const std::string& text) {
        unsigned value = 0;
        const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, 8);
        if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || value > 0777)
            return std::nullopt;
        return value;
    }
};

int restart(const CLI::App& command, const StartArguments& arguments) {
    StartOptions options = arguments.complete();
    if (const auto record = read_record(options.state)) {
        if (command.count("--device") == 0) options.devices = record->devices;
        if (command.count("--listen") == 0) options.listen = record->listen;
        if (command.count("--profile") == 0) options.profile = record->profile;
        if (command.count("--device") == 0 && record->devices.empty()) options.device_node = false;
    }
    if (InstanceLock::holder(options.state))
        if (const int status = stop(options.state); status != 0) return status;
    return start(options);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app(
        "cs2sim: a CryptoServer-style HSM without the hardware. An independent simulator; it protects no "
        "production key.");
    app.set_version_flag("--version", "cs2sim 0.1.0");
    app.require_subcommand(1);
    int exit_status = 0;

    StartArguments arguments;
    const auto with_state = [&](CLI::App* command) {
        command->add_option("--state", arguments.state, "state folder, tells instances apart");
        return command;
    };
    CLI::App* start_command =
        with_state(app.add_subcommand("start", "start a simulator, return when it answers"));
    arguments.add_to(*start_command);
    start_command->callback([&] { exit_status = start(arguments.complete()); });

    CLI::App* restart_command =
        with_state(app.add_subcommand("restart", "stop, and start with the same options"));
    arguments.add_to(*restart_command);
    restart_command->callback([&] { exit_status = restart(*restart_command, arguments); });

    with_state(app.add_subcommand("stop", "end a simulator"))->callback([&] {
        exit_status = stop(state_folder(arguments.state));
    });
    with_state(app.add_subcommand("status", "say whether a simulator runs, and where"))->callback([&] {
        exit_status = simulator::status(state_folder(arguments.state));
    });

    CommandLine line;
    for (const auto add_commands :
         {add_fault_commands, add_battery_commands, add_alarm_commands, add_clock_commands, add_mode_commands,
          add_card_commands, add_database_commands, add_scenario_commands, add_explain_command,
          add_trace_command, add_replay_command})
        add_commands(app, line);

    CLI11_PARSE(app, argc, argv);
    return exit_status != 0 ? exit_status : line.exit_status;
}
