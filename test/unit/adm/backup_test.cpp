#include <sqlite3.h>

#include <catch2/catch.hpp>

#include "test/unit/adm/administered.h"

using namespace cs2sim;

namespace {

Bytes key(int number) {
    char text[16];
    std::snprintf(text, sizeof text, "%08d", number);
    return to_bytes(as_bytes(text));
}

std::shared_ptr<Database> custom(Administered& device, int entries, std::string_view name = "ERP_Blob.db") {
    auto database = device.databases.create(name, {8, 4711});
    REQUIRE(database);
    for (int i = 0; i < entries; ++i)
        REQUIRE((*database)->update(key(i), as_bytes("record " + std::to_string(i))));
    return *database;
}

// A device with an MBK, an administrator logged on and 500 entries, and what it backs up.
struct Prepared {
    Administered device;
    std::vector<MbkShare> shares = device.make_mbk();
    std::shared_ptr<Database> database = custom(device, 500);
    BackedUp backup = [this] {
        device.log_on(kSystemAdministrator);
        return back_up(device, "ERP_Blob.db");
    }();
};

std::string record_of(Database& database, int number) {
    const auto record = database.find(key(number));
    return record ? std::string(as_text(*record)) : "";
}

}  // namespace

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

TEST_CASE("a backup under another MBK is refused and changes nothing (guide G12)") {
    Prepared from;
    Administered to;
    to.make_mbk();
    to.log_on(kSystemAdministrator);
    CHECK(code_of(restore(to, "ERP_Blob.db", from.backup)) == E_ADM_BACKUP_MAC);
    CHECK(code_of(to.databases.open("ERP_Blob.db")) == E_OS_FILE_NO_SUCH_FILE);
    // and when its hash is claimed to be the resident one's, every seal fails
    BackedUp forged = from.backup;
    forged.mbk_hash = to_bytes(to.mbk.info(kMbkSlotAes)->hash);
    CHECK(code_of(restore(to, "ERP_Blob.db", forged)) == E_ADM_BACKUP_MAC);
    CHECK(code_of(to.databases.open("ERP_Blob.db")) == E_OS_FILE_NO_SUCH_FILE);
    forged.mbk_type = 1;
    CHECK(code_of(open_restore(to, "ERP_Blob.db", forged)) == E_ADM_BACKUP_MAC);
}

TEST_CASE("a changed, moved, foreign, doubled or misshapen entry stops the restore, nothing is changed") {
    Prepared at;
    custom(at.device, 500, "OTHER.db");
    for (int i = 0; i < 500; ++i) REQUIRE(at.database->update(key(i), as_bytes("resident")));
    BackedUp bad = at.backup;
    auto& last = bad.entries.back();
    std::uint32_t expected = E_ADM_BACKUP_MAC;
    SECTION("changed") { last.second.back() ^= 1; }
    SECTION("changed version") { last.second.front() ^= 1; }
    SECTION("truncated") { last.second.pop_back(); }
    SECTION("empty") { last.second.clear(); }
    SECTION("moved to another index") {
        last.second = bad.entries.front().second;
        expected = E_ADM_BACKUP_INDEX;
    }
    SECTION("of another database") { last = back_up(at.device, "OTHER.db").entries.back(); }
    SECTION("twice") {
        last = bad.entries.front();
        expected = E_DB_EXISTS;
    }
    SECTION("search key of another length") {
        last.first.push_back(0);
        expected = E_ADM_DATA_LEN;
    }
    CHECK(code_of(restore(at.device, "ERP_Blob.db", bad)) == expected);
    for (int i = 0; i < 500; ++i) CHECK(record_of(*at.database, i) == "resident");
}

TEST_CASE("a refused write ends the restore: its handle commits nothing") {
    Prepared at;
    REQUIRE(at.database->erase(key(0)));
    const auto opened = open_restore(at.device, "ERP_Blob.db", at.backup);
    const std::uint32_t handle = parse("handle:u4", *opened)->u32("handle");
    const Bytes good = entries_of({at.backup.entries.begin(), at.backup.entries.begin() + 5});
    REQUIRE(at.device.adm(SFC_ADM_RESTORE_WRITE, {handle, good}));
    SECTION("cut off in the middle") {
        const Bytes more = entries_of({at.backup.entries.begin() + 5, at.backup.entries.begin() + 8});
        CHECK(code_of(at.device.adm(SFC_ADM_RESTORE_WRITE,
                                    {handle, ByteView(more).first(more.size() - 1)})) == E_CMDS_DATA_LEN);
    }
    SECTION("the same again") {
        CHECK(code_of(at.device.adm(SFC_ADM_RESTORE_WRITE, {handle, good})) == E_DB_EXISTS);
    }
    SECTION("cancelled") { CHECK(at.device.adm(SFC_ADM_RESTORE_CANCEL, {handle})); }
    CHECK(code_of(at.device.adm(SFC_ADM_RESTORE_COMMIT, {handle})) == E_ADM_NO_HANDLE);
    CHECK(record_of(*at.database, 0).empty());
}

