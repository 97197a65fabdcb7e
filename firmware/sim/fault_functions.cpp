#include "firmware/faults/engine.h"
#include "firmware/sim/handlers.h"

namespace cs2sim::sim {
namespace {

constexpr std::size_t kLargestList = 256 * 1024;

FaultEngine& engine(Call& call) { return static_cast<FaultEngine&>(*call.device.faults); }

}  // namespace

Result<Bytes> fault_add(Call& call) {
    const auto rule = decode_rule(call.request.bytes("rule"));
    if (!rule) return fail(rule.error());
    const auto armed = engine(call).add(*rule, call.device);
    return call.answer({armed.id, armed.refusal});
}

Result<Bytes> fault_list(Call& call) {
    Bytes rules;
    for (const auto& entry : engine(call).list()) {
        compose_into(rules, LAYOUT_FAULT_ENTRY,
                     {entry.id, entry.matches, entry.hits, encode_rule(entry.rule)});
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
        compose_into(hits, LAYOUT_FAULT_HIT,
                     {hit.number, hit.time, hit.rule, hit.what, hit.connection, hit.user, hit.frame});
        if (hits.size() > kLargestList) break;  // the caller asks again behind the last
    }
    return call.answer({hits});
}

Result<Bytes> error_counts(Call& call) {
    Bytes counts;
    for (const ErrorCount& one : engine(call).error_counts())
        compose_into(counts, LAYOUT_ERROR_COUNT, {one.fc, one.sfc, one.code, one.count});
    return call.answer({counts});
}

}  // namespace cs2sim::sim
