// The handlers of CMDS, named by its table in cmds.cpp. Each answers the errors stated at what it calls.
#pragma once

#include "firmware/cmds/call.h"

namespace cs2sim::cmds {

// session_functions.cpp
Result<Bytes> echo(Call& call);
Result<Bytes> get_challenge(Call& call);  // E_CMDS_CHALLENGE_LEN
Result<Bytes> logon(
    Call& call);  // E_CMDS_STATIC_LOGIN, _SM_MISSING_*, _BAD_AUTH_CMD, _USER_MODE, _LOGIN_CC, …
Result<Bytes> logoff(Call& call);
Result<Bytes> get_auth_state(Call& call);
Result<Bytes> open_session(Call& call);
Result<Bytes> close_session(Call& call);
Result<Bytes> secure_message(Call& call);  // E_CMDS_SM_ID, _SM_EXPIRED, _SM_SESS_CLOSED, _SM_FAILED
Result<Bytes> get_hsm_auth_key(Call& call);

// user_functions.cpp
Result<Bytes> add_user(Call& call);
Result<Bytes> change_user(Call& call);
Result<Bytes> delete_user(Call& call);
Result<Bytes> list_users(Call& call);
Result<Bytes> get_user_info(Call& call);
Result<Bytes> set_max_auth_fails(Call& call);  // E_CMDS_PARAM_FIPS, E_CMDS_PARAM_CC
Result<Bytes> get_max_auth_fails(Call& call);
Result<Bytes> backup_user(Call& call);   // E_CMDS_NO_MBK_KEY
Result<Bytes> restore_user(Call& call);  // E_CMDS_INVAL_BCK, E_CMDS_NO_MBK_KEY

// mode_functions.cpp
Result<Bytes> set_admin_mode(Call& call);    // E_CMDS_BAD_MODE
Result<Bytes> set_startup_mode(Call& call);  // E_CMDS_BAD_MODE
Result<Bytes> get_startup_mode(Call& call);

// transport
Result<Bytes> accept_transport(Call& call);

}  // namespace cs2sim::cmds
