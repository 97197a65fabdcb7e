// What a caller of the library can do about a CKR: the table ckr_advice.inc, which `cs2sim explain` prints.
#pragma once

#include <span>
#include <string_view>

#include "host-lib/pkcs11/cryptoki/cryptoki.h"

namespace cs2sim::p11 {

struct CkrAdvice {
    CK_RV ckr;
    std::string_view provoked_by;
    std::string_view remedy;
};
std::span<const CkrAdvice> ckr_advice();
const CkrAdvice* find_ckr_advice(CK_RV ckr);  // null: the library never gives it

}  // namespace cs2sim::p11
