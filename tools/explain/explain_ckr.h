// The PKCS#11 side of `cs2sim explain`: CKR numbers, and what becomes of a device code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host-lib/pkcs11/cryptoki/cryptoki.h"

namespace cs2sim {

// "CKR_PIN_TOO_WEAK" in any case, "0x1B8", "000001B8"; numbers only when the standard has such a CKR.
std::optional<CK_RV> ckr_in(std::string_view text);

// What provokes a CKR here, which device codes become it, what to do. Lines by `entry` (label, text).
using Entry = std::string (*)(std::string_view label, std::string_view text);
std::string explain_ckr(CK_RV ckr, Entry entry);

// The CKR that callers of the PKCS#11 library get for a device code: "CKR_PIN_INCORRECT", or several with the
// functions that give them.
std::string ckr_words(std::uint32_t device_code);

}  // namespace cs2sim
