#include "tools/control/fault_rules.h"

#include <iostream>

#include "firmware/protocol/terminal_text.h"
#include "firmware/protocol/time_text.h"
#include "tools/control/control.h"

namespace cs2sim {

Result<std::uint32_t> arm(host::Device& device, const FaultRule& rule) {
    CS2SIM_TRY_LET(encoded, encode_rule(rule));
    CS2SIM_TRY_LET(answer, control(device, SFC_SIM_FAULT_ADD, {encoded}));
    if (const std::uint32_t id = answer.block.u32("id"); id != 0) return id;
    std::cerr << "cs2sim: " << text_of(rule) << "\ncs2sim: " << answer.block.text("refusal") << '\n';
    return fail(E_SIM_RULE);
}

Result<std::uint64_t> print_fault_log(host::Device& device, std::ostream& out) {
    std::uint64_t last = 0;
    std::uint64_t hits = 0;
    for (bool more = true; more;) {
        CS2SIM_TRY_LET(answer, control(device, SFC_SIM_FAULT_LOG, {last}));
        ByteView rest = answer.block.bytes("hits");
        more = !rest.empty();
        while (!rest.empty()) {
            const auto hit = parse_prefix(LAYOUT_FAULT_HIT, rest);
            if (!hit) return fail(E_CSA_PROTOCOL);
            last = hit->u64("number");
            ++hits;
            out << last << "  " << date_and_time(static_cast<std::int64_t>(hit->u64("time"))) << "  rule "
                << hit->u32("rule") << "  " << terminal_text(hit->text("what")) << "  ["
                << terminal_text(hit->text("user")) << "]  " << terminal_text(hit->text("connection")) << "  "
                << terminal_text(hit->text("frame")) << '\n';
        }
    }
    return hits;
}

}  // namespace cs2sim
