// Boot log and audit log. A log goes out in parts: the answer says how long the whole is.
#include "firmware/adm/handlers.h"

namespace cs2sim::adm {

Result<Bytes> part_of_log(const Call& call, std::string_view log) {
    constexpr std::size_t kPart = 128 * 1024;
    const std::size_t offset = std::min<std::size_t>(call.request.u32("offset"), log.size());
    return call.answer({log.size(), log.substr(offset, kPart)});
}

Result<Bytes> get_boot_log(Call& call) { return part_of_log(call, call.device.smos.boot_log.text()); }

Result<Bytes> get_audit_log(Call& call) {
    CS2SIM_TRY_LET(log, call.device.smos.audit_log.text());
    return part_of_log(call, log);
}

Result<Bytes> clear_audit_log(Call& call) {
    CS2SIM_TRY(call.device.smos.audit_log.clear());
    call.audit(AUDIT_AUDIT, "audit log cleared");
    return call.answer({});
}

Result<Bytes> get_audit_config(Call& call) {
    const AuditConfig config = call.device.smos.audit_log.config();
    return call.answer({config.files, config.rotate, config.size, config.classes});
}

Result<Bytes> set_audit_config(Call& call) {
    if (call.request.u8("rotate") > 1) return fail(E_OS_AUDIT_CFG_RANGE);
    CS2SIM_TRY(
        call.device.smos.audit_log.set_config({call.request.u32("files"), call.request.u8("rotate") == 1,
                                               call.request.u32("size"), call.request.u32("classes")}));
    call.audit(AUDIT_AUDIT, "audit settings changed");
    return call.answer({});
}

}  // namespace cs2sim::adm
