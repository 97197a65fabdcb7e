#include <sqlite3.h>

#include <catch2/catch.hpp>

#include "test/unit/adm/backups.h"

using namespace cs2sim;
using namespace cs2sim::test;

TEST_CASE("a backup holds every entry in order, sealed; a device of the same MBK restores it") {
    Prepared from;
    REQUIRE(from.backup.entries.size() == 500);
    CHECK(from.backup.key_length == 8);
    CHECK(from.backup.max_size == 4711);
    CHECK(from.backup.mbk_hash == to_bytes(from.device.mbk.info(kMbkSlotAes)->hash));
    for (int i = 0; i < 500; ++i) {
        CHECK(from.backup.entries[i].first == key(i));
        CHECK(as_text(from.backup.entries[i].second).find("record") == std::string_view::npos);
    }

    Administered to;
    REQUIRE(to.mbk.import(kMbkSlotAes, 0, from.shares));
    to.log_on(kSystemAdministrator);
    CHECK(*restore(to, "FLASH\\ERP_Blob.db", from.backup) == 500);  // the device makes it (guide G10)
    const auto restored = to.databases.open("ERP_Blob.db");
    REQUIRE(restored);
    CHECK((*restored)->info().max_size == 4711);
    for (int i = 0; i < 500; ++i) CHECK(record_of(**restored, i) == "record " + std::to_string(i));
    CHECK(to.smos->audit_log.text()->find("restore of database ERP_Blob.db, 500 entries") !=
          std::string::npos);
    CHECK(from.device.smos->audit_log.text()->find("[TESTER] backup of database ERP_Blob.db") !=
          std::string::npos);
}

TEST_CASE(
    "a restore goes entry by entry: replaced, inserted, and what only the device has stays (guide G11)") {
    Prepared at;
    REQUIRE(at.database->erase(key(1)));
    REQUIRE(at.database->update(key(2), as_bytes("changed")));
    REQUIRE(at.database->update(key(9999), as_bytes("only here")));
    CHECK(*restore(at.device, "ERP_Blob.db", at.backup) == 500);
    CHECK(record_of(*at.database, 1) == "record 1");
    CHECK(record_of(*at.database, 2) == "record 2");
    CHECK(record_of(*at.database, 9999) == "only here");
    CHECK(*at.database->count() == 501);
}

TEST_CASE("blocks stay within the limit but hold at least one entry; nothing shows of later changes") {
    Prepared at;
    const BackedUp small = back_up(at.device, "ERP_Blob.db", 1);
    CHECK(small.entries.size() == 500);
    CHECK(small.blocks == 500);
    CHECK(at.backup.blocks == 1);
    CHECK(back_up(at.device, "CXIKEY.db").entries.empty());

    const auto opened = at.device.adm(SFC_ADM_BACKUP_OPEN, {"ERP_Blob.db"});
    const std::uint32_t handle = parse("handle:u4 rest:*", *opened)->u32("handle");
    REQUIRE(at.database->erase(key(0)));
    const auto block = at.device.adm(SFC_ADM_BACKUP_READ, {handle, 0xFFFFFFFF});
    REQUIRE(block);
    ByteView entries = ByteView(*block).subspan(1);
    CHECK(to_bytes(parse_prefix(LAYOUT_DB_ENTRY, entries)->bytes("key")) == key(0));
}