TEST_CASE("a backup that does not fit the database") {
    Prepared at;
    BackedUp bad = at.backup;
    bad.key_length = 9;
    CHECK(code_of(open_restore(at.device, "ERP_Blob.db", bad)) == E_ADM_DATA_LEN);
    for (const std::uint32_t length : {0u, 256u, 0xFFFFFFFFu}) {
        bad.key_length = length;
        CHECK(code_of(open_restore(at.device, "NEW.db", bad)) == E_ADM_DATA_LEN);
    }
    bad = at.backup;
    bad.max_size = 0;
    CHECK(code_of(open_restore(at.device, "NEW.db", bad)) == E_ADM_DATA_LEN);
    CHECK(code_of(open_restore(at.device, "NEW", at.backup)) == E_DB_BAD_NAME);
    CHECK(code_of(at.device.databases.open("NEW.db")) == E_OS_FILE_NO_SUCH_FILE);
    // one that is begun and left makes no database either
    REQUIRE(open_restore(at.device, "NEW.db", at.backup));
    at.device.context.handles.clear();
    CHECK(code_of(at.device.databases.open("NEW.db")) == E_OS_FILE_NO_SUCH_FILE);
}

TEST_CASE("users that do not decode are refused before anything is changed") {
    Administered device;
    device.make_mbk();
    device.log_on(kBackupOfUsers);
    User user;
    user.short_name = "GOOD";
    user.permission = 1;
    user.mechanism = MECH_HMAC_PWD;
    user.token = to_secret(as_bytes("password"));
    const auto database = device.databases.open("user.db");
    const Bytes good = to_bytes(as_bytes(std::string_view("GOOD\0\0\0\0", 8)));
    REQUIRE((*database)->insert(good, Users::encode(user).value()));
    REQUIRE((*database)->insert(key(1), as_bytes("no user at all")));
    BackedUp backup = back_up(device, "user.db");
    REQUIRE((*database)->erase(key(1)));
    REQUIRE((*database)->erase(good));
    CHECK(code_of(restore(device, "user.db", backup)) == E_CMDS_BAD_UDB_ENTRY);
    CHECK(*(*database)->count() == 0);
    std::erase_if(backup.entries, [&](const auto& entry) { return entry.first == key(1); });
    CHECK(*restore(device, "user.db", backup) == 1);
    CHECK(device.users.find("GOOD"));
}

TEST_CASE("a restore does not take the last administrator with a key (guide G13)") {
    Administered device;
    device.make_mbk();
    device.log_on(kBackupOfUsers);
    const auto database = device.databases.open("user.db");
    const Bytes search_key = to_bytes(as_bytes(std::string_view("ADMIN\0\0\0", 8)));
    User admin;
    admin.short_name = "ADMIN";
    admin.permission = 0x22000000;
    admin.mechanism = MECH_HMAC_PWD;
    admin.token = to_secret(as_bytes("password"));
    REQUIRE((*database)->update(search_key, Users::encode(admin).value()));
    const BackedUp with_password = back_up(device, "user.db");
    admin.mechanism = MECH_RSA_SIGN;
    const Bytes with_key = Users::encode(admin).value();
    REQUIRE((*database)->update(search_key, with_key));

    CHECK(code_of(restore(device, "user.db", with_password)) == E_CMDS_ADMIN_AMPUTATION);
    CHECK(to_bytes(*(*database)->find(search_key)) == with_key);
    CHECK(*restore(device, "user.db", back_up(device, "user.db")) == 1);
    REQUIRE((*database)->insert(to_bytes(as_bytes(std::string_view("OTHER\0\0\0", 8))), with_key));
    CHECK(*restore(device, "user.db", with_password) == 1);
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
