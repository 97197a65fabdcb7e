// Who is logged on: C_Login, C_LoginUser, C_Logout; PINs: C_InitToken, C_InitPIN, C_SetPIN.
#include "host-lib/pkcs11/handlers.h"
#include "host-lib/pkcs11/operation.h"
#include "host-lib/pkcs11/token_users.h"

namespace cs2sim::p11::functions {
namespace {

constexpr std::size_t kLongestPin = 255;

Answer check_length(Token& token, ByteView pin) {
    if (pin.size() < token.profile()->min_pin || pin.size() > kLongestPin) return fail(CKR_PIN_LEN_RANGE);
    return {};
}

// A PIN must be given: there is no protected authentication path.
Result<ByteView> pin_input(const CK_UTF8CHAR* pin, CK_ULONG length) {
    if (!pin) return fail(CKR_ARGUMENTS_BAD);
    return ByteView(pin, length);
}

bool has_initial_pin(Session& session, TokenRole role) {
    if (!session.token.profile()->initial_pins) return false;
    const auto user = session.token.find_user(role);
    return user && user->initial;
}

Answer check_state(Session& session, CK_USER_TYPE user) {
    const Token& token = session.token;
    if (user == CKU_SO) {
        if (token.so_logged_on()) return fail(CKR_USER_ALREADY_LOGGED_IN);
        if (token.user_logged_on()) return fail(CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
        if (token.sessions != token.read_write_sessions) return fail(CKR_SESSION_READ_ONLY_EXISTS);
        return {};
    }
    if (token.user_logged_on()) return fail(CKR_USER_ALREADY_LOGGED_IN);
    if (token.so_logged_on()) return fail(CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
    return {};
}

// The user's PIN once more, for the one operation that waits for it (PKCS#11 3.0, section 5.6).
Answer authenticate_operation(Session& session, ByteView pin) {
    bool waiting = false;
    for (const Slot slot : {Slot::sign, Slot::sign_recover, Slot::decrypt})
        waiting |= session.operation(slot).active() && !session.operation(slot).authenticated;
    if (!waiting) return fail(CKR_OPERATION_NOT_INITIALIZED);
    Logons nobody;
    Channel once(session.token.devices(), nobody);
    Logon user(session.token.user_name(TokenRole::user), pin);
    CS2SIM_TRY(once.try_logon(user));
    for (const Slot slot : {Slot::sign, Slot::sign_recover, Slot::decrypt})
        session.operation(slot).authenticated = true;
    return {};
}

Answer log_role_on(Session& session, CK_USER_TYPE user, ByteView pin) {
    const TokenRole role = user == CKU_SO ? TokenRole::so : TokenRole::user;
    CS2SIM_TRY(check_state(session, user));
    CS2SIM_TRY(log_on(session, std::make_shared<Logon>(session.token.user_name(role), pin)));
    session.token.initial_pin = has_initial_pin(session, role);
    return {};
}

// Sets the PIN of a user who proves the old one, whoever else is logged on.
Answer change_pin(Session& session, TokenRole role, ByteView old_pin, ByteView new_pin) {
    const std::string name = session.token.user_name(role);
    Logons owner;
    owner.add(std::make_shared<Logon>(name, old_pin));
    Channel once(session.token.devices(), owner);
    CS2SIM_TRY(once.execute(FC_CMDS, SFC_CMDS_CHANGE_USER, {name, new_pin}));
    const bool on = role == TokenRole::so ? session.token.so_logged_on() : session.token.user_logged_on();
    if (!on) return {};
    auto renewed = std::make_shared<Logon>(name, new_pin);
    renewed->accept();
    session.token.logons().add(std::move(renewed));
    session.token.initial_pin = false;
    return {};
}

// Wipes the token's group and users and makes its SO anew. `channel`: somebody is logged on there who may.
Answer make_token(Channel& channel, Token& token, ByteView pin, std::string_view label) {
    CS2SIM_TRY(channel.execute(FC_CXI, SFC_CXI_KEY_INIT, {token.group()}));
    for (const TokenRole role : {TokenRole::user, TokenRole::key_manager, TokenRole::so})
        CS2SIM_TRY(delete_token_user(channel, token, role));
    return add_token_user(channel, token, TokenRole::so, pin, label);
}

// The slot's SO in person, with the SO's PIN, which stays.
Answer make_token_as_so(Token& token, ByteView pin, std::string_view label) {
    Logons so;
    so.add(std::make_shared<Logon>(token.user_name(TokenRole::so), pin));
    Channel once(token.devices(), so);
    CS2SIM_TRY(once.execute(FC_CXI, SFC_CXI_KEY_INIT, {token.group()}));
    for (const TokenRole role : {TokenRole::user, TokenRole::key_manager})
        CS2SIM_TRY(delete_token_user(once, token, role));
    return set_token_label(once, token, label);
}

}  // namespace

Answer InitToken(Library& library, CK_SLOT_ID slot, CK_UTF8CHAR* pin, CK_ULONG length, CK_UTF8CHAR* label) {
    CS2SIM_TRY_LET(found, library.token(slot));
    Token& token = *found;
    CS2SIM_TRY_LET(given, pin_input(pin, length));
    if (!label) return fail(CKR_ARGUMENTS_BAD);
    const std::string_view padded(reinterpret_cast<const char*>(label), 32);
    const std::string_view name = padded.substr(0, padded.find_last_not_of(' ') + 1);
    const std::lock_guard lock(token.login_mutex);
    // The administrator's own session is the only one that may be open.
    const bool administrator = !token.logons().empty() && !token.user_logged_on() && !token.so_logged_on();
    if (token.sessions > (administrator ? 1u : 0u)) return fail(CKR_SESSION_EXISTS);
    CS2SIM_TRY(check_length(token, given));
    library.objects.erase_of_slot(slot);
    if (administrator) return make_token(token.shared_channel(), token, given, name);
    if (!library.config.init_token_as.empty()) {
        CS2SIM_TRY_LET(logon, generic_logon(as_bytes(library.config.init_token_as)));
        Logons administrators;
        administrators.add(std::move(logon));
        Channel once(token.devices(), administrators);
        return make_token(once, token, given, name);
    }
    const auto so = token.find_user(TokenRole::so);
    if (!so) return fail(so.error().code == E_CMDS_NO_USER ? CKR_USER_NOT_LOGGED_IN : so.error().code);
    return make_token_as_so(token, given, name);
}

Answer InitPIN(Session& session, CK_UTF8CHAR* pin, CK_ULONG length) {
    CS2SIM_TRY_LET(given, pin_input(pin, length));
    if (!session.token.so_logged_on()) return fail(CKR_USER_NOT_LOGGED_IN);
    if (!session.read_write) return fail(CKR_SESSION_READ_ONLY);
    CS2SIM_TRY(check_length(session.token, given));
    CS2SIM_TRY(delete_token_user(session.channel(), session.token, TokenRole::user));
    return add_token_user(session.channel(), session.token, TokenRole::user, given);
}

Answer SetPIN(Session& session, CK_UTF8CHAR* old_pin, CK_ULONG old_length, CK_UTF8CHAR* new_pin,
              CK_ULONG new_length) {
    const auto before = pin_input(old_pin, old_length);
    const auto after = pin_input(new_pin, new_length);
    CS2SIM_TRY(before);
    CS2SIM_TRY(after);
    if (!session.read_write) return fail(CKR_SESSION_READ_ONLY);
    CS2SIM_TRY(check_length(session.token, *after));
    const std::lock_guard lock(session.token.login_mutex);
    return change_pin(session, session.token.so_logged_on() ? TokenRole::so : TokenRole::user, *before,
                      *after);
}

Answer Login(Session& session, CK_USER_TYPE user, CK_UTF8CHAR* pin, CK_ULONG length) {
    CS2SIM_TRY_LET(given, pin_input(pin, length));
    const std::lock_guard lock(session.token.login_mutex);
    switch (user) {
        case CKU_SO:
        case CKU_USER:
            return log_role_on(session, user, given);
        case CKU_CONTEXT_SPECIFIC:
            return authenticate_operation(session, given);
        case CKU_CS_GENERIC: {
            CS2SIM_TRY_LET(logon, generic_logon(given));
            return log_on(session, std::move(logon));
        }
        default:
            return fail(CKR_USER_TYPE_INVALID);
    }
}

// With a user name this is a log-on of that device user; without one it is C_Login.
Answer LoginUser(Session& session, CK_USER_TYPE user, CK_UTF8CHAR* pin, CK_ULONG length, CK_UTF8CHAR* name,
                 CK_ULONG name_length) {
    if (!name || name_length == 0) return Login(session, user, pin, length);
    CS2SIM_TRY_LET(given, pin_input(pin, length));
    const std::lock_guard lock(session.token.login_mutex);
    CS2SIM_TRY_LET(logon,
                   Logon::generic(std::string(reinterpret_cast<const char*>(name), name_length), given));
    return log_on(session, std::move(logon));
}

Answer Logout(Session& session) {
    const std::lock_guard lock(session.token.login_mutex);
    if (session.token.logons().empty()) return fail(CKR_USER_NOT_LOGGED_IN);
    session.library.log_off(session.token);
    return {};
}

}  // namespace cs2sim::p11::functions