TEST_CASE("who may: user.db 12000000, others 02000000, VMBK1.db nobody (guide G3, G4)") {
    Administered device;
    device.make_mbk();
    custom(device, 1);
    const auto code = [&](std::string_view name) {
        const auto opened = code_of(device.adm(SFC_ADM_BACKUP_OPEN, {name}));
        // the same for the way back and for a single entry
        const auto back = code_of(device.adm(SFC_ADM_RESTORE_OPEN, {name, 8, 1, 2, 32, ByteView()}));
        const auto read = code_of(device.adm(SFC_ADM_READ_ENTRY, {name, key(0)}));
        const std::uint32_t barred = opened == E_ADM_MBK_DB_OUT ? +E_ADM_MBK_DB_IN : opened;
        if (opened != 0) CHECK(back == barred);
        if (opened != 0) CHECK(read == opened);
        return opened;
    };
    for (const std::string_view name : {"user.db", "CXIKEY.db", "ERP_Blob.db"})
        CHECK(code(name) == E_CMDS_DENIED);
    CHECK(code("VMBK1.db") == E_ADM_MBK_DB_OUT);
    device.log_on(0x01FFFFFF);
    CHECK(code("CXIKEY.db") == E_CMDS_DENIED);
    device.log_off();
    device.log_on(kSystemAdministrator);
    CHECK(code("CXIKEY.db") == 0);
    CHECK(code("ERP_Blob.db") == 0);
    CHECK(code("user.db") == E_CMDS_DENIED);
    CHECK(code("VMBK1.db") == E_ADM_MBK_DB_OUT);
    device.log_on(0x10000000);
    CHECK(code("user.db") == 0);
    device.log_on(0xFFFFFFFF);
    CHECK(code("VMBK1.db") == E_ADM_MBK_DB_OUT);
    CHECK(code("FLASH\\VMBK1.db") == E_ADM_MBK_DB_OUT);
}

TEST_CASE("names of databases") {
    Administered device;
    device.make_mbk();
    device.log_on(0xFFFFFFFF);
    for (const std::uint8_t sfc : {SFC_ADM_BACKUP_OPEN, SFC_ADM_LIST_ENTRIES}) {
        CHECK(code_of(device.adm(sfc, {"none.db"})) == E_OS_FILE_NO_SUCH_FILE);
        CHECK(code_of(device.adm(sfc, {"vmbk1.db"})) == E_OS_FILE_NO_SUCH_FILE);
        for (const std::string& bad : {std::string(1000, 'n'), std::string("../user.db"),
                                       std::string("a/b.db"), std::string(".."), std::string()})
            CHECK(code_of(device.adm(sfc, {bad})) == E_OS_FILE_ILL_NAME);
    }
    CHECK(code_of(device.adm(SFC_ADM_BACKUP_OPEN, {"keyram"})) == E_OS_FILE_NO_SUCH_FILE);
}

TEST_CASE("without an MBK nothing leaves and nothing enters") {
    Administered device;
    device.log_on(0xFFFFFFFF);
    CHECK(code_of(device.adm(SFC_ADM_BACKUP_OPEN, {"CXIKEY.db"})) == E_ADM_NO_MBK_KEY);
    CHECK(code_of(device.adm(SFC_ADM_READ_ENTRY, {"CXIKEY.db", key(0)})) == E_ADM_NO_MBK_KEY);
    CHECK(code_of(open_restore(device, "CXIKEY.db", {24, 1, 2, 32, Bytes(16), {}, 0})) == E_ADM_NO_MBK_KEY);
}

TEST_CASE("handles: unknown, of another kind, closed, too many") {
    Prepared at;
    const std::uint32_t backup =
        parse("handle:u4 rest:*", *at.device.adm(SFC_ADM_BACKUP_OPEN, {"ERP_Blob.db"}))->u32("handle");
    const std::uint32_t restored =
        parse("handle:u4", *open_restore(at.device, "ERP_Blob.db", at.backup))->u32("handle");
    for (const std::uint32_t wrong : {0u, 77777u, restored}) {
        CHECK(code_of(at.device.adm(SFC_ADM_BACKUP_READ, {wrong, 1})) == E_ADM_NO_HANDLE);
        CHECK(code_of(at.device.adm(SFC_ADM_BACKUP_CLOSE, {wrong})) == E_ADM_NO_HANDLE);
    }
    for (const std::uint32_t wrong : {0u, 77777u, backup}) {
        CHECK(code_of(at.device.adm(SFC_ADM_RESTORE_WRITE, {wrong, ByteView()})) == E_ADM_NO_HANDLE);
        CHECK(code_of(at.device.adm(SFC_ADM_RESTORE_COMMIT, {wrong})) == E_ADM_NO_HANDLE);
        CHECK(code_of(at.device.adm(SFC_ADM_RESTORE_CANCEL, {wrong})) == E_ADM_NO_HANDLE);
    }
    REQUIRE(at.device.adm(SFC_ADM_BACKUP_CLOSE, {backup}));
    CHECK(code_of(at.device.adm(SFC_ADM_BACKUP_READ, {backup, 1})) == E_ADM_NO_HANDLE);

    // As many as a caller may have, one of them the restore's; room comes back, and others have theirs.
    std::vector<std::uint32_t> open;
    const auto open_one = [&] {
        const auto answer = at.device.adm(SFC_ADM_BACKUP_OPEN, {"ERP_Blob.db"});
        if (answer) open.push_back(parse("handle:u4 rest:*", *answer)->u32("handle"));
        return code_of(answer);
    };
    while (open.size() < 100 && open_one() == 0) continue;
    CHECK(open.size() == HandleTable::kMost - 1);
    CHECK(open_one() == E_ADM_HANDLES);
    CHECK(open_one() == E_ADM_HANDLES);
    CHECK(code_of(open_restore(at.device, "ERP_Blob.db", at.backup)) == E_ADM_HANDLES);
    CHECK(code_of(at.device.adm(SFC_ADM_LOAD_FILE, {"file.txt", 0, 0, Bytes(3)})) == E_ADM_HANDLES);
    for (const std::uint32_t handle : open) CHECK(at.device.adm(SFC_ADM_BACKUP_READ, {handle, 1}));
    Context other;
    other.users = at.device.context.users;
    const FunctionSignature* function = find_function(FC_ADM, SFC_ADM_BACKUP_OPEN);
    CHECK(at.device.scheduler.run(
        at.device.services, other,
        {FC_ADM, SFC_ADM_BACKUP_OPEN, compose(function->request, {"ERP_Blob.db"}).value()}));
    REQUIRE(at.device.adm(SFC_ADM_BACKUP_CLOSE, {open.front()}));
    CHECK(open_one() == 0);
    CHECK(open_one() == E_ADM_HANDLES);
}

