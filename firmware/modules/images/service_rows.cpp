#include "firmware/modules/images/service_rows.h"

#include <iterator>

namespace cs2sim {
namespace {

constexpr FunctionSignature row(std::string_view name, Layout request, Layout answer) {
    return {0, 0, "service", name, request, answer, {}, 0, {}, 0, {}, {}};
}

constexpr FunctionSignature kRows[] = {
#define CS2SIM_SERVICE(name, request, answer) row(#name, request, answer),
#include "firmware/modules/images/services.inc"
#undef CS2SIM_SERVICE
};
static_assert(std::size(kRows) <= 0x100);

}  // namespace

const FunctionSignature* find_service(std::uint8_t number) {
    return number < std::size(kRows) ? &kRows[number] : nullptr;
}

}  // namespace cs2sim
