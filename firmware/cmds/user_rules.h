// What a user may be: names, permissions, mechanisms, flags, attributes and tokens, by profile.
#pragma once

#include "firmware/cmds/users.h"

namespace cs2sim {

// A user administrator (2 in slot 7) who shows a key or a card, not a password, and outlives a restart.
bool is_lasting_administrator(const User& user);

// 1 to 255 printable ASCII characters but blanks and those of csadm's grammar ( , = { } # ~ ).
// E_CMDS_BAD_NAME.
Result<void> check_user_name(std::string_view name);

// Everything but the name. Errors: E_CMDS_BAD_MECH, _BAD_ATT, _BAD_TOKEN, _USER_FLAG_NOT_ALLOWED; in FIPS
// mode E_CMDS_BAD_MECH_FIPS, _BAD_USER_FLAG_FIPS; in CC mode E_CMDS_BAD_MECH_CC, _BAD_USER_FLAG_CC,
// _CC_HIGH_PERM, _BAD_PERM_CC, _BAD_TOKEN_CC.
Result<void> check_user(const User& user, const Profile& profile);

// The token alone. E_CMDS_BAD_TOKEN, in CC mode E_CMDS_BAD_TOKEN_CC for a short RSA key.
Result<void> check_token(const User& user, const Profile& profile);

// True when `response` is what the user's mechanism demands for `message`.
bool verify_response(const User& user, ByteView message, ByteView response);

}  // namespace cs2sim
