// Users of a token, added and deleted by its security officer (068.33 and 068.34): what a PKCS#11 library
// needs beside CMDS, where only administrators make users. Names and permissions: pkcs11-facts.md, section 3.
#include <algorithm>
#include <optional>

#include "firmware/cmds/sessions.h"
#include "firmware/cmds/users.h"
#include "firmware/cxi/access.h"
#include "firmware/cxi/handlers.h"
#include "firmware/protocol/permissions.h"

namespace cs2sim {
namespace {

// A user of a slot is called by what they do there, and the slot's four digits.
struct TokenRole {
    std::string_view prefix;
    std::uint32_t permission;
    bool by_security_officer;  // of the slot; an administrator of users may as well
};
constexpr TokenRole kTokenRoles[] = {
    {"SO_", permission::kSecurityOfficer, false},
    {"USR_", permission::kCryptoUser, true},
    {"KM_", permission::kKeyManager, true},
};

struct TokenUser {
    const TokenRole& role;
    std::string group;
};

std::optional<TokenUser> token_user(std::string_view name) {
    for (const TokenRole& role : kTokenRoles) {
        if (!name.starts_with(role.prefix)) continue;
        const std::string_view digits = name.substr(role.prefix.size());
        const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
        if (digits.size() == 4 && std::ranges::all_of(digits, is_digit))
            return TokenUser{role, "SLOT_" + std::string(digits)};
    }
    return std::nullopt;
}

Result<TokenUser> may_manage(const CxiCall& call) {
    const auto user = token_user(call.request.text("name"));
    const bool administrator = permits(call.auth_state(), permission::kUserAdministrator);
    if (!administrator) {
        if (!user || !user->role.by_security_officer) return fail(E_CXI_PERMISSION_DENIED);
        CS2SIM_TRY(call.require(RIGHT_SECURITY_OFFICER, user->group));
    }
    if (!user) return fail(E_CMDS_BAD_NAME);
    return *user;
}

// CXI_GROUP with the slot's group and no other, then at most a LABEL.
bool attributes_fit(std::string_view attributes, std::string_view group) {
    const std::string needed = "CXI_GROUP=" + std::string(group);
    if (!attributes.starts_with(needed)) return false;
    attributes.remove_prefix(needed.size());
    constexpr std::string_view kLabel = ",LABEL=";
    if (!attributes.starts_with(kLabel)) return attributes.empty();
    return attributes.find_first_of(",;=", kLabel.size()) == std::string_view::npos;
}

// One who happens to have such a name is no user of the token.
bool is_of_token(const User& user, const TokenUser& expected) {
    return user.permission == expected.role.permission && attributes_fit(user.attributes, expected.group);
}

// A security officer of a slot gives the token another label: their own entry again, without a token.
Result<Bytes> relabel(CxiCall& call, const TokenUser& user) {
    const std::string_view name = call.request.text("name"), attributes = call.request.text("attributes");
    CS2SIM_TRY(call.require(RIGHT_SECURITY_OFFICER, user.group));
    CS2SIM_TRY_LET(there, call.device.users.find(name));
    if (!is_of_token(there, user)) return fail(E_CXI_PERMISSION_DENIED);
    if (!attributes_fit(attributes, user.group)) return fail(E_CMDS_BAD_ATT);
    CS2SIM_TRY(call.device.users.change_attributes(name, attributes));
    call.audit(AUDIT_USER, "CXI: label of " + user.group + " changed");
    return call.answer({name});
}

}  // namespace

Result<Bytes> cxi_user_add(CxiCall& call) {
    if (const auto user = token_user(call.request.text("name"));
        user && !user->role.by_security_officer && call.request.bytes("token").empty())
        return relabel(call, *user);
    CS2SIM_TRY_LET(allowed, may_manage(call));
    User user = described_user(call.request);
    user.short_name = call.request.text("name");
    if (user.permission != allowed.role.permission) return fail(E_CMDS_BAD_PERM);
    if (!attributes_fit(user.attributes, allowed.group)) return fail(E_CMDS_BAD_ATT);
    if ((user.flags & (UFLG_TMP | UFLG_LOGIN)) != 0) return fail(E_CMDS_USER_FLAG_NOT_ALLOWED);
    const std::string name = user.short_name;
    CS2SIM_TRY_LET(short_name, call.device.users.add(std::move(user)));
    call.audit(AUDIT_USER, "CXI: add user " + name);
    return call.answer({short_name});
}

Result<Bytes> cxi_user_delete(CxiCall& call) {
    CS2SIM_TRY_LET(allowed, may_manage(call));
    CS2SIM_TRY_LET(user, call.device.users.find(call.request.text("name")));
    if (!is_of_token(user, allowed)) return fail(E_CXI_PERMISSION_DENIED);
    const auto is_active = [&](const std::string& name) { return call.device.sessions.is_active(name); };
    CS2SIM_TRY(call.device.users.remove(user.short_name, is_active));
    call.audit(AUDIT_USER, "CXI: delete user " + user.name());
    return call.answer({});
}

}  // namespace cs2sim
