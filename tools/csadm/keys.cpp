// Key files and smartcards on the host; no device is needed.
#include <filesystem>

#include "firmware/crypto/curve_names.h"
#include "host-lib/cards/key_tasks.h"
#include "tools/csadm/commands.h"
#include "tools/session/arguments.h"
#include "tools/session/print.h"
#include "tools/session/terminal.h"

namespace cs2sim::tools {
namespace {

struct KeyType {
    std::string_view word;
    host::KeyFileKind kind;
};
constexpr KeyType kTypes[] = {
    {"RSA", host::KeyFileKind::rsa}, {"EC", host::KeyFileKind::ec}, {"ECDSA", host::KeyFileKind::ec}};

Result<host::KeyFileKind> key_kind(const ToolSession& session) {
    const std::string type = session.parameter_or("KeyType", kTypes[0].word);
    for (const KeyType& row : kTypes)
        if (same_word(type, row.word)) return row.kind;
    return refuse_word(session, "KeyType", type, words_of(kTypes));
}

// A key file that is written over may have been somebody's only key: its name, before that happens.
std::string file_in_place_of(const std::string& key_spec) {
    const auto spec = host::parse_key_spec(key_spec);
    std::error_code ignored;
    return spec && !spec->card && std::filesystem::exists(spec->place, ignored) ? spec->place : "";
}

void note_replaced_file(ToolSession& session, const std::string& file) {
    if (!file.empty()) session.note_to_watcher(file + " is replaced; what it held is gone");
}

Result<void> gen_key(ToolSession& session, const std::string& value) {
    const auto fields = split_list(value, 3);
    if (fields.size() < 2) return fail(E_CSA_ARGUMENTS);
    CS2SIM_TRY_LET(kind, key_kind(session));
    const std::string size = fields.size() == 3 ? fields[1] : "";
    const std::string& owner = fields.back();

    const std::string replaced = file_in_place_of(fields[0]);
    const auto generated = host::generate_key(kind, fields[0], size, owner, session.terminal());
    if (!generated && generated.error().code == E_CSA_KEY_LENGTH)
        session.note("an RSA key has 1024 to 8192 bits, a multiple of 8, not '" + size.substr(0, 60) + "'");
    if (!generated && generated.error().code == E_ECA_NOT_FOUND)
        session.note("'" + size.substr(0, 60) + "' is no curve; curves are " + known_curves());
    CS2SIM_TRY(generated);
    const host::GeneratedKey& made = *generated;
    CS2SIM_TRY_LET(spec, host::parse_key_spec(fields[0]));
    if (made.kind == host::KeyFileKind::rsa)
        print("generating RSA key: %s, %u bits, owner: %s\n", spec.place.c_str(), made.bits, owner.c_str());
    else
        print("generating EC key: %s, curve %s, owner: %s\n", spec.place.c_str(), made.curve.c_str(),
              owner.c_str());
    note_replaced_file(session, replaced);
    return {};
}

using CopyFunction = Result<void> (*)(std::string_view from, std::string_view to, const host::Terminal&);

// "FROM,TO", or "TO" with the parameter Key= naming the source.
Result<void> copy(ToolSession& session, const std::string& value, CopyFunction copy_function) {
    const auto fields = split_list(value, 2);
    const auto from = fields.size() == 2 ? fields[0] : session.parameter("Key");
    if (!from) return misused(session, "the key to copy is missing: <from>,<to>, or Key=<from> to the left");
    const std::string replaced = file_in_place_of(fields.back());
    CS2SIM_TRY(copy_function(*from, fields.back(), session.terminal()));
    note_replaced_file(session, replaced);
    return {};
}

Result<void> save_key(ToolSession& session, const std::string& value) {
    return copy(session, value, host::copy_key);
}

Result<void> save_public_key(ToolSession& session, const std::string& value) {
    return copy(session, value, host::save_public_key);
}

Result<void> change_password(ToolSession& session, const std::string& value) {
    const auto fields = split_list(value, 2);
    if (fields.size() == 2 && fields[1] != "ask")
        return host::change_key_password(fields[0], as_bytes(fields[1]), session.terminal());
    CS2SIM_TRY_LET(fresh, ask_new_secret(session.terminal()));
    return host::change_key_password(fields[0], fresh, session.terminal());
}

constexpr Command kCommands[] = {
    {"KeyType",
     "",
     Takes::value,
     "KeyType={type}",
     "kind of key that GenKey makes (RSA)",
     "",
     nullptr,
     {{"type", [] { return words_of(kTypes); }}}},
    {"Key", "PrvKey", Takes::value, "Key=<file>[#<password>][,<file>[#<password>]...]",
     "key files that the commands to its right take", "", nullptr},
    {"GenKey",
     "",
     Takes::value,
     "GenKey=<file>[#<password>][,<bits>|<curve>],<owner>",
     "makes a key file",
     "With KeyType=RSA of 1024 to 8192 bits (2048), with KeyType=EC on a curve (brainpoolP320t1).\n"
     "Example: KeyType=RSA GenKey=admin.key#secret,4096,ADMIN2\n"
     "For RSA the key may go to a smartcard: GenKey=:cs2:cjo:USB0,2048,ADMIN2\n",
     gen_key,
     {{"curve", known_curve_names}}},
    {"SaveKey", "BackupKey", Takes::value, "SaveKey=<from>,<to>",
     "copies a key to a file with another password, or to a smartcard",
     "Key=<from> SaveKey=<to> is the same. Keys do not come back out of a smartcard.\n", save_key},
    {"SavePublicKey", "SavePubKey", Takes::value, "SavePublicKey=<from>,<file>",
     "writes the public part of a key to a file", "Key=<from> SavePublicKey=<file> is the same.\n",
     save_public_key},
    {"ChangePassword", "ChangePIN", Takes::value, "ChangePassword=<file>[#<old>][,<new>|ask]",
     "changes the password of a key file, or the PIN of a smartcard",
     "An empty new password leaves the file in clear. Without one, it is asked for.\n", change_password},
};

}  // namespace

const std::span<const Command> kKeyCommands = kCommands;

}  // namespace cs2sim::tools
