#include "host-lib/pkcs11/cryptoki/names.h"

#include <boost/algorithm/string/predicate.hpp>
#include <cstdio>

namespace cs2sim::p11 {
namespace {

constexpr ConstantRow kConstants[] = {
#define CS2SIM_CK(prefix, name, number) {#prefix, #prefix "_" #name, number},
#include "host-lib/pkcs11/cryptoki/names.inc"
#undef CS2SIM_CK
};

}  // namespace

std::span<const ConstantRow> constants() { return kConstants; }

std::string constant_name(std::string_view prefix, CK_ULONG number) {
    for (const ConstantRow& row : kConstants)
        if (row.prefix == prefix && row.number == number) return std::string(row.name);
    char text[24];
    std::snprintf(text, sizeof text, "0x%08lX", number);
    return text;
}

std::optional<CK_ULONG> constant_number(std::string_view name) {
    for (const ConstantRow& row : kConstants)
        if (boost::algorithm::iequals(row.name, name)) return row.number;
    return std::nullopt;
}

}  // namespace cs2sim::p11
