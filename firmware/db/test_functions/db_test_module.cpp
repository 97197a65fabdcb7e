#include "firmware/db/test_functions/db_test_module.h"

#include "firmware/cmds/call.h"
#include "firmware/protocol/databases.h"

namespace cs2sim {
namespace {

constexpr std::size_t kLargestRecord = 256 * 1024;  // so that its backup fits into a frame

// The device's own databases are not for tests.
Result<std::string> own_name(const Call& call) {
    auto name = Flash::plain_name(call.request.text("name"));
    if (name && database_policy(*name)->name != "*") return fail(E_DB_BAD_NAME);
    return name;
}

Result<std::shared_ptr<Database>> open_own(const Call& call) {
    CS2SIM_TRY_LET(name, own_name(call));
    return call.device.databases.open(name);
}

void audit(const Call& call, std::string_view what) {
    call.audit(AUDIT_SYSTEM, "database " + audit_name(call.request.text("name")) + ": " + std::string(what));
}

Result<Bytes> db_create(Call& call) {
    CS2SIM_TRY_LET(name, own_name(call));
    const auto made =
        call.device.databases.create(name, {call.request.u32("keylen"), call.request.u32("maxsize")});
    CS2SIM_TRY(made);
    audit(call, "created");
    return call.answer({});
}

Result<Bytes> db_insert(Call& call) {
    CS2SIM_TRY_LET(database, open_own(call));
    CS2SIM_TRY(database->change([&](Batch& batch) -> Result<void> {
        for (ByteView rest = call.request.bytes("entries"); !rest.empty();) {
            const auto entry = parse_prefix(LAYOUT_DB_ENTRY, rest);
            if (!entry) return fail(E_DB_DATALEN);
            if (entry->bytes("record").size() > kLargestRecord) return fail(E_DB_LENGTH);
            CS2SIM_TRY(batch.insert(entry->bytes("key"), entry->bytes("record")));
        }
        return {};
    }));
    audit(call, "entries inserted");
    return call.answer({});
}

Result<Bytes> db_find(Call& call) {
    CS2SIM_TRY_LET(database, open_own(call));
    const std::uint8_t mode = call.request.u8("mode");
    if (mode > static_cast<std::uint8_t>(Find::greater)) return fail(E_DB_BAD_PARAM);
    CS2SIM_TRY_LET(entry, database->find(call.request.bytes("key"), static_cast<Find>(mode)));
    return call.answer({entry.key, ByteView(entry.record)});
}

Result<Bytes> db_delete(Call& call) {
    CS2SIM_TRY_LET(database, open_own(call));
    CS2SIM_TRY(database->erase(call.request.bytes("key")));
    audit(call, "entry deleted");
    return call.answer({});
}

Result<Bytes> db_drop(Call& call) {
    CS2SIM_TRY_LET(name, own_name(call));
    CS2SIM_TRY(call.device.databases.drop(name));
    audit(call, "dropped");
    return call.answer({});
}

constexpr Function kDbTest[] = {
    {SFC_DB_TEST_CREATE, db_create}, {SFC_DB_TEST_INSERT, db_insert}, {SFC_DB_TEST_FIND, db_find},
    {SFC_DB_TEST_DELETE, db_delete}, {SFC_DB_TEST_DROP, db_drop},
};

}  // namespace

Module db_test_module() { return {FC_DB, kDbTest}; }

}  // namespace cs2sim
