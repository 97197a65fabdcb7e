// Users of the device, its database user.db.
#include <cstdio>

#include "firmware/protocol/channel/secure_channel.h"
#include "tools/csadm/commands.h"
#include "tools/csadm/user_file.h"
#include "tools/session/arguments.h"
#include "tools/session/output.h"
#include "tools/session/terminal.h"

namespace cs2sim::tools {
namespace {

struct MechanismRow {
    std::string_view argument;  // as AddUser= takes it
    std::string_view shown;     // as ListUsers shows it
    std::uint8_t number;        // CMDS_MECH_* (firmware-facts.md, section 3)
    bool password;
};
constexpr MechanismRow kMechanisms[] = {
    {"rsasign", "RSA sign", 0, false},   {"clrpwd", "Clear passwd", 1, true},
    {"sha1pwd", "SHA1 passwd", 2, true}, {"rsasc", "RSA smartcard", 3, false},
    {"hmacpwd", "HMAC passwd", 4, true}, {"ecdsa", "ECDSA sign", 5, false},
};

const MechanismRow* find_mechanism(std::uint8_t number) {
    for (const MechanismRow& row : kMechanisms)
        if (row.number == number) return &row;
    return nullptr;
}

const MechanismRow* find_mechanism(std::string_view argument) {
    for (const MechanismRow& row : kMechanisms)
        if (same_word(row.argument, argument)) return &row;
    return nullptr;
}

// What the device stores of a user's key or password.
Result<SecretBytes> user_token(Session& session, const MechanismRow& mechanism, const std::string& text) {
    if (!mechanism.password) {
        const auto key = host::open_key_source(text, session.terminal());
        if (!key) return fail(key.error());
        const auto fits = (*key)->mechanism();
        const bool rsa_key = fits && (*fits == 0 || *fits == 3);
        if (!fits || (mechanism.number == 5) == rsa_key) return fail(E_CSA_KEY_TYPE);
        return (*key)->token();
    }
    const auto password = text == "ask" ? ask_new_secret(session.terminal()) : to_secret(as_bytes(text));
    if (!password) return password;
    return password_token(mechanism.number, *password);
}

// "PERM" or "PERM{ATTR=VALUE,...}".
struct PermissionField {
    std::uint32_t permission = 0;
    std::string attributes;
};
Result<PermissionField> parse_permission(std::string_view text) {
    PermissionField field;
    const std::size_t brace = text.find('{');
    const auto permission = parse_hex(text.substr(0, brace));
    if (!permission) return fail(permission.error());
    field.permission = *permission;
    if (brace == std::string_view::npos) return field;
    if (!text.ends_with('}')) return fail(E_CSA_SYNTAX);
    field.attributes = text.substr(brace + 1, text.size() - brace - 2);
    return field;
}

Result<void> add_user(Session& session, const std::string& value) {
    const auto fields = split_list(value, 4);
    if (fields.size() != 4) return fail(E_CSA_SYNTAX);
    const auto permission = parse_permission(fields[1]);
    const MechanismRow* mechanism = find_mechanism(fields[2]);
    if (!permission || !mechanism) return fail(E_CSA_SYNTAX);
    const auto token = user_token(session, *mechanism, fields[3]);
    if (!token) return fail(token.error());

    constexpr std::uint8_t kNoFlags = 0;
    const auto answer = session.execute(FC_CMDS, SFC_CMDS_ADD_USER,
                                        {fields[0], permission->permission, mechanism->number, kNoFlags,
                                         permission->attributes, ByteView(*token)});
    if (!answer) return fail(answer.error());
    const std::string short_name = unfilled(answer->block.bytes("short"));
    if (short_name != fields[0]) std::printf("short name = %s\n", short_name.c_str());
    return {};
}

Result<void> change_user(Session& session, const std::string& value) {
    const auto fields = split_list(value, 2);
    if (fields.size() != 2) return fail(E_CSA_SYNTAX);
    const auto info = session.execute(FC_CMDS, SFC_CMDS_GET_USER_INFO, {fields[0]});
    if (!info) return fail(info.error());
    const auto user = parse(LAYOUT_USER, info->block.bytes("user"));
    const MechanismRow* mechanism = user ? find_mechanism(user->u8("mechanism")) : nullptr;
    if (!mechanism) return fail(E_CSA_PROTOCOL);

    const auto token = user_token(session, *mechanism, fields[1]);
    if (!token) return fail(token.error());
    const auto done = session.execute(FC_CMDS, SFC_CMDS_CHANGE_USER, {fields[0], ByteView(*token)});
    if (!done) return fail(done.error());
    return {};
}

Result<void> delete_user(Session& session, const std::string& value) {
    const auto done = session.execute(FC_CMDS, SFC_CMDS_DELETE_USER, {trimmed(value)});
    if (!done) return fail(done.error());
    return {};
}

// Columns: device-formats.md, section 2.
void print_user(const Block& user) {
    const MechanismRow* mechanism = find_mechanism(user.u8("mechanism"));
    std::string attributes = "Z[" + std::to_string(user.u8("failures")) + "]";
    if (mechanism && mechanism->password) attributes += "I[" + std::to_string(user.u8("initial")) + "]";
    if (const auto text = user.text("attributes"); !text.empty())
        attributes += "A[" + std::string(text) + "]";
    if (const auto text = user.text("longname"); !text.empty()) attributes += "L[" + std::string(text) + "]";
    std::printf("%-11s %08X    %-15s%s\n", unfilled(user.bytes("short")).c_str(), user.u32("permission"),
                mechanism ? mechanism->shown.data() : "unknown", attributes.c_str());
}

void print_damaged_user(const std::string& short_name) {
    std::printf("%-11s %-8s    %-15s%s\n", short_name.c_str(), "-", "-", "record damaged");
}

// The short name of the last user printed, empty when there was none.
Result<std::string> print_users(ByteView users) {
    std::string last;
    while (!users.empty()) {
        const auto user = parse_prefix(LAYOUT_USER, users);
        if (!user) return fail(E_CSA_PROTOCOL);
        last = unfilled(user->bytes("short"));
        if (user->u8("mechanism") == kDamagedUser)
            print_damaged_user(last);
        else
            print_user(*user);
    }
    return last;
}

Result<void> list_users(Session& session, const std::string&) {
    std::string after;
    bool more = true;
    for (bool first = true; more; first = false) {
        const auto answer = session.execute(FC_CMDS, SFC_CMDS_LIST_USERS, {after});
        if (!answer) return fail(answer.error());
        if (first) std::printf("%-11s%-13s%-15s%s\n", "Name", "Permission", "Mechanism", "Attributes");
        const ByteView users = answer->block.bytes("users");
        const auto last = print_users(users);
        if (!last) return fail(last.error());
        more = users.size() >= kUserPage;
        if (more && *last == after) return fail(E_CSA_PROTOCOL);
        after = *last;
    }
    return {};
}

Result<void> backup_user(Session& session, const std::string& value) {
    const auto fields = split_list(value, 2);
    const auto answer = session.execute(FC_CMDS, SFC_CMDS_BACKUP_USER, {fields[0]});
    if (!answer) return fail(answer.error());
    const std::string path = fields.size() == 2 ? fields[1] : fields[0] + ".ubk";
    CS2SIM_TRY(write_user_file(path, fields[0], answer->block.bytes("record")));
    std::printf("%s = user %s\n", path.c_str(), fields[0].c_str());
    return {};
}

Result<void> restore_user(Session& session, const std::string& value) {
    const auto record = read_user_file(std::string(trimmed(value)));
    if (!record) return fail(record.error());
    const auto answer = session.execute(FC_CMDS, SFC_CMDS_RESTORE_USER, {*record});
    if (!answer) return fail(answer.error());
    std::printf("user = %s\n", unfilled(answer->block.bytes("short")).c_str());
    return {};
}

Result<void> set_max_auth_fails(Session& session, const std::string& value) {
    const auto count = parse_decimal(value, UINT8_MAX);
    if (!count) return fail(count.error());
    const auto done = session.execute(FC_CMDS, SFC_CMDS_SET_MAX_AUTH_FAILS, {*count});
    if (!done) return fail(done.error());
    return {};
}

Result<void> get_max_auth_fails(Session& session, const std::string&) {
    const auto answer = session.execute(FC_CMDS, SFC_CMDS_GET_MAX_AUTH_FAILS);
    if (!answer) return fail(answer.error());
    std::printf("max_auth_fails = %u\n", answer->block.u8("count"));
    return {};
}

constexpr Command kCommands[] = {
    {"ListUsers", "ListUser", Takes::nothing, "ListUsers", "lists the users with permission and mechanism",
     "Attributes: Z[n] failed logons since the last good one, I[1] initial password not yet changed,\n"
     "A[...] attributes, L[...] long name.\n",
     list_users},
    {"AddUser", "", Takes::value,
     "AddUser=<name>,<permission>[{<attribute>=<value>,...}],<mechanism>,<token>", "adds a user",
     "<permission>  eight hexadecimal nibbles, e.g. 22000000\n"
     "<mechanism>   rsasign, ecdsa, rsasc (key file or smartcard), hmacpwd, sha1pwd, clrpwd (password)\n"
     "<token>       key file with or without #password, :cs2:..., a password, or ask\n"
     "Example: AddUser=USR_0000,00000002{CXI_GROUP=SLOT_0000},hmacpwd,ask\n"
     "A name longer than 8 characters is stored under a short form, which is printed.\n",
     add_user},
    {"ChangeUser", "", Takes::value, "ChangeUser=<name>,<token>", "gives a user another key or password", "",
     change_user},
    {"DeleteUser", "", Takes::value, "DeleteUser=<name>", "deletes a user",
     "Nobody who is logged on can be deleted, and the last administrator with key or card cannot.\n",
     delete_user},
    {"BackupUser", "", Takes::value, "BackupUser=<name>[,<file>]",
     "writes one user, sealed under the MBK, to a file (<name>.ubk)", "", backup_user},
    {"RestoreUser", "", Takes::value, "RestoreUser=<file>", "restores one user from a file of BackupUser", "",
     restore_user},
    {"SetMaxAuthFails", "SetMaxAuthFailures", Takes::value, "SetMaxAuthFails=<count>",
     "failed logons after which a user is locked, 0 = never", "", set_max_auth_fails},
    {"GetMaxAuthFails", "GetMaxAuthFailures", Takes::nothing, "GetMaxAuthFails", "shows that count", "",
     get_max_auth_fails},
};

}  // namespace

const std::span<const Command> kUserCommands = kCommands;

}  // namespace cs2sim::tools
