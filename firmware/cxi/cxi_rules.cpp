#include "firmware/cxi/cxi_rules.h"

#include "firmware/wire/property_list.h"

namespace cs2sim {

Result<void> approve_key(std::uint16_t modes, Use use, std::uint32_t algorithm, std::uint32_t bits,
                         std::string_view curve) {
    for (const KeyRule& rule : kKeyRules)
        if ((modes & rule.mode) != 0 && (use & rule.uses) != 0 && algorithm == rule.algorithm &&
            bits < rule.least_bits)
            return fail(rule.error);
    if (curve.empty()) return {};
    for (const CurveRule& rule : kCurveRules)
        if ((modes & rule.mode) != 0 && matches_pattern(rule.curve, curve)) return fail(rule.error);
    return {};
}

Result<void> approve_mechanism(std::uint16_t modes, Use use, std::uint32_t algorithm,
                               std::uint32_t mechanism) {
    for (const MechanismRule& rule : kMechanismRules)
        if ((modes & rule.mode) != 0 && (use & rule.uses) != 0 &&
            (rule.algorithm == kAnyAlgorithm || rule.algorithm == algorithm) &&
            (mechanism & rule.mask) == rule.value)
            return fail(rule.error);
    return {};
}

Result<void> approve_act(std::uint16_t modes, Act act) {
    for (const ActRule& rule : kActRules)
        if ((modes & rule.mode) != 0 && rule.act == act) return fail(rule.error);
    return {};
}

}  // namespace cs2sim
