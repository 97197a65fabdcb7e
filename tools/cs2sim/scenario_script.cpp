#include "tools/cs2sim/scenario_script.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "tools/cs2sim/rule_table.h"

namespace cs2sim {
namespace {

constexpr BuiltInScenario kBuiltIn[] = {
#include "built_in_scenarios.inc"
};

using Problem = tl::unexpected<std::string>;

constexpr std::string_view kKeys[] = {"about", "profile", "via", "prepare", "demo", "expect", "hits", "rule"};

tl::expected<std::vector<std::uint32_t>, std::string> codes_of(const toml::table& table) {
    std::vector<std::uint32_t> codes;
    const toml::array* list = table["expect"].as_array();
    if (!list) return codes;
    for (const toml::node& one : *list) {
        const std::uint32_t code = find_code(one.value_or(std::string()));
        if (code == 0) return Problem("'expect' holds something that is no error code");
        codes.push_back(code);
    }
    return codes;
}

tl::expected<Scenario, std::string> parse_scenario(const std::string& name, const std::string& text) {
    const toml::parse_result parsed = toml::parse(text, name);
    if (!parsed) {
        std::ostringstream words;
        words << parsed.error();
        return Problem(words.str());
    }
    const toml::table& table = parsed.table();
    for (const auto& [key, node] : table)
        if (std::ranges::find(kKeys, key.str()) == std::end(kKeys))
            return Problem("'" + std::string(key.str()) + "' is nothing that a scenario has");
    Scenario scenario;
    scenario.name = name;
    scenario.about = table["about"].value_or(std::string());
    scenario.profile = table["profile"].value_or(scenario.profile);
    scenario.prepare = table["prepare"].value_or(std::string());
    scenario.demo = table["demo"].value_or(std::string());
    scenario.hits =
        static_cast<std::uint64_t>(std::max<std::int64_t>(0, table["hits"].value_or(std::int64_t{0})));
    const std::string via = table["via"].value_or(std::string("node"));
    if (via != "node" && via != "socket") return Problem("'via' is neither node nor socket");
    scenario.socket = via == "socket";
    auto codes = codes_of(table);
    if (!codes) return Problem(codes.error());
    scenario.expect = std::move(*codes);
    auto rules = rules_of(table);
    if (!rules) return Problem(rules.error());
    scenario.rules = std::move(*rules);
    return scenario;
}

}  // namespace

std::vector<BuiltInScenario> built_in_scenarios() { return {std::begin(kBuiltIn), std::end(kBuiltIn)}; }

tl::expected<std::string, std::string> scenario_text(const std::string& name) {
    if (name.find('/') != std::string::npos || name.ends_with(".toml")) {
        std::ifstream file(name);
        std::ostringstream text;
        if (!file || !(text << file.rdbuf())) return Problem(name + ": cannot be read");
        return text.str();
    }
    const auto row = std::ranges::find(kBuiltIn, name, &BuiltInScenario::name);
    if (row != std::end(kBuiltIn)) return std::string(row->text);
    std::string words = "no scenario '" + name + "'; there are:";
    for (const BuiltInScenario& one : kBuiltIn) words += " " + std::string(one.name);
    return Problem(words);
}

tl::expected<Scenario, std::string> load_scenario(const std::string& name) {
    const auto text = scenario_text(name);
    if (!text) return Problem(text.error());
    auto scenario = parse_scenario(name, *text);
    if (!scenario) return Problem("scenario " + name + ": " + scenario.error());
    return scenario;
}

}  // namespace cs2sim
