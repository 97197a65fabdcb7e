// Restores that are refused, and what they leave as it was.
#include <catch2/catch.hpp>

#include "test/unit/adm/backups.h"

using namespace cs2sim;
using namespace cs2sim::test;

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
