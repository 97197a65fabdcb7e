// Scenarios: TOML scripts that bring a private device into a known trouble.
//
//   about    one line
//   profile  of the device; default se-gen2
//   via      "node" (default) or "socket": how the command reaches the device
//   prepare  shell lines, run before any rule is armed; have to succeed
//   demo     shell lines, run when the user gives no command
//   expect   codes that the device must have answered at the end, "B087002A"
//   ckr      what callers of the PKCS#11 library must have got: "CKR_PIN_LOCKED"
//   hits     how many hits the rules must have had at least
//   [[rule]] as in firmware/faults/rules/rule.h
//
// Commands find CRYPTOSERVER, CS2SIM_STATE, CS2SIM_ADMIN_KEY and CS2SIM_CARDS in their environment, for PKCS#11
// CS_PKCS11_R3_CFG (a file that `prepare` may change) and PKCS11_MODULE_PATH, and the tools of this
// installation first in PATH.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "firmware/faults/rules/rule.h"

namespace cs2sim {

struct Scenario {
    std::string name;
    std::string about;
    std::string profile = "se-gen2";
    bool socket = false;
    std::string prepare;
    std::string demo;
    std::vector<std::uint32_t> expect;
    std::vector<std::string> ckr;
    std::uint64_t hits = 0;
    std::vector<FaultRule> rules;
};

struct BuiltInScenario {
    std::string_view name;
    std::string_view text;
};
std::vector<BuiltInScenario> built_in_scenarios();

// By built-in name, or by path when it holds a '/' or ends in ".toml". Failure: words for the operator.
tl::expected<std::string, std::string> scenario_text(const std::string& name_or_path);
tl::expected<Scenario, std::string> load_scenario(const std::string& name_or_path);

// Runs it against `command` (empty: its demo). The exit status: the command's; kMismatch when that is 0 or
// not but the device did not answer what was expected; kNoScenario when the device or `prepare` failed.
inline constexpr int kMismatch = 99;
inline constexpr int kNoScenario = 98;
int run_scenario(const Scenario& scenario, const std::vector<std::string>& command);

}  // namespace cs2sim
