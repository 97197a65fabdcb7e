// Names of PKCS#11 constants, both ways.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "host-lib/pkcs11/cryptoki/cryptoki.h"

namespace cs2sim::p11 {

struct ConstantRow {
    std::string_view prefix;  // "CKR", "CKA", …
    std::string_view name;    // whole: "CKR_OK"
    CK_ULONG number;
};

std::span<const ConstantRow> constants();

// "CKR_PIN_TOO_WEAK"; what no table knows as "0x%08lX".
std::string constant_name(std::string_view prefix, CK_ULONG number);
// By its whole name in any case; nothing when it is unknown.
std::optional<CK_ULONG> constant_number(std::string_view name);

}  // namespace cs2sim::p11
