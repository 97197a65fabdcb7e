// Classes of lines in the audit log (OS_AUDIT_CLASS_*: firmware-facts.md, section 6.6).
#pragma once

#include <cstdint>
#include <string_view>

namespace cs2sim {

enum AuditClass : std::uint32_t {
    AUDIT_NOTHING = 0,
    AUDIT_FIRMWARE = 0x1,
    AUDIT_USER = 0x2,
    AUDIT_TIME = 0x4,
    AUDIT_STARTUP = 0x8,
    AUDIT_AUDIT = 0x10,
    AUDIT_MBK = 0x20,
    AUDIT_KEY = 0x40,           // off by default
    AUDIT_AUTH_SUCCESS = 0x80,  // off by default
    AUDIT_AUTH_FAILED = 0x100,
    AUDIT_BACKUP_RESTORE = 0x200,
    AUDIT_SYSTEM = 0x400,
    AUDIT_CUSTOM_MASK = 0x7F000000,
};

constexpr std::string_view audit_class_name(AuditClass audit_class) {
    switch (audit_class) {
        case AUDIT_FIRMWARE:
            return "firmware";
        case AUDIT_USER:
            return "users";
        case AUDIT_TIME:
            return "time";
        case AUDIT_STARTUP:
            return "start-up";
        case AUDIT_AUDIT:
            return "audit log";
        case AUDIT_MBK:
            return "MBK";
        case AUDIT_KEY:
            return "keys";
        case AUDIT_AUTH_SUCCESS:
            return "logons";
        case AUDIT_AUTH_FAILED:
            return "failed logons";
        case AUDIT_BACKUP_RESTORE:
            return "backup and restore";
        case AUDIT_SYSTEM:
            return "system";
        default:
            return {};
    }
}

}  // namespace cs2sim