TEST_CASE("entries of databases: listed by anybody, read sealed by administrators") {
    Prepared at;
    at.device.log_off();
    const auto listed = at.device.adm(SFC_ADM_LIST_ENTRIES, {"FLASH\\ERP_Blob.db"});
    REQUIRE(listed);
    const auto block = parse(find_function(FC_ADM, SFC_ADM_LIST_ENTRIES)->answer, *listed);
    CHECK(block->u32("keylen") == 8);
    CHECK(block->bytes("keys").size() == 500 * 8);
    CHECK(to_bytes(block->bytes("keys").first(16)) == to_bytes(as_bytes("0000000000000001")));
    CHECK(code_of(at.device.adm(SFC_ADM_LIST_ENTRIES, {"FLASH\\VMBK1.db"})) == E_ADM_MBK_DB_OUT);
    CHECK(code_of(at.device.adm(SFC_ADM_READ_ENTRY, {"ERP_Blob.db", key(3)})) == E_CMDS_DENIED);

    at.device.log_on(kSystemAdministrator);
    const auto entry = at.device.adm(SFC_ADM_READ_ENTRY, {"ERP_Blob.db", key(3)});
    REQUIRE(entry);
    BackedUp one = at.backup;
    one.entries = {{key(3), *entry}};
    REQUIRE(at.database->erase(key(3)));
    CHECK(*restore(at.device, "ERP_Blob.db", one) == 1);  // it is what a backup would hold
    CHECK(record_of(*at.database, 3) == "record 3");
    CHECK(code_of(at.device.adm(SFC_ADM_READ_ENTRY, {"ERP_Blob.db", key(12345)})) == E_DB_NOT_FOUND);
    CHECK(code_of(at.device.adm(SFC_ADM_READ_ENTRY, {"ERP_Blob.db", Bytes(7)})) == E_DB_LENGTH);
}

TEST_CASE("a list that no answer can hold is refused") {
    Administered device;
    const auto wide = device.databases.create("WIDE.db", {255, 1});
    REQUIRE((*wide)->change([](Batch& batch) -> Result<void> {
        for (int i = 0; i < 2100; ++i) {
            Bytes long_key(255);
            std::ranges::copy(key(i), long_key.begin());
            CS2SIM_TRY(batch.insert(long_key, {}));
        }
        return {};
    }));
    CHECK(code_of(device.adm(SFC_ADM_LIST_ENTRIES, {"WIDE.db"})) == E_CMDS_BAD_SIZE);
}

