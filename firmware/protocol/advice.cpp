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

}  // namespace

std::span<const Advice> advice_table() { return kAdvice; }

const Advice* find_advice(std::uint32_t code) {
    const auto* row = std::ranges::find(kAdvice, code, &Advice::code);
    return row == std::end(kAdvice) ? nullptr : row;
}

}  // namespace cs2sim
