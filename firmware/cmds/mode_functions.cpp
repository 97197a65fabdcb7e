#include "firmware/cmds/handlers.h"
#include "firmware/cmds/modes.h"
#include "firmware/cmds/scheduler.h"

namespace cs2sim::cmds {

Result<Bytes> set_admin_mode(Call& call) {
    const std::uint8_t mode = call.request.u8("mode");
    if (mode > 1) return fail(E_CMDS_BAD_MODE);
    switch_base_mode(call.device.scheduler, mode == 1 ? MODE_ADMIN_ONLY : MODE_OPERATIONAL);
    call.audit(AUDIT_SYSTEM, mode == 1 ? "administration-only mode on" : "administration-only mode off");
    return call.answer({});
}

Result<Bytes> set_startup_mode(Call& call) {
    const std::uint8_t mode = call.request.u8("mode");
    if (mode > 1) return fail(E_CMDS_BAD_MODE);
    CS2SIM_TRY(call.device.smos.nvram.set_number(kStartupMode, mode));
    call.audit(AUDIT_SYSTEM, mode == 1 ? "start-up mode: administration only" : "start-up mode: operational");
    return call.answer({});
}

Result<Bytes> get_startup_mode(Call& call) {
    return call.answer({call.device.smos.nvram.number(kStartupMode).value_or(0)});
}

}  // namespace cs2sim::cmds
