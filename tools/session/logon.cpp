// Logons: who the session's commands are run for.

#include "tools/session/arguments.h"
#include "tools/session/command.h"
#include "tools/session/output.h"

namespace cs2sim::tools {
namespace {

Result<void> logon(ToolSession& session, const std::string& user, host::KeySource& key) {
    CS2SIM_TRY_LET(device, session.device());
    return device->logon(user, key);
}

Result<void> logon_sign(ToolSession& session, const std::string& value) {
    const auto fields = split_list(value, 2);
    if (fields.size() != 2) return fail(E_CSA_ARGUMENTS);
    CS2SIM_TRY_LET(key, host::open_key_source(fields[1], session.terminal()));
    return logon(session, fields[0], *key);
}

Result<void> logon_pass(ToolSession& session, const std::string& value) {
    const auto fields = split_list(value, 2);
    if (fields.size() != 2) return fail(E_CSA_ARGUMENTS);
    CS2SIM_TRY_LET(key,
                   host::open_password(fields[1], session.terminal(), "Password of " + fields[0] + ": "));
    return logon(session, fields[0], *key);
}

Result<void> logoff(ToolSession& session, const std::string&) {
    CS2SIM_TRY_LET(device, session.device());
    return device->logoff();
}

// A name longer than 8 characters has a short form in the session; lists show the long one.
std::string whole_name(ToolSession& session, std::string shown) {
    if (shown.find('~') == std::string::npos) return shown;
    const auto answer = session.execute(FC_CMDS, SFC_CMDS_GET_USER_INFO, {shown});
    const auto user = answer ? parse(LAYOUT_USER, answer->block.bytes("user")) : fail(answer.error());
    return user ? shown_name(*user) : shown;
}

Result<void> show_auth_state(ToolSession& session, const std::string&) {
    CS2SIM_TRY_LET(answer, session.execute(FC_CMDS, SFC_CMDS_GET_AUTH_STATE));
    print("state = %08X\n", answer.block.u32("state"));
    const Bytes users = to_bytes(answer.block.bytes("users"));
    ByteView rest = users;
    while (!rest.empty()) {
        const auto user = parse_prefix(LAYOUT_AUTH_USER, rest);
        if (!user) return fail(E_CSA_PROTOCOL);
        const std::string name = whole_name(session, shown_name(user->bytes("short")));
        print("user  = %-8s %08X\n", name.c_str(), user->u32("permission"));
    }
    return {};
}

constexpr Command kCommands[] = {
    {"LogonSign", "LogonRSASign LogonECDSA AuthRSASign AuthECDSA", Takes::value, "LogonSign=<user>,<key>",
     "adds a user by signature to the session",
     "<key> is file.key, file.key#password, file.key#ask, or a smartcard such as :cs2:cjo:USB0.\n"
     "The authentication states of all users of the session add up nibble by nibble. Logons stand after\n"
     "Dev= and before the commands that need them; they end with the program.\n",
     logon_sign},
    {"LogonPass", "LogonHMACPwd LogonSHA1Pwd LogonClrPwd AuthHMACPwd AuthSHA1Pwd AuthClrPwd", Takes::value,
     "LogonPass=<user>,<password>|ask", "adds a user by password to the session",
     "ask reads the password from the terminal without echo. Which password mechanism the user has, the\n"
     "device says.\n",
     logon_pass},
    {"Logoff", "", Takes::nothing, "Logoff", "ends the session with all of its users", "", logoff},
    {"ShowAuthState", "", Takes::nothing, "ShowAuthState",
     "shows the session's authentication state and users", "", show_auth_state},
};

}  // namespace

const std::span<const Command> kLogonCommands = kCommands;

}  // namespace cs2sim::tools
