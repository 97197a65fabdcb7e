// Boot log and audit log.
#include <algorithm>

#include "tools/csadm/commands.h"
#include "tools/session/arguments.h"
#include "tools/session/output.h"

namespace cs2sim::tools {
namespace {

template <std::uint8_t sfc>
Result<void> show(ToolSession& session, const std::string&) {
    return show_log(session, sfc);
}

Result<void> clear_audit_log(ToolSession& session, const std::string&) {
    CS2SIM_TRY(session.execute(FC_ADM, SFC_ADM_CLEAR_AUDIT_LOG));
    return {};
}

// The settings as both commands write them: what GetAuditConfig prints can be given back.
struct AuditSettings {
    std::uint32_t files, rotate, size, events;

    static AuditSettings of(const Block& block) {
        return {block.u32("files"), block.u8("rotate"), block.u32("size"), block.u32("classes")};
    }
};

struct AuditField {
    std::string_view word;
    std::uint32_t AuditSettings::*value;
    bool hexadecimal;
    std::uint32_t most;
};
constexpr AuditField kAuditFields[] = {
    {"Files", &AuditSettings::files, false, UINT32_MAX},
    {"Rotate", &AuditSettings::rotate, false, 1},
    {"Size", &AuditSettings::size, false, UINT32_MAX},
    {"Events", &AuditSettings::events, true, UINT32_MAX},
};

Result<AuditSettings> audit_settings(ToolSession& session) {
    CS2SIM_TRY_LET(answer, session.execute(FC_ADM, SFC_ADM_GET_AUDIT_CONFIG));
    return AuditSettings::of(answer.block);
}

Result<void> get_audit_config(ToolSession& session, const std::string&) {
    CS2SIM_TRY_LET(settings, audit_settings(session));
    const char* separator = "";
    for (const AuditField& field : kAuditFields) {
        const std::uint32_t value = settings.*field.value;
        print(field.hexadecimal ? "%s%.*s=0x%08X" : "%s%.*s=%u", separator,
              static_cast<int>(field.word.size()), field.word.data(), value);
        separator = ",";
    }
    print("\n");
    return {};
}

Result<void> take_setting(ToolSession& session, AuditSettings& settings, const std::string& text) {
    const Argument setting = parse_argument(text);
    const auto* field = std::ranges::find_if(
        kAuditFields, [&](const AuditField& row) { return same_word(row.word, setting.name); });
    if (field == std::end(kAuditFields) || !setting.value) {
        return misused(session, "'" + text.substr(0, 60) + "' is none of Files=, Rotate=, Size=, Events=");
    }
    const auto value = field->hexadecimal ? parse_hex(*setting.value)
                                          : number_in(session, field->word, *setting.value, 0, field->most);
    if (!value && field->hexadecimal)
        return misused(session, std::string(field->word) + "= is a hexadecimal number, not '" +
                                    setting.value->substr(0, 60) + "'");
    CS2SIM_TRY(value);
    settings.*field->value = *value;
    return {};
}

// Settings that are not named stay. "3,1,200000,7F00073F", as earlier versions took it, is understood too.
Result<void> set_audit_config(ToolSession& session, const std::string& value) {
    CS2SIM_TRY_LET(settings, audit_settings(session));
    std::vector<std::string> fields = split_list(value);
    if (value.find('=') == std::string::npos && fields.size() == std::size(kAuditFields))
        for (std::size_t i = 0; i < fields.size(); ++i)
            fields[i] = std::string(kAuditFields[i].word) + "=" + fields[i];
    for (const std::string& field : fields) CS2SIM_TRY(take_setting(session, settings, field));
    CS2SIM_TRY(session.execute(FC_ADM, SFC_ADM_SET_AUDIT_CONFIG,
                               {settings.files, settings.rotate, settings.size, settings.events}));
    return {};
}

constexpr Command kCommands[] = {
    {"GetBootLog", "", Takes::nothing, "GetBootLog", "shows what the device logged at its last start", "",
     show<SFC_ADM_GET_BOOT_LOG>},
    {"GetAuditLog", "", Takes::nothing, "GetAuditLog", "shows the audit log, oldest line first", "",
     show<SFC_ADM_GET_AUDIT_LOG>},
    {"ClearAuditLog", "", Takes::nothing, "ClearAuditLog", "empties the audit log", "", clear_audit_log},
    {"GetAuditConfig", "", Takes::nothing, "GetAuditConfig", "shows the settings of the audit log", "",
     get_audit_config},
    {"SetAuditConfig",
     "",
     Takes::value,
     "SetAuditConfig=<setting>=<value>[,<setting>=<value>...]",
     "changes the settings of the audit log",
     "Files=<1-10> files are kept, each of Size=<bytes>; Rotate=0 refuses when they are full, 1 goes on in\n"
     "the oldest. Events= is a hexadecimal sum: 1 firmware, 2 users, 4 time, 8 start, 10 audit log, 20 MBK, "
     "40 keys,\n"
     "80 logons, 100 failed logons, 200 backup and restore, 400 system, 7F000000 users' own modules.\n",
     set_audit_config,
     {{"setting", [] { return words_of(kAuditFields); }}}},
};

}  // namespace

const std::span<const Command> kLogCommands = kCommands;

}  // namespace cs2sim::tools
