#include "tools/control/rule_file.h"

#include <sstream>

#include "tools/control/rule_table.h"

namespace cs2sim {

tl::expected<FaultRule, std::string> rule_of(const toml::table& table) {
    std::vector<std::pair<std::string, std::string>> text;
    for (const auto& [key, node] : table) {
        std::ostringstream value;
        value.precision(15);
        if (const auto whole = node.value_exact<std::int64_t>())
            value << *whole;
        else if (const auto number = node.value_exact<double>())
            value << *number;
        else if (const auto words = node.value_exact<std::string>())
            value << *words;
        else
            return tl::make_unexpected("'" + std::string(key.str()) + "' is neither text nor number");
        text.emplace_back(key.str(), value.str());
    }
    return parse_rule(text);
}

tl::expected<std::vector<FaultRule>, std::string> rules_of(const toml::table& whole) {
    std::vector<FaultRule> rules;
    const toml::node* node = whole.get("rule");
    if (!node) return rules;
    if (!node->is_array_of_tables()) return tl::make_unexpected(std::string("'rule' is no list of [[rule]]"));
    for (const toml::node& one : *node->as_array()) {
        auto rule = rule_of(*one.as_table());
        if (!rule)
            return tl::make_unexpected("rule " + std::to_string(rules.size() + 1) + ": " + rule.error());
        rules.push_back(std::move(*rule));
    }
    return rules;
}

tl::expected<std::vector<FaultRule>, std::string> read_rule_file(const std::filesystem::path& file) {
    CS2SIM_TRY_LET(table, parse_toml_file(file.string()));
    auto rules = rules_of(table);
    if (!rules) return tl::make_unexpected(file.string() + ": " + rules.error());
    if (rules->empty()) return tl::make_unexpected(file.string() + ": holds no [[rule]]");
    return rules;
}

}  // namespace cs2sim
