#include "firmware/wire/functions.h"

namespace cs2sim {
namespace {

constexpr FunctionSignature kCatalogue[] = {
#define CS2SIM_KNOWN(module, sfc, name, request, answer) \
    {FC_##module, sfc, #module, #name, request, answer, Provenance::known},
#define CS2SIM_NUMBERED(module, sfc, name, request, answer) \
    {FC_##module, sfc, #module, #name, request, answer, Provenance::encoding_assumed},
#define CS2SIM_ASSUMED(module, sfc, name, request, answer) \
    {FC_##module, sfc, #module, #name, request, answer, Provenance::assumed},
#include "firmware/wire/functions.inc"
#undef CS2SIM_KNOWN
#undef CS2SIM_NUMBERED
#undef CS2SIM_ASSUMED
};

}  // namespace

std::span<const FunctionSignature> function_catalogue() { return kCatalogue; }

const FunctionSignature* find_function(std::uint16_t fc, std::uint8_t sfc) {
    for (const FunctionSignature& row : kCatalogue)
        if (row.fc == fc && row.sfc == sfc) return &row;
    return nullptr;
}

}  // namespace cs2sim
