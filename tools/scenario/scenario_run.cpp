// Running a scenario: a private device, its trouble, the command, the report.
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>

#include "tools/control/control.h"
#include "tools/control/fault_rules.h"
#include "tools/control/program.h"
#include "tools/control/stop_instance.h"
#include "tools/instance/instance.h"
#include "tools/scenario/scenario_script.h"
#include "tools/token/shell.h"

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
        return run_program(arguments, true) == 0 && write_pkcs11_config();
    }

    void tell_environment() const {
        const char* path = std::getenv("PATH");
        const std::string tools = fs::path(own_path()).parent_path().string();
        ::setenv("PATH", (tools + ":" + (path ? path : "/usr/bin:/bin")).c_str(), 1);
        ::setenv("CRYPTOSERVER", node().c_str(), 1);
        ::setenv("CS2SIM_STATE", state().c_str(), 1);
        ::setenv("CS2SIM_ADMIN_KEY", admin_key_file(state()).c_str(), 1);
        ::setenv("CS2SIM_CARDS", (folder_ / "cards").c_str(), 1);
        ::setenv("CS_PKCS11_R3_CFG", pkcs11_config_file(state()).c_str(), 1);
        ::setenv("PKCS11_MODULE_PATH", tools::p11::own_library().c_str(), 1);
    }

    // What callers of the PKCS#11 library got, from its log; the preparation's are not among them.
    std::map<std::string, unsigned> ckrs() const {
        std::map<std::string, unsigned> counts;
        std::ifstream log(pkcs11_log());
        for (std::string line; std::getline(log, line);) {
            constexpr std::string_view kFailure = " | E: CKR_";
            const std::size_t at = line.find(kFailure);
            if (at == std::string::npos) continue;
            const std::string name = line.substr(at + 6);
            ++counts[name.substr(0, name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"))];
        }
        return counts;
    }
    void forget_ckrs() const {
        std::error_code ignored;
        fs::remove(pkcs11_log(), ignored);
    }

    std::string state() const { return (folder_ / "state").string(); }
    std::string node() const { return (folder_ / "cs2a").string(); }
    std::string scratch() const { return folder_.string(); }
    bool running() const { return !folder_.empty() && InstanceLock::holder(state()).has_value(); }

private:
    fs::path pkcs11_log() const { return folder_ / "cs_pkcs11_R3.log"; }
    bool write_pkcs11_config() const {
        std::ofstream file(pkcs11_config_file(state()));
        file << "[Global]\nLogpath = " << folder_.string() << "\nLogging = 1\nSlotCount = 2\n[CryptoServer]\n"
             << "Device = " << node() << "\nInitTokenAs = ADMIN," << admin_key_file(state()).string() << '\n';
        return file.flush().good();
    }

    fs::path folder_;
};

Result<void> count_errors(host::Device& device, Counts& counts) {
    CS2SIM_TRY_LET(answer, control(device, SFC_SIM_ERROR_COUNTS));
    for (ByteView rest = answer.block.bytes("counts"); !rest.empty();) {
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
    CS2SIM_TRY_LET(hit_count, print_fault_log(device, hits));
    std::cerr << "rule hits  " << hit_count << '\n' << hits.str();
    for (const std::uint32_t code : scenario.expect) {
        if (after[code] != 0) continue;
        std::cerr << "mismatch   expected, never answered: " << short_text(code) << '\n';
        as_expected = false;
    }
    if (hit_count < scenario.hits) {
        std::cerr << "mismatch   " << scenario.hits << " hits of the rules expected\n";
        as_expected = false;
    }
    return {};
}

// Prints what callers of the PKCS#11 library got; whether that is what the scenario expects.
bool report_ckrs(const PrivateDevice& device, const Scenario& scenario) {
    const auto met = device.ckrs();
    for (const auto& [name, count] : met) std::cerr << "PKCS#11    " << count << " x " << name << '\n';
    bool as_expected = true;
    for (const std::string& name : scenario.ckr) {
        if (met.contains(name)) continue;
        std::cerr << "mismatch   expected, no caller got it: " << name << '\n';
        as_expected = false;
    }
    return as_expected;
}

Result<void> arm_all(host::Device& device, const Scenario& scenario, Counts& before) {
    for (const FaultRule& rule : scenario.rules) CS2SIM_TRY(arm(device, rule));
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
    device.forget_ckrs();
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
    as_expected = report_ckrs(device, scenario) && as_expected;
    return as_expected ? status : kMismatch;
}

}  // namespace cs2sim
