#include "firmware/cmds/scheduler.h"
#include "firmware/faults/engine.h"
#include "firmware/sim/handlers.h"

namespace cs2sim::sim {
namespace {

constexpr std::size_t kLargestList = 256 * 1024;

FaultEngine& engine(Call& call) { return call.state<FaultEngine>(); }

}  // namespace

Result<Bytes> fault_add(Call& call) {
    CS2SIM_TRY_LET(rule, decode_rule(call.request.bytes("rule")));
    const auto armed = engine(call).add(rule, call.device);
    return call.answer({armed.id, armed.refusal});
}

Result<Bytes> fault_list(Call& call) {
    Bytes rules;
    for (const auto& entry : engine(call).list()) {
        CS2SIM_TRY_LET(rule, encode_rule(entry.rule));
        CS2SIM_TRY(compose_into(rules, LAYOUT_FAULT_ENTRY, {entry.id, entry.matches, entry.hits, rule}));
        if (rules.size() > kLargestList) break;
    }
    return call.answer({rules});
}

Result<Bytes> fault_remove(Call& call) {
    CS2SIM_TRY(engine(call).remove(call.request.u32("id")));
    return call.answer({});
}

Result<Bytes> fault_clear(Call& call) {
    engine(call).clear();
    return call.answer({});
}

Result<Bytes> fault_log(Call& call) {
    Bytes hits;
    for (const FaultHit& hit : engine(call).log(call.request.u64("after"))) {
        CS2SIM_TRY(
            compose_into(hits, LAYOUT_FAULT_HIT,
                         {hit.number, hit.time, hit.rule, hit.what, hit.connection, hit.user, hit.frame}));
        if (hits.size() > kLargestList) break;  // the caller asks again behind the last
    }
    return call.answer({hits});
}

Result<Bytes> error_counts(Call& call) {
    Bytes counts;
    for (const ErrorCount& one : engine(call).error_counts())
        CS2SIM_TRY(compose_into(counts, LAYOUT_ERROR_COUNT, {one.fc, one.sfc, one.code, one.count}));
    return call.answer({counts});
}

Result<Bytes> function_counts(Call& call) {
    Bytes list;
    for (const FunctionCounts& one : call.device.scheduler.counts())
        if (one.calls != 0)
            compose_fitting_into(list, LAYOUT_FUNCTION_COUNTS, one.fc, one.sfc, one.calls, one.refusals,
                                 one.failures, one.microseconds);
    return call.answer({list});
}

}  // namespace cs2sim::sim
