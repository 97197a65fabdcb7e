// The named sets of mode rules that function rows use. A change of policy is a change here.
#pragma once

#include "firmware/cmds/function.h"

namespace cs2sim::rules {

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

}  // namespace cs2sim::rules
