#include "firmware/modules/service.h"

namespace cs2sim {
namespace {

constexpr ServiceRow kServices[] = {
#define CS2SIM_SERVICE(name, request, answer) {#name, Layout(request), Layout(answer), services::name},
#include "firmware/modules/images/services.inc"
#undef CS2SIM_SERVICE
};

}  // namespace

std::span<const ServiceRow> service_table() { return kServices; }

bool ServiceCall::is_over() const {
    const Call* const command = module.command();
    if (command && command->context.abandonment && command->context.abandonment->abandoned()) return true;
    return !module.goes_on() || (module.process && module.process->dead());
}

Result<Bytes> ServiceCall::answer(std::initializer_list<Value> values) const {
    return compose(row.answer, values);
}

}  // namespace cs2sim
