#include "host-lib/pkcs11/token_users.h"

#include "firmware/protocol/mechanisms.h"
#include "firmware/protocol/permissions.h"
#include "host-lib/files/user_label.h"

namespace cs2sim::p11 {
namespace {

std::uint32_t permission_of(TokenRole role) {
    switch (role) {
        case TokenRole::so:
            return permission::kSecurityOfficer;
        case TokenRole::key_manager:
            return permission::kKeyManager;
        default:
            return permission::kCryptoUser;
    }
}

std::string attributes_of(const Token& token, std::string_view label) {
    const std::string group = "CXI_GROUP=" + token.group();
    return label.empty() ? group : group + ",LABEL=" + host::encode_label(label);
}

Answer send_user(Channel& channel, const Token& token, TokenRole role, ByteView pin, std::string_view label) {
    CS2SIM_TRY(channel.execute(
        FC_CXI, SFC_CXI_USER_ADD,
        {token.user_name(role), permission_of(role), MECH_HMAC_PWD, 0, attributes_of(token, label), pin}));
    return {};
}

}  // namespace

Answer add_token_user(Channel& channel, Token& token, TokenRole role, ByteView pin, std::string_view label) {
    return send_user(channel, token, role, pin, label);
}

Answer set_token_label(Channel& channel, Token& token, std::string_view label) {
    return send_user(channel, token, TokenRole::so, {}, label);
}

Answer delete_token_user(Channel& channel, Token& token, TokenRole role) {
    const auto deleted = channel.execute(FC_CXI, SFC_CXI_USER_DELETE, {token.user_name(role)});
    if (!deleted && deleted.error().code != E_CMDS_NO_USER) return fail(deleted.error());
    return {};
}

Answer refresh_permissions(Session& session) {
    CS2SIM_TRY_LET(answer, session.execute(FC_CXI, SFC_CXI_P11_PERMISSIONS, {session.token.group()}));
    session.token.set_permissions(answer.block.u32("state"));
    return {};
}

Answer log_on(Session& session, std::shared_ptr<Logon> logon) {
    CS2SIM_TRY(session.channel().try_logon(*logon));
    session.token.logons().add(std::move(logon));
    return refresh_permissions(session);
}

Result<std::shared_ptr<Logon>> generic_logon(ByteView text) {
    const std::string_view whole = as_text(text);
    const std::size_t comma = whole.find(',');
    if (comma == std::string_view::npos || comma == 0) return fail(CKR_PIN_INCORRECT);
    return Logon::generic(std::string(whole.substr(0, comma)), text.subspan(comma + 1));
}

}  // namespace cs2sim::p11
