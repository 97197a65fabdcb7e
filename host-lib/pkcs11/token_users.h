// The users of a token on its device (pkcs11-facts.md, section 3), and who logs on to it.
#pragma once

#include "host-lib/pkcs11/library.h"

namespace cs2sim::p11 {

// Adds the user of a role, whose PIN then is initial. `label` (of the SO): the token's. `channel`: somebody
// is logged on there who may. Errors: the device's.
Answer add_token_user(Channel& channel, Token& token, TokenRole role, ByteView pin,
                      std::string_view label = {});
// The slot's security officer, logged on on `channel`, gives the token another label. Errors: the device's.
Answer set_token_label(Channel& channel, Token& token, std::string_view label);
// Deletes one; none there is no error.
Answer delete_token_user(Channel& channel, Token& token, TokenRole role);

// Logs a user on for all sessions of the token, on the session's own connection first. Errors: the device's.
Answer log_on(Session& session, std::shared_ptr<Logon> logon);

// Asks the device what those who are logged on add up to in the token's group.
Answer refresh_permissions(Session& session);

// "USER,secret" taken apart. Error: CKR_PIN_INCORRECT when there is no comma.
Result<std::shared_ptr<Logon>> generic_logon(ByteView text);

}  // namespace cs2sim::p11
