#include "firmware/cmds/cmds.h"

#include "firmware/cmds/handlers.h"
#include "firmware/cmds/hsm_auth_key.h"

namespace cs2sim {
namespace {

using namespace cmds;

constexpr Function kFunctions[] = {
    {SFC_CMDS_ECHO, echo},
    {SFC_CMDS_GET_CHALLENGE, get_challenge},
    {SFC_CMDS_LOGON, logon},
    {SFC_CMDS_LOGOFF, logoff},
    {SFC_CMDS_GET_AUTH_STATE, get_auth_state},
    {SFC_CMDS_OPEN_SESSION, open_session},
    {SFC_CMDS_CLOSE_SESSION, close_session},
    {SFC_CMDS_SECURE_MESSAGE, secure_message},
    {SFC_CMDS_ADD_USER, add_user},
    {SFC_CMDS_CHANGE_USER, change_user},
    {SFC_CMDS_DELETE_USER, delete_user},
    {SFC_CMDS_LIST_USERS, list_users},
    {SFC_CMDS_GET_USER_INFO, get_user_info},
    {SFC_CMDS_SET_MAX_AUTH_FAILS, set_max_auth_fails},
    {SFC_CMDS_GET_MAX_AUTH_FAILS, get_max_auth_fails},
    {SFC_CMDS_BACKUP_USER, backup_user},
    {SFC_CMDS_RESTORE_USER, restore_user},
    {SFC_CMDS_SET_ADMIN_MODE, set_admin_mode},
    {SFC_CMDS_SET_STARTUP_MODE, set_startup_mode},
    {SFC_CMDS_GET_STARTUP_MODE, get_startup_mode},
    {SFC_CMDS_GET_HSM_AUTH_KEY, get_hsm_auth_key},
};

constexpr Function kTransport[] = {
    {SFC_SMOS_TRANSPORT_OPEN, accept_transport},
    {SFC_SMOS_TRANSPORT_PARAMETER, accept_transport},
};

}  // namespace

Module cmds_module(HsmAuthKey& key) { return {FC_CMDS, kFunctions, ModuleState(key)}; }
Module transport_module() { return {FC_SMOS, kTransport}; }

}  // namespace cs2sim
