#include "tools/scenario/scenario_script.h"

#include <algorithm>

#include "host-lib/pkcs11/cryptoki/names.h"
#include "tools/control/rule_table.h"

namespace cs2sim {
namespace {

constexpr BuiltInScenario kBuiltIn[] = {
#include "built_in_scenarios.inc"
};

using Problem = tl::unexpected<std::string>;

constexpr std::string_view kKeys[] = {"about",  "profile", "via",  "prepare", "demo",
                                      "expect", "ckr",     "hits", "rule"};

tl::expected<std::vector<std::uint32_t>, std::string> codes_of(const toml::table& table) {
    std::vector<std::uint32_t> codes;
    if (!table.contains("expect")) return codes;
    const toml::array* list = table["expect"].as_array();
    if (!list) return Problem("'expect' is no list of error codes");
    for (const toml::node& one : *list) {
        const std::uint32_t code = find_code(one.value_or(std::string()));
        if (code == 0) return Problem("'expect' holds something that is no error code");
        codes.push_back(code);
    }
    return codes;
}

tl::expected<std::vector<std::string>, std::string> ckrs_of(const toml::table& table) {
    std::vector<std::string> names;
    if (!table.contains("ckr")) return names;
    const toml::array* list = table["ckr"].as_array();
    if (!list) return Problem("'ckr' is no list of CKR names");
    for (const toml::node& one : *list) {
        names.push_back(one.value_or(std::string()));
        if (!names.back().starts_with("CKR_") || !p11::constant_number(names.back()))
            return Problem("'ckr' holds something that is no CKR");
    }
    return names;
}

// An absent key leaves `out` as it is.
template <class T>
void read(const toml::table& table, std::string_view key, T& out, std::string& problem) {
    const toml::node* node = table.get(key);
    if (!node) return;
    if (const auto value = node->value_exact<T>())
        out = *value;
    else
        problem = "'" + std::string(key) + "' has the wrong type";
}

tl::expected<Scenario, std::string> parse_scenario(const std::string& name, const toml::table& table) {
    for (const auto& [key, node] : table)
        if (std::ranges::find(kKeys, key.str()) == std::end(kKeys))
            return Problem("'" + std::string(key.str()) + "' is nothing that a scenario has");
    Scenario scenario;
    scenario.name = name;
    std::string via = "node";
    std::int64_t hits = 0;
    std::string problem;
    read(table, "about", scenario.about, problem);
    read(table, "profile", scenario.profile, problem);
    read(table, "prepare", scenario.prepare, problem);
    read(table, "demo", scenario.demo, problem);
    read(table, "hits", hits, problem);
    read(table, "via", via, problem);
    if (!problem.empty()) return Problem(problem);
    if (hits < 0) return Problem("'hits' is below 0");
    scenario.hits = static_cast<std::uint64_t>(hits);
    if (via != "node" && via != "socket") return Problem("'via' is neither node nor socket");
    scenario.socket = via == "socket";
    CS2SIM_TRY_LET(codes, codes_of(table));
    scenario.expect = std::move(codes);
    CS2SIM_TRY_LET(ckrs, ckrs_of(table));
    scenario.ckr = std::move(ckrs);
    CS2SIM_TRY_LET(rules, rules_of(table));
    scenario.rules = std::move(rules);
    return scenario;
}

}  // namespace

std::vector<BuiltInScenario> built_in_scenarios() { return {std::begin(kBuiltIn), std::end(kBuiltIn)}; }

tl::expected<std::string, std::string> scenario_text(const std::string& name) {
    if (name.find('/') != std::string::npos || name.ends_with(".toml")) return read_text(name);
    const auto row = std::ranges::find(kBuiltIn, name, &BuiltInScenario::name);
    if (row != std::end(kBuiltIn)) return std::string(row->text);
    std::string words = "no scenario '" + name + "'; there are:";
    for (const BuiltInScenario& one : kBuiltIn) words += " " + std::string(one.name);
    return Problem(words);
}

tl::expected<Scenario, std::string> load_scenario(const std::string& name) {
    CS2SIM_TRY_LET(text, scenario_text(name));
    const auto table = parse_toml(text, name);
    if (!table) return Problem("scenario " + table.error());
    auto scenario = parse_scenario(name, *table);
    if (!scenario) return Problem("scenario " + name + ": " + scenario.error());
    return scenario;
}

}  // namespace cs2sim
