// Services of DB. A record of a module has an open and a secret part; at rest they are one record, all of it
// encrypted like those of the device's own databases.
#include <algorithm>
#include <array>

#include "firmware/modules/service.h"
#include "firmware/protocol/databases.h"
#include "firmware/smos/flash/flash.h"

namespace cs2sim::services {
namespace {

constexpr std::uint32_t kCreate = 2, kReadWrite = 1;  // DB_CREAT, DB_RDWR of db.h
constexpr std::uint32_t kModeMask = 3;
constexpr std::size_t kPage = 256 * 1024, kPageRecords = 1024;

// What stands before an open part: a record without one is its secret part as it is, so that entries made by
// `cs2sim database insert` and those of modules are alike.
constexpr std::array<std::uint8_t, 4> kHasOpenPart{0xC5, 0x2D, 'R', 0x01};

bool has_open_part(ByteView record) {
    return record.size() >= 8 && std::ranges::equal(record.first(4), kHasOpenPart) &&
           big_endian(record.subspan(4, 4)) <= record.size() - 8;
}

SecretBytes join(ByteView open, ByteView secret) {
    SecretBytes record;
    record.reserve(8 + open.size() + secret.size());
    if (!open.empty() || has_open_part(secret)) {
        record.insert(record.end(), kHasOpenPart.begin(), kHasOpenPart.end());
        const auto length = big_endian_bytes<4>(open.size());
        record.insert(record.end(), length.begin(), length.end());
        record.insert(record.end(), open.begin(), open.end());
    }
    record.insert(record.end(), secret.begin(), secret.end());
    return record;
}

Result<void> append_entry(Bytes& out, const DatabaseEntry& entry) {
    if (entry.damaged) return fail(E_DB_REC_CRC);
    const ByteView record = entry.record;
    const bool both = has_open_part(record);
    const std::size_t open = both ? big_endian(record.subspan(4, 4)) : 0;
    const std::size_t head = both ? 8 : 0;
    append_big_endian(out, entry.key.size(), 2);
    append(out, entry.key);
    append_big_endian(out, open, 4);
    append(out, record.subspan(head, open));
    append_big_endian(out, record.size() - head - open, 4);
    append(out, record.subspan(head + open));
    return {};
}

// "erp" is FLASH\erp.db; the device's own databases are closed to modules.
Result<std::string> file_of(const ServiceCall& call) {
    const auto name = Flash::plain_name(std::string(call.request.text("name")) + ".db");
    if (!name || database_policy(*name)->name != "*") return fail(E_DB_BAD_NAME);
    return *name;
}

Result<ModuleHoldings::OpenDatabase*> open_database(const ServiceCall& call) {
    auto& databases = call.holdings().databases;
    const std::uint32_t handle = call.request.u32("handle");
    if (handle == 0 || handle > databases.size() || !databases[handle - 1].database)
        return fail(E_DB_BAD_HANDLE);
    return &databases[handle - 1];
}

Result<std::shared_ptr<Database>> writable(const ServiceCall& call) {
    CS2SIM_TRY_LET(open, open_database(call));
    if (!open->writable) return fail(E_DB_BAD_PARAM);
    return open->database;
}

}  // namespace

Result<Bytes> db_open(ServiceCall& call) {
    CS2SIM_TRY_LET(name, file_of(call));
    const std::uint32_t mode = call.request.u32("mode") & kModeMask;
    const bool has_info = call.request.u8("has_info") != 0;
    const DatabaseInfo info{call.request.u32("keylen"), call.request.u32("maxsize")};
    if (mode == kCreate && !has_info) return fail(E_DB_BAD_INFO);
    auto& databases = call.holdings().databases;
    auto place = std::ranges::find(databases, nullptr, &ModuleHoldings::OpenDatabase::database);
    if (place == databases.end() && databases.size() == ModuleHoldings::kMostDatabases)
        return fail(E_DB_NO_MEM);
    CS2SIM_TRY_LET(database, mode == kCreate ? call.device.databases.create(name, info)
                                             : call.device.databases.open(name));
    if (has_info && database->info().key_length != info.key_length) return fail(E_DB_BAD_INFO);
    const ModuleHoldings::OpenDatabase opened{database, (mode & (kCreate | kReadWrite)) != 0};
    if (place == databases.end())
        place = databases.insert(place, opened);
    else
        *place = opened;
    return call.answer(
        {place - databases.begin() + 1, database->info().key_length, database->info().max_size});
}

Result<Bytes> db_close(ServiceCall& call) {
    CS2SIM_TRY_LET(open, open_database(call));
    *open = {};
    return call.answer({});
}

Result<Bytes> db_drop(ServiceCall& call) {
    CS2SIM_TRY_LET(name, file_of(call));
    CS2SIM_TRY(call.device.databases.drop(name));
    return call.answer({});
}

Result<Bytes> db_find(ServiceCall& call) {
    CS2SIM_TRY_LET(open, open_database(call));
    Database& database = *open->database;
    const std::uint32_t mode = call.request.u32("mode");
    const ByteView key = call.request.bytes("key");
    if (mode > static_cast<std::uint32_t>(Find::greater)) return fail(E_DB_BAD_PARAM);
    Bytes entries;
    if (call.request.u32("limit") <= 1 || static_cast<Find>(mode) != Find::greater) {
        CS2SIM_TRY_LET(entry, database.find(key, static_cast<Find>(mode)));
        CS2SIM_TRY(append_entry(entries, entry));
        return entries;
    }
    if (key.size() != database.info().key_length) return fail(E_DB_LENGTH);
    CS2SIM_TRY_LET(page, database.entries(key, kPageRecords));
    for (const DatabaseEntry& entry : page) {
        if (!entries.empty() && entries.size() + entry.record.size() > kPage) break;
        if (const auto added = append_entry(entries, entry); !added) {
            if (entries.empty()) return fail(added.error());
            break;  // the next search meets it
        }
    }
    if (entries.empty()) return fail(E_DB_NOT_FOUND);
    return entries;
}

Result<Bytes> db_put(ServiceCall& call) {
    CS2SIM_TRY_LET(database, writable(call));
    const SecretBytes record = join(call.request.bytes("public"), call.request.bytes("secret"));
    const ByteView key = call.request.bytes("key");
    CS2SIM_TRY(call.request.u8("replace") != 0 ? database->update(key, record)
                                               : database->insert(key, record));
    return call.answer({});
}

Result<Bytes> db_delete(ServiceCall& call) {
    CS2SIM_TRY_LET(database, writable(call));
    CS2SIM_TRY(database->erase(call.request.bytes("key")));
    return call.answer({});
}

}  // namespace cs2sim::services
