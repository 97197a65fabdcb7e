#include "host-lib/pkcs11/ckr_advice.h"

#include <algorithm>

namespace cs2sim::p11 {
namespace {

constexpr CkrAdvice kAdvice[] = {
#define CS2SIM_P11_ADVICE(ckr, provoked_by, remedy) {ckr, provoked_by, remedy},
#include "host-lib/pkcs11/ckr_advice.inc"
#undef CS2SIM_P11_ADVICE
};

}  // namespace

std::span<const CkrAdvice> ckr_advice() { return kAdvice; }

const CkrAdvice* find_ckr_advice(CK_RV ckr) {
    const auto* found = std::ranges::find(kAdvice, ckr, &CkrAdvice::ckr);
    return found == std::end(kAdvice) ? nullptr : found;
}

}  // namespace cs2sim::p11