TEST_CASE("FIPS and CC firmware bars backup, restore and reading of entries (guide G14)") {
    const auto& [profile, code] =
        GENERATE(std::pair("se-gen2-fips", E_CMDS_FIPS_BLOCKED), std::pair("cp5", E_CMDS_CC_BLOCKED));
    Administered device(profile);
    device.make_mbk();
    device.log_on(0xFFFFFFFF);
    CHECK(code_of(device.adm(SFC_ADM_BACKUP_OPEN, {"CXIKEY.db"})) == code);
    CHECK(code_of(open_restore(device, "CXIKEY.db", {24, 1, 2, 32, Bytes(16), {}, 0})) == code);
    CHECK(code_of(device.adm(SFC_ADM_READ_ENTRY, {"CXIKEY.db", key(0)})) == code);
    CHECK(device.adm(SFC_ADM_LIST_ENTRIES, {"CXIKEY.db"}));
}

TEST_CASE(
    "a database that a restore makes appears at its commit; cancelled, another's of that name is untouched") {
    Prepared from;
    Administered to;
    REQUIRE(to.mbk.import(kMbkSlotAes, 0, from.shares));
    to.log_on(kSystemAdministrator);
    const auto opened = open_restore(to, "ERP_Blob.db", from.backup);
    REQUIRE(opened);
    const std::uint32_t handle = parse("handle:u4", *opened)->u32("handle");
    REQUIRE(to.adm(SFC_ADM_RESTORE_WRITE, {handle, entries_of(from.backup.entries)}));
    CHECK_FALSE(to.databases.exists("ERP_Blob.db"));
    CHECK(code_of(to.adm(SFC_ADM_LIST_ENTRIES, {"ERP_Blob.db"})) == E_OS_FILE_NO_SUCH_FILE);

    const auto others = custom(to, 3);
    SECTION("cancelled") {
        REQUIRE(to.adm(SFC_ADM_RESTORE_CANCEL, {handle}));
        CHECK(*others->count() == 3);
    }
    SECTION("dropped with its session") {
        to.context.handles.clear();
        CHECK(*others->count() == 3);
    }
    SECTION("committed, its entries go into what is there") {
        REQUIRE(others->update(key(9999), as_bytes("only here")));
        REQUIRE(to.adm(SFC_ADM_RESTORE_COMMIT, {handle}));
        CHECK(*others->count() == 501);
        CHECK(record_of(*others, 499) == "record 499");
    }
}

TEST_CASE("a damaged entry is named in a backup, and the rest is in it") {
    Prepared at;
    at.database.reset();
    at.device.databases.close_all();
    sqlite3* file = nullptr;
    REQUIRE(sqlite3_open((at.device.smos->state.databases() / "ERP_Blob.db").c_str(), &file) == SQLITE_OK);
    REQUIRE(sqlite3_exec(file, "UPDATE entries SET record=x'00' WHERE key=CAST('00000007' AS BLOB)", nullptr,
                         nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(file);
    const BackedUp backup = back_up(at.device, "ERP_Blob.db");
    REQUIRE(backup.entries.size() == 500);
    for (int i = 0; i < 500; ++i) {
        CHECK(backup.entries[i].first == key(i));
        CHECK(backup.entries[i].second.empty() == (i == 7));
    }
}

TEST_CASE("uploads that nobody finishes take a bounded room, and give it back") {
    Administered device;
    device.log_on(kSystemAdministrator);
    const Bytes part(256 * 1024, 'x');
    const auto upload = [&](std::uint32_t handle, std::string_view name) {
        return device.adm(SFC_ADM_LOAD_FILE, {name, handle, 0, part});
    };
    std::size_t taken = 0;
    std::uint32_t refused = 0;
    for (int file = 0; file < 10 && refused == 0; ++file) {
        const std::string name = "F" + std::to_string(file);
        std::uint32_t handle = 0;
        for (std::size_t size = 0; size + part.size() <= Flash::kLargestFile && refused == 0;
             size += part.size()) {
            const auto answer = upload(handle, name);
            refused = code_of(answer);
            if (answer) handle = parse("handle:u4", *answer)->u32("handle");
            if (answer) taken += part.size();
        }
    }
    CHECK(refused == E_OS_FILE_NO_SPACE);
    CHECK(taken == Flash::kMostUnfinished);
    CHECK(device.smos->flash.list().empty());
    device.context.handles.clear();
    CHECK(upload(0, "AGAIN"));
}
