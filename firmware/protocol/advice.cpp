#include "firmware/protocol/advice.h"

#include <algorithm>

#include "firmware/protocol/error.h"

namespace cs2sim {
namespace {

constexpr Advice kAdvice[] = {
#define CS2SIM_ADVICE(name, functions, provoked_by, remedy) {E_##name, true, functions, provoked_by, remedy},
#define CS2SIM_NEVER(name, reason) {E_##name, false, "", reason, ""},
#include "firmware/protocol/advice.inc"
#undef CS2SIM_ADVICE
#undef CS2SIM_NEVER
};

bool lists(std::string_view names, std::string_view name) {
    while (!names.empty()) {
        const std::string_view word = names.substr(0, names.find(' '));
        if (word == name) return true;
        names.remove_prefix(std::min(names.size(), word.size() + 1));
    }
    return false;
}

}  // namespace

bool answered_by_any(const Advice& advice) { return lists(advice.functions, "*"); }

std::vector<std::uint32_t> possible_errors(const FunctionSignature& function) {
    std::vector<std::uint32_t> codes;
    for (const ModeRule& rule : function.rules) codes.push_back(rule.error);
    if (function.permission != 0)
        for (const std::uint32_t code : {E_CMDS_DENIED, E_CMDS_DENIED_FIPS, E_CMDS_DENIED_CC})
            codes.push_back(code);
    const std::string name = full_name(function);
    for (const Advice& advice : kAdvice)
        if (advice.occurs && (answered_by_any(advice) || lists(advice.functions, name)))
            codes.push_back(advice.code);
    std::ranges::sort(codes);
    const auto repeated = std::ranges::unique(codes);
    codes.erase(repeated.begin(), repeated.end());
    return codes;
}

std::span<const Advice> advice_table() { return kAdvice; }

const Advice* find_advice(std::uint32_t code) {
    const auto* row = std::ranges::find(kAdvice, code, &Advice::code);
    return row == std::end(kAdvice) ? nullptr : row;
}

}  // namespace cs2sim
