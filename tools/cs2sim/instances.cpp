// cs2sim stop|status|list
#include <algorithm>
#include <cstdint>
#include <ctime>
#include <iostream>
#include <string>
#include <string_view>

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

// A record that says when, in the past: the system's clock may have been set back since.
std::string uptime_since(std::int64_t started) {
    const std::int64_t now = std::time(nullptr);
    return started > 0 && started <= now ? uptime(now - started) : "unknown";
}

void print_record(const InstanceRecord& record) {
    for (std::size_t i = 0; i < record.devices.size(); ++i)
        std::cout << "device     " << terminal_text(record.devices[i])
                  << (i < record.kinds.size() ? " (" + terminal_text(record.kinds[i]) + ")" : "") << '\n';
    for (const std::string& where : record.listen) std::cout << "listen     " << terminal_text(where) << '\n';
    for (const std::string& where : record.inherited)
        if (std::ranges::find(record.listen, where) == record.listen.end())
            std::cout << "listen     " << terminal_text(where) << " (abstract)\n";
    std::cout << "profile    " << terminal_text(record.profile) << '\n';
}

// Records are read after the lock was looked at: the one of an instance that runs is whole by then, or gone.
const std::string kNoRecord = "its record cannot be read";

constexpr int kNotRunning = 3;  // as init scripts report a stopped service (LSB)

int print_status(const fs::path& state) {
    if (is_hidden(state)) {
        std::cerr << "cs2sim: " << no_instance(state) << '\n';
        return tools::kRefused;
    }
    const std::string shown = terminal_text(state.string());
    const auto pid = InstanceLock::holder(state);
    if (!pid) {
        std::cout << "stopped    " << shown << '\n';
        return kNotRunning;
    }
    const auto record = read_record(state);
    const auto device = control_of(state);
    // Its control socket comes last, and after that its record.
    if (record ? !record->running : !device) {
        std::cout << "starting   pid " << pid_text(*pid) << ": its record is not there yet\n";
        return kNotRunning;
    }
    std::cout << "running    pid " << pid_text(*pid) << (record ? "" : ", ") << (record ? "" : kNoRecord)
              << '\n';
    if (record) print_record(*record);
    const std::string log = record && !record->log.empty() ? record->log : log_file(state).string();
    std::cout << "state      " << shown << "\nlog        " << terminal_text(log) << '\n';
    if (record) std::cout << "uptime     " << uptime_since(record->started) << '\n';
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
        if (!pid) continue;
        const auto record = read_record(state);
        const bool starts = record && !record->running;
        std::cout << "pid " << pid_text(*pid) << "  " << terminal_text(state.string()) << "  "
                  << (starts   ? std::string("starting")
                      : record ? terminal_text(record->profile)
                               : kNoRecord);
        if (record && !starts)
            for (const auto* ways : {&record->devices, &record->listen})
                for (const std::string& way : *ways) std::cout << "  " << terminal_text(way);
        std::cout << '\n';
    }
    return 0;
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
}

}  // namespace cs2sim
