#include "firmware/device/store_check.h"

#include <algorithm>
#include <map>

#include "firmware/cmds/users.h"
#include "firmware/crypto/key_outline.h"
#include "firmware/protocol/databases.h"

namespace cs2sim {
namespace {

constexpr std::uint64_t kReadWhole = 1 << 20;  // bytes; of a larger one the first entries
constexpr std::size_t kAtOnce = 100;

std::string name_of(ByteView key) {
    const auto end = std::ranges::find(key, std::uint8_t{0});
    const std::string text(key.begin(), end);
    const auto printable = [](char c) { return c > ' ' && c < 0x7F; };
    return !text.empty() && std::ranges::all_of(text, printable) ? text : to_hex(key);
}

bool good(const Database& database, const DatabaseEntry& entry) {
    if (entry.damaged || entry.key.size() != database.info().key_length) return false;
    return database.name() != kUserDatabase || Users::decode(entry.key, entry.record);
}

Result<void> read_entries(Smos& smos, Database& database, bool whole) {
    const DatabasePolicy* policy = database_policy(database.name());
    if (policy->name != "*" && policy->info.key_length != database.info().key_length)
        return fail(E_DB_COR_FILE);
    if (whole) CS2SIM_TRY(database.verify());
    Bytes last;
    while (true) {
        CS2SIM_TRY_LET(entries, database.entries(last, kAtOnce));
        for (const DatabaseEntry& entry : entries)
            if (!good(database, entry))
                smos.boot_log.warn(database.name() + ": entry " + name_of(entry.key) + " is damaged");
        if (entries.size() < kAtOnce || !whole) return {};
        last = entries.back().key;
    }
}

// By what the file says of itself: to decode it takes OpenSSL longer than to look through a database.
bool has_initial_key(const Flash& flash) {
    const auto key = flash.read(kInitialKey);
    const auto outline = key ? public_key_outline(*key) : Result<KeyOutline>(fail(key.error()));
    return outline && outline->is_rsa() && outline->is_sound() && outline->longest != 0;
}

std::string words_of(Error error) {
    const ErrorRow* row = find_error(error.code);
    return (row ? std::string(row->text) : "unknown error") + " (" + hex_code(error.code) + ")";
}

}  // namespace

void check_stores(Smos& smos, DatabaseStore& databases) {
    if (!has_initial_key(smos.flash))
        smos.boot_log.warn(smos.flash.path_of(kInitialKey).string() +
                           ": missing, or no RSA public key; Clear answers " + hex_code(E_CMDS_BAD_INITKEY) +
                           " without it");
    std::map<std::string, std::uint64_t> all;  // sizes by name
    for (const std::string_view name : {kUserDatabase, kKeyDatabase, kMasterKeyDatabase})
        if (databases.exists(name))
            all[std::string(name)] = 0;
        else
            smos.boot_log.warn(std::string(name) + ": missing; what it held is lost");
    if (!smos.master_key.present()) return;  // an alarm has taken everything: no record can be read
    for (const DatabaseFile& file : databases.list()) all[file.name] = file.size;
    for (const auto& [name, size] : all) {
        const auto database = databases.open(name);
        const auto read = database ? read_entries(smos, **database, size <= kReadWhole)
                                   : Result<void>(fail(database.error()));
        if (!read) smos.boot_log.warn(name + ": " + words_of(read.error()));
    }
}

}  // namespace cs2sim
