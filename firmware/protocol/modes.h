// Modes of the device, and the named sets of rules that say what each bars. A change of policy is a change
// here.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "firmware/protocol/error.h"

namespace cs2sim {

// Modes and states of the device; several hold at once (Operational and FIPS, say).
enum Mode : std::uint16_t {
    MODE_OPERATIONAL = 0x001,
    MODE_ADMIN_ONLY = 0x002,
    MODE_MAINTENANCE = 0x004,
    MODE_BOOTLOADER = 0x008,
    MODE_ALARM = 0x010,
    MODE_FIPS = 0x020,
    MODE_FIPS_ERROR = 0x040,
    MODE_CC = 0x080,
    MODE_CC_ERROR = 0x100,
};

// In any of `modes`, the function answers `error`. The first row that applies decides.
struct ModeRule {
    std::uint16_t modes;
    std::uint32_t error;
};
using ModeRules = std::span<const ModeRule>;

// The error with which the rules bar a function in `modes`; 0 when they do not.
constexpr std::uint32_t barred_by(ModeRules rules, std::uint16_t modes) {
    for (const ModeRule& rule : rules)
        if ((rule.modes & modes) != 0) return rule.error;
    return 0;
}

struct ModeName {
    std::uint16_t mode;
    std::string_view name;  // in prose
    std::string_view word;  // on a command line
};
inline constexpr ModeName kModeNames[] = {
    {MODE_OPERATIONAL, "operational", "operational"},
    {MODE_ADMIN_ONLY, "administration-only", "admin"},
    {MODE_MAINTENANCE, "maintenance", "maintenance"},
    {MODE_BOOTLOADER, "boot loader", "bootloader"},
    {MODE_ALARM, "alarm", "alarm"},
    {MODE_FIPS, "FIPS", "fips"},
    {MODE_FIPS_ERROR, "FIPS error", "fips-error"},
    {MODE_CC, "CC", "cc"},
    {MODE_CC_ERROR, "CC error", "cc-error"},
};

// "operational, FIPS"
std::string mode_names(std::uint16_t modes);

namespace rules {

// State that every mode answers: GetState, logs, battery, time.
inline constexpr ModeRules kAlways{};

// Ordinary functions: need the operational or administration-only mode and no alarm or error state.
inline constexpr ModeRule kOrdinary[] = {
    {MODE_BOOTLOADER, E_CMDS_BAD_FC},  // the boot loader has no such module
    {MODE_ALARM, E_CMDS_ALARM},
    {MODE_FIPS_ERROR, E_CMDS_ERROR_STATE},
    {MODE_CC_ERROR, E_CMDS_CC_ERROR_STATE},
};

// Logon and what goes with it: possible in alarm and maintenance too, for administration's sake.
inline constexpr ModeRule kLogon[] = {
    {MODE_BOOTLOADER, E_CMDS_BAD_FC},
    {MODE_FIPS_ERROR, E_CMDS_AUTH_FIPS_ESTATE},
    {MODE_CC_ERROR, E_CMDS_AUTH_CC_ESTATE},
};

// Working functions (keys, cryptography): barred in administration-only mode too.
inline constexpr ModeRule kWorking[] = {
    {MODE_BOOTLOADER, E_CMDS_BAD_FC},
    {MODE_ALARM, E_CMDS_ALARM},
    {MODE_FIPS_ERROR, E_CMDS_ERROR_STATE},
    {MODE_CC_ERROR, E_CMDS_CC_ERROR_STATE},
    {MODE_ADMIN_ONLY | MODE_MAINTENANCE, E_CMDS_ADMIN_BAD_FUNC},
};

// Backup and restore of databases: not permitted under FIPS or CC firmware (guide G14).
inline constexpr ModeRule kDatabaseBackup[] = {
    {MODE_BOOTLOADER, E_CMDS_BAD_FC},       {MODE_FIPS_ERROR, E_CMDS_ERROR_STATE},
    {MODE_CC_ERROR, E_CMDS_CC_ERROR_STATE}, {MODE_FIPS, E_CMDS_FIPS_BLOCKED},
    {MODE_CC, E_CMDS_CC_BLOCKED},           {MODE_ALARM, E_CMDS_ALARM},
};

// Functions that hand out an agreed secret in clear: neither FIPS nor CC firmware has them.
inline constexpr ModeRule kPlainSecret[] = {
    {MODE_BOOTLOADER, E_CMDS_BAD_FC},
    {MODE_ALARM, E_CMDS_ALARM},
    {MODE_FIPS_ERROR, E_CMDS_ERROR_STATE},
    {MODE_CC_ERROR, E_CMDS_CC_ERROR_STATE},
    {MODE_FIPS, E_CXI_FIPS_BLOCKED},
    {MODE_CC, E_CXI_CC_BLOCKED},
    {MODE_ADMIN_ONLY | MODE_MAINTENANCE, E_CMDS_ADMIN_BAD_FUNC},
};

}  // namespace rules
}  // namespace cs2sim
