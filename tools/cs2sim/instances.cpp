// cs2sim stop|status|list|logs
#include <chrono>
#include <ctime>
#include <fstream>
#include <iostream>
#include <memory>
#include <thread>

#include "firmware/protocol/terminal_text.h"
#include "tools/control/control.h"
#include "tools/control/stop_instance.h"
#include "tools/cs2sim/commands.h"
#include "tools/instance/instance.h"
#include "tools/session/ending.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;

std::string uptime(std::int64_t seconds) {
    const auto days = seconds / 86400;
    char text[64];
    std::snprintf(text, sizeof text, "%02d:%02d:%02d", static_cast<int>(seconds / 3600 % 24),
                  static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
    return (days != 0 ? std::to_string(days) + (days == 1 ? " day " : " days ") : "") + text;
}

int print_status(const fs::path& state) {
    const auto pid = InstanceLock::holder(state);
    const auto record = read_record(state);
    if (is_hidden(state)) {
        std::cerr << "cs2sim: " << no_instance(state) << '\n';
        return tools::kRefused;
    }
    if (!pid || !record) {
        std::cout << "stopped    " << state.string() << '\n';
        return 3;  // as init scripts report a stopped service (LSB)
    }
    std::cout << "running    pid " << pid_text(*pid) << '\n';
    for (std::size_t i = 0; i < record->devices.size(); ++i)
        std::cout << "device     " << record->devices[i]
                  << (i < record->kinds.size() ? " (" + record->kinds[i] + ")" : "") << '\n';
    for (const std::string& where : record->listen) std::cout << "listen     " << where << '\n';
    std::cout << "profile    " << record->profile << "\nstate      " << state.string() << "\nlog        "
              << log_file(state).string() << '\n';
    if (record->started != 0)
        std::cout << "uptime     " << uptime(std::time(nullptr) - record->started) << '\n';
    const auto device = control_of(state);
    const auto callers = device ? control(**device, SFC_SIM_CALLERS) : fail(device.error());
    if (callers)
        std::cout << "clients    " << callers->block.u32("callers") << '\n';
    else
        std::cout << "clients    unknown: it does not answer\n";
    return 0;
}

int list() {
    for (const fs::path& state : running_instances()) {
        const auto pid = InstanceLock::holder(state);
        const auto record = read_record(state);
        if (!pid || !record) continue;
        std::cout << "pid " << pid_text(*pid) << "  " << state.string() << "  " << record->profile;
        for (const auto* ways : {&record->devices, &record->listen})
            for (const std::string& way : *ways) std::cout << "  " << way;
        std::cout << '\n';
    }
    return 0;
}

int logs(const fs::path& state, bool follow) {
    std::ifstream file(log_file(state));
    if (!file) {
        std::cerr << "cs2sim: " << log_file(state).string() << ": there is no log\n";
        return 1;
    }
    for (std::string line;;) {
        while (std::getline(file, line)) std::cout << terminal_text(line) << '\n';
        if (!follow || !std::cout.flush()) return 0;
        if (!InstanceLock::holder(state)) return 0;
        file.clear();
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
}

}  // namespace

void add_instance_commands(CLI::App& app, CommandLine& line) {
    with_state(app.add_subcommand("stop", "end a simulator"), line)->callback([&line] {
        line.exit_status = stop_instance(state_folder(line.state));
    });
    with_state(app.add_subcommand("status", "say whether a simulator runs, where, since when, for how many"),
               line)
        ->callback([&line] { line.exit_status = print_status(state_folder(line.state)); });
    app.add_subcommand("list", "all simulators of this user that run")->callback([&line] {
        line.exit_status = list();
    });
    CLI::App* log_command = with_state(app.add_subcommand("logs", "print a simulator's log"), line);
    const auto follow = std::make_shared<bool>(false);
    log_command->add_flag("-f,--follow", *follow, "and what comes, until it ends");
    log_command->callback([&line, follow] { line.exit_status = logs(state_folder(line.state), *follow); });
}

}  // namespace cs2sim
