// Modes and restarts of the device.

#include "tools/csadm/commands.h"
#include "tools/session/arguments.h"
#include "tools/session/output.h"

namespace cs2sim::tools {
namespace {

// Functions that end every session of the device.
template <std::uint8_t sfc>
Result<void> restart(ToolSession& session, const std::string&) {
    CS2SIM_TRY(session.execute(FC_ADM, sfc));
    session.disconnect();
    return {};
}

Result<void> reset_alarm(ToolSession& session, const std::string&) {
    CS2SIM_TRY(session.execute(FC_ADM, SFC_ADM_RESET_ALARM));
    return {};
}

template <std::uint8_t sfc>
Result<void> set_mode(ToolSession& session, const std::string& value) {
    const char* name = sfc == SFC_CMDS_SET_ADMIN_MODE ? "SetAdminMode" : "SetStartupMode";
    CS2SIM_TRY_LET(mode, number_in(session, name, value, 0, UINT8_MAX));
    CS2SIM_TRY(session.execute(FC_CMDS, sfc, {mode}));
    return {};
}

Result<void> get_startup_mode(ToolSession& session, const std::string&) {
    CS2SIM_TRY_LET(answer, session.execute(FC_CMDS, SFC_CMDS_GET_STARTUP_MODE));
    print("startup_mode = %u\n", answer.block.u8("mode"));
    return {};
}

Result<void> get_hsm_auth_key(ToolSession& session, const std::string&) {
    CS2SIM_TRY_LET(answer, session.execute(FC_CMDS, SFC_CMDS_GET_HSM_AUTH_KEY));
    // Sixteen bytes a line; such blocks, parted by empty lines, are a file of CS_AUTH_KEYS.
    constexpr std::size_t kBytesPerLine = 16;
    const ByteView key = answer.block.bytes("key");
    for (std::size_t i = 0; i < key.size(); ++i) {
        const bool last = i + 1 == key.size() || i % kBytesPerLine == kBytesPerLine - 1;
        print("%02X%c", key[i], last ? '\n' : ' ');
    }
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
     "The outputs of several devices, parted by empty lines, make the file that the environment variable\n"
     "CS_AUTH_KEYS names: with it, logons check the device.\n",
     get_hsm_auth_key},
    {"Restart", "", Takes::nothing, "Restart", "starts the device again", "Ends all sessions.\n",
     restart<SFC_ADM_RESTART>},
    {"Reset", "", Takes::nothing, "Reset", "resets the device, which starts again", "Ends all sessions.\n",
     restart<SFC_ADM_RESTART>},
    {"ResetToBL", "", Takes::nothing, "ResetToBL", "starts the device into its boot loader", "",
     restart<SFC_ADM_RESET_TO_BL>},
    {"StartOS", "", Takes::nothing, "StartOS", "goes on from the boot loader",
     "Without logon: the boot loader knows no users (B0830005).\n", restart<SFC_ADM_START_OS>},
    {"RecoverOS", "", Takes::nothing, "RecoverOS",
     "starts the device with the operating system that it keeps",
     "Users, keys and databases stay. Ends all sessions.\n", restart<SFC_ADM_RECOVER_OS>},
    {"Clear", "", Takes::nothing, "Clear", "erases everything and returns to the factory state", "",
     restart<SFC_ADM_CLEAR>},
    {"ResetAlarm", "", Takes::nothing, "ResetAlarm", "ends an alarm whose cause is gone", "", reset_alarm},
};

}  // namespace

const std::span<const Command> kModeCommands = kCommands;

}  // namespace cs2sim::tools
