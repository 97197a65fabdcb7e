#include "firmware/cxi/cxi_rules.h"

#include "firmware/protocol/cxi/property_list.h"
#include "firmware/protocol/pattern.h"

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

Result<void> approve_wrap_mechanism(Use use, bool rsa, std::uint32_t mechanism) {
    for (const WrapPolicyRow& row : kWrapPolicy)
        if (rsa == row.rsa && (mechanism & row.mask) == row.value && (use & row.uses) != 0) return {};
    return fail(E_CXI_CRYPT_MECH);
}

std::optional<std::uint32_t> first_usage(Use use, std::uint32_t algorithm, std::uint32_t mechanism) {
    if (algorithm != CXI_KEY_ALGO_RSA) return std::nullopt;
    for (const FirstUsageRow& row : kFirstUsages)
        if ((use & row.uses) != 0 && (row.pad == kAnyPad || row.pad == (mechanism & CXI_MECH_PAD_MASK)))
            return row.usage;
    return std::nullopt;
}

Result<void> approve_usage(std::uint32_t fixed, std::uint32_t wanted) {
    if (fixed == wanted) return {};
    const bool both_sign = fixed != CXI_KEY_FIPS_USAGE_NO_SIGN && wanted != CXI_KEY_FIPS_USAGE_NO_SIGN;
    return fail(both_sign ? E_CXI_FIPS_PAD_MECH_WRONG : E_CXI_FIPS_KEY_USAGE);
}

}  // namespace cs2sim
