// TRACE_* of the simulator's control module.
#include "firmware/cmds/call.h"
#include "firmware/trace/trace.h"

namespace cs2sim {
namespace {

constexpr std::uint8_t kWithSecrets = 0x01, kWithServices = 0x04;

Trace& trace_of(Call& call) { return call.state<Trace>(); }

Result<Bytes> trace_open(Call& call) {
    const std::uint8_t flags = call.request.u8("flags");
    if ((flags & ~(kWithSecrets | kWithServices)) != 0) return fail(E_SIM_PARAM);
    return call.answer({trace_of(call).open({(flags & kWithSecrets) != 0, (flags & kWithServices) != 0})});
}

Result<Bytes> trace_read(Call& call) {
    CS2SIM_TRY_LET(batch, trace_of(call).read(call.request.u32("listener")));
    return call.answer({batch.lost, batch.events});
}

Result<Bytes> trace_close(Call& call) {
    trace_of(call).close(call.request.u32("listener"));
    return call.answer({});
}

constexpr Function kFunctions[] = {
    {SFC_SIM_TRACE_OPEN, trace_open},
    {SFC_SIM_TRACE_READ, trace_read},
    {SFC_SIM_TRACE_CLOSE, trace_close},
};

}  // namespace

Module trace_module(Trace& trace) { return {FC_SIM, kFunctions, ModuleState(trace)}; }

}  // namespace cs2sim
