// cs2sim stop|status|list|logs
#include "tools/cs2sim/instances.h"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <ctime>
#include <fstream>
#include <iostream>
#include <memory>
#include <thread>

#include "host-lib/link/device.h"
#include "tools/cs2sim/commands.h"
#include "tools/cs2sim/control.h"
#include "tools/daemon/instance.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;

// Without words: who does not answer is asked in another way.
Result<std::unique_ptr<host::Device>> control_of(const fs::path& state) {
    constexpr host::Timeouts kTimeouts{.connect = std::chrono::seconds(2),
                                       .command = std::chrono::seconds(2)};
    return host::Device::open("unix:" + control_socket(state).string(), kTimeouts);
}

// The process's number says nothing where it lives in another PID namespace; its control socket does.
void ask_to_stop(const fs::path& state, pid_t pid) {
    if (pid > 0) {
        ::kill(pid, SIGTERM);
        return;
    }
    if (const auto device = control_of(state)) (void)control(**device, SFC_SIM_STOP);
}

std::string uptime(std::int64_t seconds) {
    const auto days = seconds / 86400;
    char text[64];
    std::snprintf(text, sizeof text, "%02d:%02d:%02d", static_cast<int>(seconds / 3600 % 24),
                  static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
    return (days != 0 ? std::to_string(days) + (days == 1 ? " day " : " days ") : "") + text;
}

std::string pid_text(pid_t pid) { return pid > 0 ? std::to_string(pid) : "of another PID namespace"; }

int print_status(const fs::path& state) {
    const auto pid = InstanceLock::holder(state);
    const auto record = read_record(state);
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
        while (std::getline(file, line)) std::cout << line << '\n';
        if (!follow || !std::cout.flush()) return 0;
        if (!InstanceLock::holder(state)) return 0;
        file.clear();
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
}

}  // namespace

int stop_instance(const fs::path& state) {
    const auto pid = InstanceLock::holder(state);
    if (!pid) {
        std::cerr << "cs2sim: no instance runs on " << state.string() << '\n';
        return 1;
    }
    ask_to_stop(state, *pid);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(15);
    while (InstanceLock::holder(state) == pid) {
        if (std::chrono::steady_clock::now() > deadline) {
            std::cerr << "cs2sim: pid " << pid_text(*pid) << " does not end\n";
            return 1;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return 0;
}

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
