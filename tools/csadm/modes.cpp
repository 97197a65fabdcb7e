// Modes and restarts of the device.
#include <cstdio>

#include "tools/csadm/commands.h"
#include "tools/session/arguments.h"
#include "tools/session/output.h"

namespace cs2sim::tools {
namespace {

// Functions that end every session of the device.
template <std::uint8_t sfc>
Result<void> restart(Session& session, const std::string&) {
    CS2SIM_TRY(session.execute(FC_ADM, sfc));
    session.disconnect();
    return {};
}

Result<void> reset_alarm(Session& session, const std::string&) {
    CS2SIM_TRY(session.execute(FC_ADM, SFC_ADM_RESET_ALARM));
    return {};
}

template <std::uint8_t sfc>
Result<void> set_mode(Session& session, const std::string& value) {
    const auto mode = parse_decimal(value, UINT8_MAX);
    if (!mode) return fail(mode.error());
    CS2SIM_TRY(session.execute(FC_CMDS, sfc, {*mode}));
    return {};
}

Result<void> get_startup_mode(Session& session, const std::string&) {
    const auto answer = session.execute(FC_CMDS, SFC_CMDS_GET_STARTUP_MODE);
    if (!answer) return fail(answer.error());
    std::printf("startup_mode = %u\n", answer->block.u8("mode"));
    return {};
}

Result<void> get_hsm_auth_key(Session& session, const std::string&) {
    const auto answer = session.execute(FC_CMDS, SFC_CMDS_GET_HSM_AUTH_KEY);
    if (!answer) return fail(answer.error());
    std::printf("%s\n", to_hex(answer->block.bytes("key")).c_str());
    return {};
}

constexpr Command kCommands[] = {
    {"SetAdminMode", "", Takes::value, "SetAdminMode=0|1", "leaves or enters the administration-only mode",
     "", set_mode<SFC_CMDS_SET_ADMIN_MODE>},
    {"SetStartupMode", "", Takes::value, "SetStartupMode=0|1",
     "mode after a start: 0 operational, 1 administration only", "", set_mode<SFC_CMDS_SET_STARTUP_MODE>},
    {"GetStartupMode", "", Takes::nothing, "GetStartupMode", "shows that setting", "", get_startup_mode},
    {"GetHSMAuthKey", "", Takes::nothing, "GetHSMAuthKey",
     "shows the device's public authentication key in hexadecimal",
     "A file of such lines, named by the environment variable CS_AUTH_KEYS, makes logons check the device.\n",
     get_hsm_auth_key},
    {"Restart", "Reset", Takes::nothing, "Restart", "starts the device again", "Ends all sessions.\n",
     restart<SFC_ADM_RESTART>},
    {"ResetToBL", "", Takes::nothing, "ResetToBL", "starts the device into its boot loader", "",
     restart<SFC_ADM_RESET_TO_BL>},
    {"StartOS", "", Takes::nothing, "StartOS", "goes on from the boot loader", "", restart<SFC_ADM_START_OS>},
    {"Clear", "", Takes::nothing, "Clear", "erases everything and returns to the factory state", "",
     restart<SFC_ADM_CLEAR>},
    {"ResetAlarm", "", Takes::nothing, "ResetAlarm", "ends an alarm whose cause is gone", "", reset_alarm},
};

}  // namespace

const std::span<const Command> kModeCommands = kCommands;

}  // namespace cs2sim::tools
