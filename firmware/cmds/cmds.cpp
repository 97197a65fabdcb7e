#include "firmware/cmds/cmds.h"

#include "firmware/cmds/handlers.h"
#include "firmware/cmds/mode_rules.h"

namespace cs2sim {
namespace {

using namespace cmds;

constexpr std::uint32_t kAnybody = 0;
constexpr std::uint32_t kUserAdministrator = 0x20000000;
constexpr std::uint32_t kSystemAdministrator = 0x02000000;
constexpr std::uint32_t kBothAdministrators = 0x12000000;  // as for a backup of user.db (guide G3)

constexpr Function kFunctions[] = {
    {SFC_CMDS_ECHO, kAnybody, rules::kAlways, echo},
    {SFC_CMDS_GET_CHALLENGE, kAnybody, rules::kLogon, get_challenge},
    {SFC_CMDS_LOGON, kAnybody, rules::kLogon, logon},
    {SFC_CMDS_LOGOFF, kAnybody, rules::kAlways, logoff},
    {SFC_CMDS_GET_AUTH_STATE, kAnybody, rules::kAlways, get_auth_state},
    {SFC_CMDS_OPEN_SESSION, kAnybody, rules::kLogon, open_session},
    {SFC_CMDS_CLOSE_SESSION, kAnybody, rules::kAlways, close_session},
    {SFC_CMDS_SECURE_MESSAGE, kAnybody, rules::kAlways, secure_message},  // the inner command's row decides
    {SFC_CMDS_ADD_USER, kUserAdministrator, rules::kOrdinary, add_user},
    {SFC_CMDS_CHANGE_USER, kAnybody, rules::kOrdinary, change_user},  // oneself, or as user administrator
    {SFC_CMDS_DELETE_USER, kUserAdministrator, rules::kOrdinary, delete_user},
    {SFC_CMDS_LIST_USERS, kAnybody, rules::kLogon, list_users},
    {SFC_CMDS_GET_USER_INFO, kAnybody, rules::kLogon, get_user_info},
    {SFC_CMDS_SET_MAX_AUTH_FAILS, kUserAdministrator, rules::kOrdinary, set_max_auth_fails},
    {SFC_CMDS_GET_MAX_AUTH_FAILS, kAnybody, rules::kOrdinary, get_max_auth_fails},
    {SFC_CMDS_BACKUP_USER, kBothAdministrators, rules::kOrdinary, backup_user},
    {SFC_CMDS_RESTORE_USER, kBothAdministrators, rules::kOrdinary, restore_user},
    {SFC_CMDS_SET_ADMIN_MODE, kSystemAdministrator, rules::kOrdinary, set_admin_mode},
    {SFC_CMDS_SET_STARTUP_MODE, kSystemAdministrator, rules::kOrdinary, set_startup_mode},
    {SFC_CMDS_GET_STARTUP_MODE, kAnybody, rules::kOrdinary, get_startup_mode},
    {SFC_CMDS_GET_HSM_AUTH_KEY, kAnybody, rules::kLogon, get_hsm_auth_key},
};

constexpr Function kTransport[] = {
    {SFC_SMOS_TRANSPORT_OPEN, kAnybody, rules::kAlways, accept_transport},
    {SFC_SMOS_TRANSPORT_PARAMETER, kAnybody, rules::kAlways, accept_transport},
};

}  // namespace

Module cmds_module() { return {FC_CMDS, kFunctions}; }
Module transport_module() { return {FC_SMOS, kTransport}; }

}  // namespace cs2sim
