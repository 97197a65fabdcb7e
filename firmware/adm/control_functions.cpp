// Restarts, clear and alarm.
#include "firmware/adm/adm.h"
#include "firmware/adm/handlers.h"
#include "firmware/cmds/scheduler.h"
#include "firmware/cmds/sessions.h"

namespace cs2sim::adm {
namespace {

// A restart ends the sessions of all. Scripts restart a device of their own without a logon
// (reference/sdk-facts.md, "new module in use"); where others are logged on it takes an administrator.
Result<void> allow_boot(const Call& call) {
    if (call.device.profile.restart_disturbs || call.context.control) return {};
    if (call.device.sessions.active_users() == call.context.users.size()) return {};
    if (permits(call.auth_state(), permission::kSystemAdministrator)) return {};
    return fail(call.device.scheduler.denial(call.context));
}

Result<Bytes> boot(Call& call, BootTarget target, std::string_view what) {
    const DeviceControl& control = call.state<DeviceControl>();
    if (!control.boot) return fail(E_CMDS_SFC_DISABLED);
    CS2SIM_TRY(allow_boot(call));
    call.audit(AUDIT_STARTUP, what);
    control.boot(target);
    return call.answer({});
}

}  // namespace

Result<Bytes> restart(Call& call) { return boot(call, BootTarget::operating_system, "restart"); }

Result<Bytes> reset_to_bl(Call& call) { return boot(call, BootTarget::boot_loader, "reset to boot loader"); }

Result<Bytes> start_os(Call& call) {
    if ((call.device.scheduler.modes() & MODE_BOOTLOADER) == 0) return call.answer({});  // it runs already
    return boot(call, BootTarget::operating_system, "start of operating system");
}

Result<Bytes> recover_os(Call& call) {
    return boot(call, BootTarget::operating_system, "recovery of operating system");
}

Result<Bytes> clear(Call& call) {
    const DeviceControl& control = call.state<DeviceControl>();
    if (!control.clear) return fail(E_CMDS_SFC_DISABLED);
    // While the cause of an alarm lasts, no master key does.
    if (call.device.smos.sensors.alarm() != Alarm::off) return fail(E_CMDS_ALARM);
    CS2SIM_TRY(control.clear());
    call.audit(AUDIT_SYSTEM, "device cleared");
    return call.answer({});
}

Result<Bytes> reset_alarm(Call& call) {
    CS2SIM_TRY(call.device.smos.sensors.reset_alarm());
    call.device.scheduler.change_modes(MODE_ALARM, 0);
    call.audit(AUDIT_SYSTEM, "alarm reset");
    return call.answer({});
}

}  // namespace cs2sim::adm
