// cs2sim: start and steer the simulator.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "tools/cs2sim/commands.h"
#include "tools/cs2sim/instances.h"
#include "tools/daemon/daemon.h"

namespace {

using namespace cs2sim;

const std::map<std::string, Shim> kShims{
    {"auto", Shim::automatic}, {"cuse", Shim::cuse}, {"fuse", Shim::fuse}};

// The options of start and restart.
struct StartArguments {
    std::string state;
    StartOptions options;
    bool sockets_only = false;
    std::string mode = "0660";

    void add_to(CLI::App& command) {
        command.add_option("--device", options.devices, "device node, more than once for several")
            ->envname("CS2SIM_DEVICE");
        command.add_flag("--no-device", sockets_only, "no device node, sockets only");
        command.add_option(
            "--listen", options.listen,
            "PORT@ADDRESS, ADDRESS:PORT, PORT (on loopback, 0 for a free one), unix:PATH or fd:NUMBER "
            "(inherited); more than once for several; default: the environment's CS2SIM_LISTEN, apart by "
            "blanks");
        command.add_option("--profile", options.profile, "name, or a TOML file")->envname("CS2SIM_PROFILE");
        command
            .add_option("--factory-key", options.factory_key,
                        "key file of a new device's ADMIN, instead of a fresh key")
            ->envname("CS2SIM_FACTORY_KEY");
        command.add_option("--shim", options.shim, "auto, cuse or fuse")
            ->transform(CLI::CheckedTransformer(kShims, CLI::ignore_case));
        command.add_option("--mode", mode, "permissions of the device node, octal")
            ->check(CLI::Validator(
                [](std::string& text) { return octal(text) ? "" : "not octal permissions"; }, ""));
        command.add_option("--group", options.node_group, "group of the device node");
        command.add_flag("--foreground", options.foreground, "do not become a daemon");
        command.add_option("--pid-file", options.pid_file, "write the process's number there");
        command
            .add_option("--log-level", options.log_level,
                        "trace, debug, info, warning, error, critical or off")
            ->check(CLI::IsMember({"trace", "debug", "info", "warning", "error", "critical", "off"}));
    }

    StartOptions complete() const {
        StartOptions whole = options;
        whole.state = state_folder(state);
        whole.device_node = !sockets_only;
        whole.node_mode = octal(mode).value_or(0660);
        const char* port = std::getenv("SDK_PORT");
        const char* inherited = std::getenv("LISTEN_FDS");  // systemd's socket activation, sd_listen_fds(3)
        const char* for_whom = std::getenv("LISTEN_PID");
        if (inherited && for_whom && std::to_string(::getpid()) == for_whom)
            for (int fd = 3; fd < 3 + std::atoi(inherited); ++fd)
                whole.listen.push_back("fd:" + std::to_string(fd));
        if (!whole.pid_file.empty()) whole.pid_file = std::filesystem::absolute(whole.pid_file);
        if (const char* places = std::getenv("CS2SIM_LISTEN"); whole.listen.empty() && places)
            whole.listen = CLI::detail::split_up(places);
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
        if (command.count("--shim") == 0)
            options.shim = kShims.contains(record->shim) ? kShims.at(record->shim) : options.shim;
        if (command.count("--mode") == 0) options.node_mode = record->node_mode;
        if (command.count("--group") == 0) options.node_group = record->node_group;
        if (command.count("--log-level") == 0) options.log_level = record->log_level;
        if (command.count("--device") == 0 && record->devices.empty()) options.device_node = false;
    }
    if (InstanceLock::holder(options.state))
        if (const int status = stop_instance(options.state); status != 0) return status;
    return start(options);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app(
        "cs2sim: a CryptoServer-style HSM without the hardware. An independent simulator; it protects no "
        "production key.");
    app.set_version_flag("--version", "cs2sim " CS2SIM_VERSION);
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

    CommandLine line;
    for (const auto add_commands :
         {add_instance_commands, add_fault_commands, add_battery_commands, add_alarm_commands,
          add_appliance_commands, add_clock_commands, add_mode_commands, add_card_commands,
          add_database_commands, add_module_commands, add_scenario_commands, add_explain_command,
          add_assumptions_command, add_trace_command, add_replay_command, add_stats_command, add_run_command,
          add_health_command, add_introduction_commands})
        add_commands(app, line);

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& problem) {
        constexpr int kCalledWrongly = 2;
        return app.exit(problem) == 0 ? 0 : kCalledWrongly;
    }
    return exit_status != 0 ? exit_status : line.exit_status;
}
