// Log-ons, PINs and tokens.
#include <cstdio>

#include "tools/p11tool2/commands.h"

namespace cs2sim::tools::p11 {
namespace {

// USER,secret; "ask" behind the comma asks.
Result<void> login(Shell& shell, const std::string& value) {
    const std::size_t comma = value.find(',');
    if (comma == std::string::npos) return fail(E_CSA_ARGUMENTS);
    const std::string user = value.substr(0, comma);
    CS2SIM_TRY_LET(secret, shell.pin(value.substr(comma + 1), "password of " + user));
    const auto done = shell.login_device_user(user, secret);
    // Not what stands there: it may be a password.
    if (!done && done.error().code == E_CMDS_BAD_MECH)
        std::fprintf(stderr, "p11tool2: %s logs on with a key, and what stands behind the comma is no file\n",
                     user.c_str());
    return done;
}

Result<void> login_role(Shell& shell, const std::string& value, CK_USER_TYPE user, const char* prompt) {
    CS2SIM_TRY_LET(pin, shell.pin(value, prompt));
    return shell.login(user, std::move(pin));
}
Result<void> login_so(Shell& shell, const std::string& value) {
    return login_role(shell, value, CKU_SO, "SO PIN");
}
Result<void> login_user(Shell& shell, const std::string& value) {
    return login_role(shell, value, CKU_USER, "user PIN");
}
Result<void> login_km(Shell& shell, const std::string& value) {
    char user[24];
    std::snprintf(user, sizeof user, "KM_%04lu,", shell.slot());
    return login(shell, user + value);
}

Result<void> logout(Shell& shell, const std::string&) { return shell.logout(); }

Result<void> init_token(Shell& shell, const std::string& value) {
    CS2SIM_TRY_LET(pin, shell.pin(value, "SO PIN", true));
    return shell.init_token(std::move(pin), shell.label);
}

Result<void> init_pin(Shell& shell, const std::string& value) {
    CS2SIM_TRY_LET(pin, shell.pin(value, "user PIN", true));
    return shell.init_pin(std::move(pin));
}

// old,new
Result<void> set_pin(Shell& shell, const std::string& value) {
    const std::size_t comma = value.find(',');
    if (comma == std::string::npos) return fail(E_CSA_ARGUMENTS);
    CS2SIM_TRY_LET(before, shell.pin(value.substr(0, comma), "old PIN"));
    CS2SIM_TRY_LET(after, shell.pin(value.substr(comma + 1), "new PIN", true));
    return shell.set_pin(std::move(before), std::move(after));
}

constexpr TokenCommand kCommands[] = {
    {"Login", "Login=<user>,<key file>|<password>|ask", "logs a device user on", false, Takes::value, login},
    {"LoginSO", "LoginSO=<pin>|ask", "logs the security officer on", false, Takes::value, login_so},
    {"LoginUser", "LoginUser=<pin>|ask", "logs the user on", false, Takes::value, login_user},
    {"LoginKM", "LoginKM=<pin>|ask", "logs the key manager on", true, Takes::value, login_km},
    {"Logout", "Logout", "logs everybody off", true, Takes::nothing, logout},
    {"InitToken", "InitToken=<SO pin>|ask", "makes the token anew: its keys are gone", false, Takes::value,
     init_token},
    {"InitPIN", "InitPIN=<pin>|ask", "makes the user anew, by the security officer", false, Takes::value,
     init_pin},
    {"SetPIN", "SetPIN=<old>|ask,<new>|ask", "changes the PIN of who is logged on, else the user's", false,
     Takes::value, set_pin},
};

}  // namespace

const std::span<const TokenCommand> kTokenCommands = kCommands;

}  // namespace cs2sim::tools::p11
