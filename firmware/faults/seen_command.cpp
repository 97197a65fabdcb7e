#include "firmware/faults/seen_command.h"

#include <algorithm>

#include "firmware/cmds/sessions.h"
#include "firmware/cmds/users.h"
#include "firmware/protocol/databases.h"

namespace cs2sim {
namespace {

constexpr std::size_t kShown = 256;

const Block::Field* field(const Block& block, std::string_view name) {
    const auto found = std::ranges::find(block.fields(), name, &Block::Field::name);
    return found == block.fields().end() ? nullptr : &*found;
}

void add_entries(std::vector<ByteView>& keys, ByteView entries) {
    while (!entries.empty()) {
        const auto entry = parse_prefix(LAYOUT_DB_ENTRY, entries);
        if (!entry) return;  // the handler says so
        keys.push_back(entry->bytes("key"));
    }
}

std::string database_of(const Call& call) {
    const FunctionSignature& function = call.function;
    if (const auto fixed = fixed_database(function); !fixed.empty()) return std::string(fixed);
    if (names_database(function)) {
        const auto plain = Flash::plain_name(call.request.text("name"));
        call.context.named_database = plain ? *plain : "";
    } else if (function.touches != Touches::opened) {
        return {};
    }
    return call.context.named_database;
}

// A name that no user has may be a password, typed into the wrong place.
bool is_unknown_user(const Call& call, const Block::Field& field) {
    return call.function.fc == FC_CMDS && call.function.sfc == SFC_CMDS_LOGON && field.name == "user" &&
           !call.device.users.find(as_text(field.bytes));
}

}  // namespace

std::string_view fixed_database(const FunctionSignature& function) {
    switch (function.touches) {
        case Touches::users:
            return kUserDatabase;
        case Touches::keys:
            return kKeyDatabase;
        case Touches::mbks:
            return kMasterKeyDatabase;
        default:
            return {};
    }
}

bool names_database(const FunctionSignature& function) { return function.touches == Touches::named; }

SeenCommand look_at(const Call& call, std::string_view connection) {
    SeenCommand seen{call.function.fc, call.function.sfc, 0, {}, connection, database_of(call), {}};
    if (call.context.secure) seen.session = static_cast<const Session&>(call.context).id;
    for (const LoggedOnUser& user : call.context.users) seen.users.push_back(user.short_name);
    if (call.function.fc == FC_CMDS && call.function.sfc == SFC_CMDS_LOGON)
        seen.users.push_back(call.request.text("user"));

    if (call.function.touches == Touches::users) {
        for (const char* name : {"name", "user"})
            if (const auto* user = field(call.request, name)) seen.keys.push_back(user->bytes);
    } else if (!seen.database.empty()) {
        if (const auto* key = field(call.request, "key")) seen.keys.push_back(key->bytes);
        if (const auto* entries = field(call.request, "entries")) add_entries(seen.keys, entries->bytes);
    }
    return seen;
}

std::string masked_frame(const Call& call) {
    const FunctionSignature& function = call.function;
    std::string text = std::string(function.module) + "." + std::string(function.name) + " " +
                       to_hex(Bytes{static_cast<std::uint8_t>(function.fc >> 8),
                                    static_cast<std::uint8_t>(function.fc), function.sfc});
    std::size_t shown = 0;
    for (const Block::Field& one : call.request.fields()) {
        text += " " + std::string(one.name) + "=";
        if (one.is_number) {
            text += std::to_string(one.number);
        } else if (one.secret || is_unknown_user(call, one)) {
            text += "***(" + std::to_string(one.bytes.size()) + ")";
        } else {
            const std::size_t size = std::min(one.bytes.size(), kShown - std::min(shown, kShown));
            text += to_hex(one.bytes.first(size));
            if (size < one.bytes.size()) text += "…(" + std::to_string(one.bytes.size()) + ")";
            shown += size;
        }
    }
    return text;
}

ByteView without_filling(ByteView key) {
    while (!key.empty() && key.back() == 0) key = key.first(key.size() - 1);
    return key;
}

}  // namespace cs2sim
