// Users of the device, its database user.db.
#include <algorithm>
#include <cstdio>

#include "firmware/protocol/channel/secure_channel.h"
#include "firmware/protocol/terminal_text.h"
#include "host-lib/files/user_label.h"
#include "tools/csadm/commands.h"
#include "tools/csadm/user_file.h"
#include "tools/session/arguments.h"
#include "tools/session/output.h"
#include "tools/session/terminal.h"

namespace cs2sim::tools {
namespace {

constexpr std::size_t kMostListed = std::size_t{64} << 20;  // bytes of ListUsers: some million users

struct MechanismRow {
    std::string_view word;   // as AddUser= takes it
    std::string_view shown;  // as ListUsers shows it
    std::uint8_t number;     // CMDS_MECH_*

    constexpr bool takes_password() const { return is_password_mechanism(number); }
};
constexpr MechanismRow kMechanisms[] = {
    {"rsasign", "RSA sign", MECH_RSA_SIGN},    {"clrpwd", "Clear passwd", MECH_CLR_PWD},
    {"sha1pwd", "SHA1 passwd", MECH_SHA1_PWD}, {"rsasc", "RSA smartcard", MECH_RSA_SC},
    {"hmacpwd", "HMAC passwd", MECH_HMAC_PWD}, {"ecdsa", "ECDSA sign", MECH_ECDSA},
};

const MechanismRow* find_mechanism(std::uint8_t number) {
    for (const MechanismRow& row : kMechanisms)
        if (row.number == number) return &row;
    return nullptr;
}

const MechanismRow* find_mechanism(std::string_view argument) {
    for (const MechanismRow& row : kMechanisms)
        if (same_word(row.word, argument)) return &row;
    return nullptr;
}

// What the device stores of a user's key or password.
Result<SecretBytes> user_token(ToolSession& session, const MechanismRow& mechanism, const std::string& text) {
    if (!mechanism.takes_password()) {
        CS2SIM_TRY_LET(key, host::open_key_source(text, session.terminal(), host::KeyPart::public_only));
        const auto fits = key->mechanism();
        const bool rsa_key = fits && (*fits == MECH_RSA_SIGN || *fits == MECH_RSA_SC);
        if (!fits || (mechanism.number == MECH_ECDSA) == rsa_key) return fail(E_CSA_KEY_TYPE);
        return key->token();
    }
    CS2SIM_TRY_LET(password, text == "ask" ? ask_new_secret(session.terminal()) : to_secret(as_bytes(text)));
    return password_token(mechanism.number, password);
}

// "PERM" or "PERM{ATTR=VALUE,...}".
struct PermissionField {
    std::uint32_t permission = 0;
    std::string attributes;
};
Result<PermissionField> parse_permission(std::string_view text) {
    PermissionField field;
    const std::size_t brace = text.find('{');
    CS2SIM_TRY_LET(permission, parse_hex(text.substr(0, brace)));
    field.permission = permission;
    if (brace == std::string_view::npos) return field;
    if (!text.ends_with('}')) return fail(E_CSA_SYNTAX);
    field.attributes = text.substr(brace + 1, text.size() - brace - 2);
    return field;
}

// CXI_GROUP takes * and ?, not regular expressions: somebody who writes one is told, and the user is added.
void note_regular_expression(const ToolSession& session, const std::string& attributes) {
    for (const std::string& text : split_list(attributes)) {
        const Argument attribute = parse_argument(text);
        if (!same_word(attribute.name, "CXI_GROUP") || !attribute.value) continue;
        const std::string& pattern = *attribute.value;
        const bool looks_like_one = pattern.find(".*") != std::string::npos ||
                                    pattern.find(".+") != std::string::npos ||
                                    pattern.find_first_of("[]()|^$\\+") != std::string::npos;
        if (looks_like_one)
            session.note("CXI_GROUP=" + pattern +
                         " looks like a regular expression, but is a pattern: * stands for any run of "
                         "characters, ? for one, all else for itself (unless the profile sets "
                         "group_expressions)");
    }
}

// What a device of this kind expects of a password that it refused.
void note_password(const ToolSession& session, const MechanismRow& mechanism, Error error) {
    if (mechanism.takes_password() && error.code == E_CMDS_BAD_TOKEN)
        session.note("a password has 4 to 255 characters");
}

Result<void> add_user(ToolSession& session, const std::string& value) {
    const auto fields = split_list(value, 4);
    if (fields.size() != 4) return fail(E_CSA_ARGUMENTS);
    const auto permission = parse_permission(fields[1]);
    const MechanismRow* mechanism = find_mechanism(fields[2]);
    if (!mechanism) return refuse_word(session, "AddUser", fields[2], words_of(kMechanisms));
    if (!permission)
        return misused(session,
                       "'" + fields[1].substr(0, 60) +
                           "' is no permission: eight hexadecimal nibbles, and {ATTRIBUTE=VALUE,...} behind");
    CS2SIM_TRY_LET(token, user_token(session, *mechanism, fields[3]));

    note_regular_expression(session, permission->attributes);
    constexpr std::uint8_t kNoFlags = 0;
    const auto added = session.execute(FC_CMDS, SFC_CMDS_ADD_USER,
                                       {fields[0], permission->permission, mechanism->number, kNoFlags,
                                        permission->attributes, ByteView(token)});
    if (!added) note_password(session, *mechanism, added.error());
    CS2SIM_TRY(added);
    return {};
}

Result<void> change_user(ToolSession& session, const std::string& value) {
    const auto fields = split_list(value, 2);
    if (fields.size() != 2) return fail(E_CSA_ARGUMENTS);
    CS2SIM_TRY_LET(info, session.execute(FC_CMDS, SFC_CMDS_GET_USER_INFO, {fields[0]}));
    const auto user = parse(LAYOUT_USER, info.block.bytes("user"));
    const MechanismRow* mechanism = user ? find_mechanism(user->u8("mechanism")) : nullptr;
    if (!mechanism) return fail(E_CSA_PROTOCOL);

    CS2SIM_TRY_LET(token, user_token(session, *mechanism, fields[1]));
    const auto changed = session.execute(FC_CMDS, SFC_CMDS_CHANGE_USER, {fields[0], ByteView(token)});
    if (!changed) note_password(session, *mechanism, changed.error());
    CS2SIM_TRY(changed);
    return {};
}

Result<void> delete_user(ToolSession& session, const std::string& value) {
    CS2SIM_TRY(session.execute(FC_CMDS, SFC_CMDS_DELETE_USER, {trimmed(value)}));
    return {};
}

// What stands in ListUsers behind the mechanism (device-formats.md, section 2).
std::string attributes_of(const Block& user, const MechanismRow* mechanism, std::uint32_t forms) {
    constexpr std::uint8_t kInitial = 1, kTried = 2;  // LAYOUT_USER, initial
    const std::uint8_t marks = user.u8("initial");
    std::string shown;
    if ((marks & kTried) != 0 || (forms & kFormUntried) != 0)
        shown += "Z[" + std::to_string(user.u8("failures")) + "]";
    if (mechanism && mechanism->takes_password() && (forms & kFormInitial) != 0)
        shown += "I[" + std::to_string(marks & kInitial) + "]";
    std::string others;  // without the label, which has a place of its own
    std::string label;
    if (const auto text = user.text("attributes"); !text.empty())
        for (const std::string& attribute : split_list(text)) {
            const Argument one = parse_argument(attribute);
            if (same_word(one.name, "LABEL"))
                label = host::shown_label(one.value.value_or(""));
            else
                others += (others.empty() ? "" : ",") + attribute;
        }
    if (!others.empty()) shown += "A[" + others + "]";
    if (!label.empty()) shown += "L[" + label + "]";
    if ((forms & kFormTokenHash) != 0) shown += "H[SHA-256]";
    return terminal_text(shown);
}

// Column 1 is the full name, w wide; Permission's heading stands w + 3 characters in, its values one further
// right, as the transcript of the reference has it (its text counts from 1 and gives the same numbers).
void print_users(const std::vector<Block>& users, std::uint32_t forms) {
    std::size_t width = 8;
    for (const Block& user : users) width = std::max(width, shown_name(user).size());
    print("%-*s%-13s%-15s%s\n", static_cast<int>(width) + 3, "Name", "Permission", "Mechanism", "Attributes");
    for (const Block& user : users) {
        const MechanismRow* mechanism = find_mechanism(user.u8("mechanism"));
        std::string line(width + 3, ' ');
        shown_name(user).copy(line.data(), width);
        if (user.u8("mechanism") == kDamagedUser) {
            print("%s -           -              record damaged\n", line.c_str());
            continue;
        }
        char columns[64];
        std::snprintf(columns, sizeof columns, " %08X    %-15s", user.u32("permission"),
                      mechanism ? mechanism->shown.data() : "unknown");
        line += columns + attributes_of(user, mechanism, forms);
        line.erase(line.find_last_not_of(' ') + 1);
        print("%s\n", line.c_str());
    }
}

Result<void> list_users(ToolSession& session, const std::string&) {
    CS2SIM_TRY_LET(forms, output_forms(session));
    std::vector<Bytes> pages;  // what the users of each look into
    std::vector<Block> users;
    std::string after;
    std::size_t listed = 0;  // bytes
    for (bool more = true; more;) {
        CS2SIM_TRY_LET(answer, session.execute(FC_CMDS, SFC_CMDS_LIST_USERS, {after}));
        pages.push_back(to_bytes(answer.block.bytes("users")));
        ByteView rest = pages.back();
        more = rest.size() >= kUserPage;
        listed += rest.size();
        if (listed > kMostListed) return fail(E_CSA_PROTOCOL);
        while (!rest.empty()) {
            auto user = parse_prefix(static_cast<const Layout&>(LAYOUT_USER), rest);
            if (!user) return fail(E_CSA_PROTOCOL);
            users.push_back(std::move(*user));
        }
        const std::string last = users.empty() ? "" : unfilled(users.back().bytes("short"));
        if (more && last == after) return fail(E_CSA_PROTOCOL);
        after = last;
    }
    print_users(users, forms);
    return {};
}

Result<void> backup_user(ToolSession& session, const std::string& value) {
    const auto fields = split_list(value, 2);
    CS2SIM_TRY_LET(answer, session.execute(FC_CMDS, SFC_CMDS_BACKUP_USER, {fields[0]}));
    const std::string path = fields.size() == 2 ? fields[1] : fields[0] + ".ubk";
    return write_user_file(path, fields[0], answer.block.bytes("record"));
}

Result<void> restore_user(ToolSession& session, const std::string& value) {
    CS2SIM_TRY_LET(record, read_user_file(std::string(trimmed(value))));
    CS2SIM_TRY(session.execute(FC_CMDS, SFC_CMDS_RESTORE_USER, {record}));
    return {};
}

Result<void> set_max_auth_fails(ToolSession& session, const std::string& value) {
    CS2SIM_TRY_LET(count, number_in(session, "SetMaxAuthFails", value, 0, UINT8_MAX));
    CS2SIM_TRY(session.execute(FC_CMDS, SFC_CMDS_SET_MAX_AUTH_FAILS, {count}));
    return {};
}

Result<void> get_max_auth_fails(ToolSession& session, const std::string&) {
    CS2SIM_TRY_LET(answer, session.execute(FC_CMDS, SFC_CMDS_GET_MAX_AUTH_FAILS));
    print("max_auth_fails = %u\n", answer.block.u8("count"));
    return {};
}

constexpr Command kCommands[] = {
    {"ListUsers", "ListUser", Takes::nothing, "ListUsers", "lists the users with permission and mechanism",
     "Attributes: Z[n] failed logons since the last good one, once somebody tried to log on,\n"
     "I[1] initial password not yet changed, A[...] attributes, L[...] label of a PKCS#11 slot.\n",
     list_users},
    {"AddUser",
     "",
     Takes::value,
     "AddUser=<name>,<permission>[{<attribute>=<value>,...}],<mechanism>,<token>",
     "adds a user",
     "<permission>  eight hexadecimal nibbles, e.g. 22000000\n"
     "<token>       of the mechanisms that sign a key file with or without #password, or a smartcard\n"
     "              (:cs2:...); of the others (...pwd) a password, or ask\n"
     "Example: AddUser=USR_0000,00000002{CXI_GROUP=SLOT_0000},hmacpwd,ask\n"
     "A name longer than 8 characters is stored under a short form; lists show the long one.\n",
     add_user,
     {{"mechanism", [] { return words_of(kMechanisms); }}}},
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
