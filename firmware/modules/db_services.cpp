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
constexpr std::uint32_t kOnlyVolatile = 0x20, kOnlyPermanent = 0x40;  // DB_ONLY_VOLATILE, DB_ONLY_PERMANENT
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

Result<void> append_entry(Bytes& out, ByteView key, ByteView record, bool damaged) {
    if (damaged) return fail(E_DB_REC_CRC);
    const bool both = has_open_part(record);
    const std::size_t open = both ? big_endian(record.subspan(4, 4)) : 0;
    const std::size_t head = both ? 8 : 0;
    append_big_endian(out, key.size(), 2);
    append(out, key);
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

Result<ModuleHoldings::OpenDatabase*> writable(const ServiceCall& call) {
    CS2SIM_TRY_LET(open, open_database(call));
    if (!open->writable) return fail(E_DB_BAD_PARAM);
    return open;
}

// --- volatile records: beside the file, in memory; who searches finds them among the others ---

using Records = ModuleHoldings::Records;
using Page = std::vector<DatabaseEntry>;

Records& volatile_of(const ServiceCall& call, const ModuleHoldings::OpenDatabase& open) {
    return call.holdings().volatile_records[open.name];
}

Result<void> put_volatile(const ServiceCall& call, Records& records, ByteView key,
                          const SecretBytes& record) {
    ModuleHoldings& holdings = call.holdings();
    const auto there = records.find(to_bytes(key));
    const std::size_t before = there == records.end() ? 0 : key.size() + there->second.size();
    const std::size_t size = holdings.volatile_size - before + key.size() + record.size();
    if (size > ModuleHoldings::kMostVolatile) return fail(E_DB_NO_MEM);
    holdings.volatile_size = size;
    records[to_bytes(key)] = record;
    return {};
}

// Those that a search meets, at most so many.
Records passing_records(const Records& records, ByteView key, Find find, std::size_t most) {
    const Bytes wanted = to_bytes(key);
    auto at = find == Find::greater ? records.upper_bound(wanted) : records.lower_bound(wanted);
    if (find == Find::equal && (at == records.end() || at->first != wanted)) return {};
    Records found;
    for (; at != records.end() && found.size() < most; ++at) found.insert(*at);
    return found;
}

Result<Page> permanent_page(Database& database, ByteView key, Find find, std::size_t most) {
    if (most > 1) return database.entries(key, most);
    auto entry = database.find(key, find);
    if (entry) return Page{*std::move(entry)};
    if (entry.error().code == E_DB_NOT_FOUND) return Page();
    return fail(entry.error());
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
    const ModuleHoldings::OpenDatabase opened{database, (mode & (kCreate | kReadWrite)) != 0, name};
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
    ModuleHoldings& holdings = call.holdings();
    for (const auto& [key, record] : holdings.volatile_records[name])
        holdings.volatile_size -= key.size() + record.size();
    holdings.volatile_records.erase(name);
    return call.answer({});
}

Result<Bytes> db_find(ServiceCall& call) {
    CS2SIM_TRY_LET(open, open_database(call));
    const std::uint32_t mode = call.request.u32("mode"), how = mode & ~(kOnlyVolatile | kOnlyPermanent);
    const ByteView key = call.request.bytes("key");
    if (how > static_cast<std::uint32_t>(Find::greater)) return fail(E_DB_BAD_PARAM);
    if (key.size() != open->database->info().key_length) return fail(E_DB_LENGTH);
    const auto find = static_cast<Find>(how);
    const std::size_t most = find == Find::greater && call.request.u32("limit") > 1 ? kPageRecords : 1;
    CS2SIM_TRY_LET(permanent,
                   (mode & kOnlyVolatile) != 0 ? Page() : permanent_page(*open->database, key, find, most));
    const bool merges = (mode & kOnlyPermanent) == 0;
    const Records passing = merges ? passing_records(volatile_of(call, *open), key, find, most) : Records();
    Bytes entries;
    auto passing_at = passing.begin();
    auto permanent_at = permanent.begin();
    for (std::size_t count = 0; count < most; ++count) {
        // Behind the last of a full page there may be further permanent ones, which come first.
        if (permanent_at == permanent.end() && count != 0 && permanent.size() == kPageRecords) break;
        const bool has_permanent = permanent_at != permanent.end(), has_passing = passing_at != passing.end();
        if (!has_permanent && !has_passing) break;
        const bool takes_passing = has_passing && (!has_permanent || passing_at->first < permanent_at->key);
        const SecretBytes& record = takes_passing ? passing_at->second : permanent_at->record;
        if (!entries.empty() && entries.size() + record.size() > kPage) break;
        const auto added = append_entry(entries, takes_passing ? passing_at->first : permanent_at->key,
                                        record, !takes_passing && permanent_at->damaged);
        if (!added) {
            if (entries.empty()) return fail(added.error());
            break;  // the next search meets it
        }
        if (takes_passing)
            ++passing_at;
        else
            ++permanent_at;
    }
    if (entries.empty()) return fail(E_DB_NOT_FOUND);
    return entries;
}

Result<Bytes> db_put(ServiceCall& call) {
    CS2SIM_TRY_LET(open, writable(call));
    const SecretBytes record = join(call.request.bytes("public"), call.request.bytes("secret"));
    const ByteView key = call.request.bytes("key");
    Records& passing = volatile_of(call, *open);
    const auto there = passing.find(to_bytes(key));
    if (call.request.u8("replace") != 0) {
        CS2SIM_TRY(there != passing.end() ? put_volatile(call, passing, key, record)
                                          : open->database->update(key, record));
        return call.answer({});
    }
    if (there != passing.end()) return fail(E_DB_EXISTS);
    CS2SIM_TRY(open->database->insert(key, record));
    return call.answer({});
}

Result<Bytes> db_put_volatile(ServiceCall& call) {
    CS2SIM_TRY_LET(open, writable(call));
    const ByteView key = call.request.bytes("key");
    Records& passing = volatile_of(call, *open);
    if (key.size() != open->database->info().key_length) return fail(E_DB_LENGTH);
    if (passing.contains(to_bytes(key)) || open->database->find(key, Find::equal)) return fail(E_DB_EXISTS);
    CS2SIM_TRY(
        put_volatile(call, passing, key, join(call.request.bytes("public"), call.request.bytes("secret"))));
    return call.answer({});
}

Result<Bytes> db_delete(ServiceCall& call) {
    CS2SIM_TRY_LET(open, writable(call));
    const ByteView key = call.request.bytes("key");
    Records& passing = volatile_of(call, *open);
    if (const auto there = passing.find(to_bytes(key)); there != passing.end()) {
        call.holdings().volatile_size -= there->second.size() + key.size();
        passing.erase(there);
        return call.answer({});
    }
    CS2SIM_TRY(open->database->erase(key));
    return call.answer({});
}

}  // namespace cs2sim::services
