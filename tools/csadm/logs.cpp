// Boot log and audit log.
#include <cstdio>

#include "tools/csadm/commands.h"
#include "tools/session/arguments.h"
#include "tools/session/output.h"

namespace cs2sim::tools {
namespace {

// A log comes in parts: each answer says how long the whole is.
template <std::uint8_t sfc>
Result<void> show_log(Session& session, const std::string&) {
    std::uint32_t offset = 0;
    std::uint32_t total = 1;
    while (offset < total) {
        const auto answer = session.execute(FC_ADM, sfc, {offset});
        if (!answer) return fail(answer.error());
        total = answer->block.u32("total");
        const auto text = answer->block.text("text");
        if (text.empty()) break;
        std::fwrite(text.data(), 1, text.size(), stdout);
        offset += static_cast<std::uint32_t>(text.size());
    }
    return {};
}

Result<void> clear_audit_log(Session& session, const std::string&) {
    CS2SIM_TRY(session.execute(FC_ADM, SFC_ADM_CLEAR_AUDIT_LOG));
    return {};
}

Result<void> get_audit_config(Session& session, const std::string&) {
    const auto answer = session.execute(FC_ADM, SFC_ADM_GET_AUDIT_CONFIG);
    if (!answer) return fail(answer.error());
    std::printf("files   = %u\nrotate  = %u\nsize    = %u\nclasses = %08X\n", answer->block.u32("files"),
                answer->block.u8("rotate"), answer->block.u32("size"), answer->block.u32("classes"));
    return {};
}

Result<void> set_audit_config(Session& session, const std::string& value) {
    const auto fields = split_list(value, 4);
    if (fields.size() != 4) return fail(E_CSA_SYNTAX);
    const auto files = parse_decimal(fields[0]);
    const auto rotate = parse_decimal(fields[1], 1);
    const auto size = parse_decimal(fields[2]);
    const auto classes = parse_hex(fields[3]);
    if (!files || !rotate || !size || !classes) return fail(E_CSA_SYNTAX);
    CS2SIM_TRY(session.execute(FC_ADM, SFC_ADM_SET_AUDIT_CONFIG, {*files, *rotate, *size, *classes}));
    return {};
}

constexpr Command kCommands[] = {
    {"GetBootLog", "", Takes::nothing, "GetBootLog", "shows what the device logged at its last start", "",
     show_log<SFC_ADM_GET_BOOT_LOG>},
    {"GetAuditLog", "", Takes::nothing, "GetAuditLog", "shows the audit log, oldest line first", "",
     show_log<SFC_ADM_GET_AUDIT_LOG>},
    {"ClearAuditLog", "", Takes::nothing, "ClearAuditLog", "empties the audit log", "", clear_audit_log},
    {"GetAuditConfig", "", Takes::nothing, "GetAuditConfig", "shows the settings of the audit log", "",
     get_audit_config},
    {"SetAuditConfig", "", Takes::value, "SetAuditConfig=<files>,<rotate 0|1>,<size>,<classes>",
     "changes the settings of the audit log",
     "<classes> is a hexadecimal sum: 1 firmware, 2 users, 4 time, 8 start, 10 audit log, 20 MBK, 40 keys,\n"
     "80 logons, 100 failed logons, 200 backup and restore, 400 system, 7F000000 users' own modules.\n",
     set_audit_config},
};

}  // namespace

const std::span<const Command> kLogCommands = kCommands;

}  // namespace cs2sim::tools
