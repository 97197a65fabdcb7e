// Running a scenario: a private device, its trouble, the command, the report.
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <map>

#include "tools/control/control.h"
#include "tools/control/fault_rules.h"
#include "tools/control/program.h"
#include "tools/control/stop_instance.h"
#include "tools/instance/instance.h"
#include "tools/scenario/scenario_script.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;
using Counts = std::map<std::uint32_t, std::uint64_t>;  // code -> how often it was answered

// A device of the scenario's own in a temporary folder, gone at the end.
class PrivateDevice {
public:
    PrivateDevice() {
        std::string pattern = fs::temp_directory_path() / "cs2sim-scenario-XXXXXX";
        if (::mkdtemp(pattern.data())) folder_ = pattern;
    }
    ~PrivateDevice() {
        if (running()) stop_instance(state());
        std::error_code ignored;
        if (!folder_.empty()) fs::remove_all(folder_, ignored);
    }
    PrivateDevice(const PrivateDevice&) = delete;
    PrivateDevice& operator=(const PrivateDevice&) = delete;

    bool start(const Scenario& scenario) {
        if (folder_.empty()) return false;
        std::vector<std::string> arguments = {daemon_program(), "start",     "--state",
                                              state(),          "--profile", scenario.profile};
        // Without FUSE a socket takes the node's place; tools know by the path.
        if (scenario.socket || ::access("/dev/fuse", R_OK | W_OK) != 0)
            arguments.insert(arguments.end(), {"--no-device", "--listen", "unix:" + node()});
        else
            arguments.insert(arguments.end(), {"--device", node()});
        return run_program(arguments, true) == 0;
    }

    void tell_environment() const {
        const char* path = std::getenv("PATH");
        const std::string tools = fs::path(own_path()).parent_path().string();
        ::setenv("PATH", (tools + ":" + (path ? path : "/usr/bin:/bin")).c_str(), 1);
        ::setenv("CRYPTOSERVER", node().c_str(), 1);
        ::setenv("CS2SIM_STATE", state().c_str(), 1);
        ::setenv("CS2SIM_ADMIN_KEY", admin_key_file(state()).c_str(), 1);
        ::setenv("CS2SIM_CARDS", (folder_ / "cards").c_str(), 1);
    }

    std::string state() const { return (folder_ / "state").string(); }
    std::string node() const { return (folder_ / "cs2a").string(); }
    std::string scratch() const { return folder_.string(); }
    bool running() const { return !folder_.empty() && InstanceLock::holder(state()).has_value(); }

private:
    fs::path folder_;
};

Result<void> count_errors(host::Device& device, Counts& counts) {
    const auto answer = control(device, SFC_SIM_ERROR_COUNTS);
    if (!answer) return fail(answer.error());
    for (ByteView rest = answer->block.bytes("counts"); !rest.empty();) {
        const auto one = parse_prefix(LAYOUT_ERROR_COUNT, rest);
        if (!one) return fail(E_CSA_PROTOCOL);
        counts[one->u32("code")] += one->u64("count");
    }
    return {};
}

std::string short_text(std::uint32_t code) {
    const ErrorRow* row = find_error(code);
    const std::string words = describe(code);
    return words.substr(6, 8) + (row ? "  " + std::string(row->module) + "." + std::string(row->name) + ", " +
                                           std::string(row->text)
                                     : "");
}

// Prints what the device answered and the rules did; whether that is what the scenario expects.
Result<void> report(host::Device& device, const Scenario& scenario, const Counts& before, bool& as_expected) {
    Counts after;
    CS2SIM_TRY(count_errors(device, after));
    std::cerr << "--- scenario " << scenario.name << '\n';
    for (const auto& [code, count] : after) {
        const auto earlier = before.find(code);
        const std::uint64_t met = count - (earlier == before.end() ? 0 : earlier->second);
        after[code] = met;
        if (met != 0) std::cerr << "answered   " << met << " x " << short_text(code) << '\n';
    }
    std::ostringstream hits;
    const auto hit_count = print_fault_log(device, hits);
    if (!hit_count) return fail(hit_count.error());
    std::cerr << "rule hits  " << *hit_count << '\n' << hits.str();
    for (const std::uint32_t code : scenario.expect) {
        if (after[code] != 0) continue;
        std::cerr << "mismatch   expected, never answered: " << short_text(code) << '\n';
        as_expected = false;
    }
    if (*hit_count < scenario.hits) {
        std::cerr << "mismatch   " << scenario.hits << " hits of the rules expected\n";
        as_expected = false;
    }
    return {};
}

Result<void> arm_all(host::Device& device, const Scenario& scenario, Counts& before) {
    for (const FaultRule& rule : scenario.rules)
        if (const auto id = arm(device, rule); !id) return fail(id.error());
    return count_errors(device, before);
}

int shell(const std::string& lines, const std::string& folder) {
    return run_program({"/bin/sh", "-euc", "cd \"$0\"\n" + lines, folder});
}

}  // namespace

int run_scenario(const Scenario& scenario, const std::vector<std::string>& command) {
    if (command.empty() && scenario.demo.empty()) {
        std::cerr << "cs2sim: scenario " << scenario.name << " has no demo: give a command behind --\n";
        return kNoScenario;
    }
    PrivateDevice device;
    if (!device.start(scenario)) return kNoScenario;
    device.tell_environment();
    if (!scenario.prepare.empty() && shell(scenario.prepare, device.scratch()) != 0) {
        std::cerr << "cs2sim: scenario " << scenario.name << ": its preparation failed\n";
        return kNoScenario;
    }
    Counts before;
    if (with_control(device.state(), [&](host::Device& to) { return arm_all(to, scenario, before); }) != 0)
        return kNoScenario;

    const int status = command.empty() ? shell(scenario.demo, device.scratch()) : run_program(command);
    std::cerr << "command    exit status " << status << '\n';
    bool as_expected = true;
    if (with_control(device.state(),
                     [&](host::Device& to) { return report(to, scenario, before, as_expected); }) != 0) {
        std::cerr << "mismatch   the device is gone\n";
        return kMismatch;
    }
    return as_expected ? status : kMismatch;
}

}  // namespace cs2sim
