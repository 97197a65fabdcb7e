#include <catch2/catch.hpp>

#include "test/unit/adm/administered.h"

using namespace cs2sim;

namespace {

Bytes shares_block(const std::vector<MbkShare>& shares) {
    Bytes block;
    for (const MbkShare& share : shares)
        compose_into(block, LAYOUT_MBK_SHARE, {share.info, ByteView(share.share)});
    return block;
}

}  // namespace

TEST_CASE("MBK functions: generate, import on another device, list") {
    Administered device;
    CHECK(code_of(device.run(FC_MBK, SFC_MBK_GENERATE, {2, 32, 3, 2, "MYMBK"})) == E_CMDS_DENIED);
    CHECK(code_of(device.run(FC_MBK, SFC_MBK_IMPORT, {3, 0, ByteView()})) == E_CMDS_DENIED);
    CHECK(device.run(FC_MBK, SFC_MBK_LIST_KEYS)->empty());
    device.log_on(kSystemAdministrator);
    CHECK(code_of(device.run(FC_MBK, SFC_MBK_GENERATE, {1, 32, 3, 2, "MYMBK"})) == E_MBK_KEY_TYPE);
    CHECK(code_of(device.run(FC_MBK, SFC_MBK_GENERATE, {2, 24, 3, 2, "MYMBK"})) == E_MBK_KEY_LB);
    CHECK(code_of(device.run(FC_MBK, SFC_MBK_GENERATE, {2, 32, 2, 3, "MYMBK"})) == E_MBK_SHARE_CNT);
    CHECK(code_of(device.run(FC_MBK, SFC_MBK_GENERATE, {2, 32, 3, 2, ""})) == E_MBK_KEY_NAME);

    const auto made = device.run(FC_MBK, SFC_MBK_GENERATE, {2, 32, 3, 2, "MYMBK"});
    REQUIRE(made);
    const auto answer = parse("loaded:u1 shares:*", *made);
    CHECK(answer->u8("loaded") == 1);
    const ByteView shares = answer->bytes("shares");
    constexpr std::size_t kShare = 32 + 2 + 32;
    REQUIRE(shares.size() == 3 * kShare);

    Administered other;
    other.log_on(kSystemAdministrator);
    CHECK(code_of(other.run(FC_MBK, SFC_MBK_IMPORT, {3, 0, shares})) == E_MBK_SHARE_CNT);
    CHECK(code_of(other.run(FC_MBK, SFC_MBK_IMPORT, {3, 0, shares.first(kShare + 5)})) == E_CMDS_DATA_LEN);
    CHECK(code_of(other.run(FC_MBK, SFC_MBK_IMPORT, {0, 0, shares.first(2 * kShare)})) == E_MBK_KEY_TYPE);
    CHECK(code_of(other.run(FC_MBK, SFC_MBK_IMPORT, {9, 0, shares.first(2 * kShare)})) == E_MBK_KEY_NO);
    REQUIRE(other.run(FC_MBK, SFC_MBK_IMPORT, {3, 0, shares.last(2 * kShare)}));

    const auto listed = other.run(FC_MBK, SFC_MBK_LIST_KEYS);
    REQUIRE(listed->size() == 4 + 35);
    CHECK(to_hex(ByteView(*listed).first(4)) == "00000003");
    CHECK(to_hex(ByteView(*listed).subspan(4 + 16, 16)) == to_hex(device.mbk.info(kMbkSlotAes)->hash));
    const std::string log = *device.smos->audit_log.text() + *other.smos->audit_log.text();
    CHECK(log.find("MBK MYMBK generated, loaded") != std::string::npos);
    CHECK(log.find("MBK MYMBK imported into slot 3") != std::string::npos);
    CHECK(log.find(to_hex(shares.subspan(34, 32))) == std::string::npos);
}

TEST_CASE("an occupied slot is replaced only on demand") {
    Administered device;
    device.log_on(kSystemAdministrator);
    device.make_mbk();
    Administered elsewhere;
    const Bytes shares = shares_block(elsewhere.make_mbk());
    CHECK(code_of(device.run(FC_MBK, SFC_MBK_IMPORT, {3, 0, shares})) == E_MBK_KEY_EXISTS);
    CHECK(code_of(device.run(FC_MBK, SFC_MBK_IMPORT, {3, 8, shares})) == E_MBK_FLAGS_INV);
    CHECK(device.run(FC_MBK, SFC_MBK_IMPORT, {3, MBK_FLG_OW, shares}));
    CHECK(device.mbk.info(kMbkSlotAes)->hash == elsewhere.mbk.info(kMbkSlotAes)->hash);
}

TEST_CASE("the temporary MBK: filled beside the one in use, listed, deleted; it opens backups") {
    Administered before;
    const std::vector<MbkShare> old_shares = before.make_mbk();
    before.log_on(kSystemAdministrator);
    const auto made = before.databases.create("ERP.db", {4, 100});
    REQUIRE((*made)->insert(Bytes(4, 7), as_bytes("record")));
    const BackedUp backup = back_up(before, "ERP.db");

    Administered device;
    device.make_mbk();
    const auto remove = [&](std::uint32_t slot) {
        return code_of(device.run(FC_MBK, SFC_MBK_DELETE, {slot}));
    };
    CHECK(remove(1) == E_CMDS_DENIED);
    device.log_on(kSystemAdministrator);
    CHECK(remove(1) == E_MBK_SLOT_EMPTY);
    CHECK(code_of(restore(device, "ERP.db", backup)) == E_ADM_BACKUP_MAC);
    REQUIRE(device.run(FC_MBK, SFC_MBK_IMPORT, {1, 0, shares_block(old_shares)}));
    const auto listed = device.run(FC_MBK, SFC_MBK_LIST_KEYS);
    REQUIRE(listed->size() == 2 * (4 + 35));
    CHECK(to_hex(ByteView(*listed).first(4)) == "00000001");
    CHECK(*restore(device, "ERP.db", backup) == 1);
    // What is sealed is sealed by slot 3.
    CHECK(back_up(device, "ERP.db").mbk_hash == to_bytes(device.mbk.info(kMbkSlotAes)->hash));
    for (const std::uint32_t slot : {0u, 2u, 3u}) CHECK(remove(slot) == E_MBK_NOT_SUPPORTED);
    CHECK(remove(4) == E_MBK_KEY_NO);
    CHECK(remove(1) == 0);
    CHECK(remove(1) == E_MBK_SLOT_EMPTY);
    CHECK(device.run(FC_MBK, SFC_MBK_LIST_KEYS)->size() == 4 + 35);
    CHECK(code_of(restore(device, "ERP.db", backup)) == E_ADM_BACKUP_MAC);
    CHECK(device.smos->audit_log.text()->find("deleted from slot 1") != std::string::npos);
}

TEST_CASE(
    "what changes databases or gives out a sealed record leaves a line in the audit log, with its name") {
    Administered device;
    device.make_mbk();
    device.log_on(kSystemAdministrator);
    const auto leaves = [&](std::uint16_t fc, std::uint8_t sfc, std::initializer_list<Value> values,
                            const std::string& line) {
        INFO(line);
        CHECK(device.smos->audit_log.text()->find(line) == std::string::npos);
        REQUIRE(device.run(fc, sfc, values));
        CHECK(device.smos->audit_log.text()->find(line) != std::string::npos);
    };
    const Bytes one = entries_of({{to_bytes(as_bytes("0001")), Bytes{1}}});
    leaves(FC_DB, SFC_DB_TEST_CREATE, {"MINE.db", 4, 1000}, "database MINE.db: created");
    leaves(FC_DB, SFC_DB_TEST_INSERT, {"MINE.db", one}, "database MINE.db: entries inserted");
    leaves(FC_ADM, SFC_ADM_READ_ENTRY, {"MINE.db", "0001"}, "entry of database MINE.db read");
    leaves(FC_DB, SFC_DB_TEST_DELETE, {"MINE.db", "0001"}, "database MINE.db: entry deleted");
    leaves(FC_DB, SFC_DB_TEST_DROP, {"MINE.db"}, "database MINE.db: dropped");
}

TEST_CASE("DB test interface: databases of users' own") {
    Administered device;
    const auto db = [&](std::uint8_t sfc, std::initializer_list<Value> values) {
        return device.run(FC_DB, sfc, values);
    };
    CHECK(code_of(db(SFC_DB_TEST_CREATE, {"MINE.db", 4, 1000})) == E_CMDS_DENIED);
    device.log_on(kSystemAdministrator);
    REQUIRE(db(SFC_DB_TEST_CREATE, {"MINE.db", 4, 1000}));
    CHECK(db(SFC_DB_TEST_CREATE, {"MINE.db", 4, 1000}));
    CHECK(code_of(db(SFC_DB_TEST_CREATE, {"MINE.db", 5, 1000})) == E_DB_BAD_INFO);
    CHECK(code_of(db(SFC_DB_TEST_CREATE, {"MINE", 4, 1000})) == E_DB_BAD_NAME);
    CHECK(code_of(db(SFC_DB_TEST_CREATE, {"a/b.db", 4, 1000})) == E_OS_FILE_ILL_NAME);

    const Bytes two =
        entries_of({{to_bytes(as_bytes("0001")), Bytes{1}}, {to_bytes(as_bytes("0002")), Bytes{2}}});
    REQUIRE(db(SFC_DB_TEST_INSERT, {"MINE.db", two}));
    CHECK(code_of(db(SFC_DB_TEST_INSERT, {"MINE.db", two})) == E_DB_EXISTS);
    CHECK(code_of(db(SFC_DB_TEST_INSERT, {"MINE.db", ByteView(two).first(9)})) == E_DB_DATALEN);
    CHECK(code_of(db(SFC_DB_TEST_INSERT, {"MINE.db", entries_of({{Bytes(3), Bytes{}}})})) == E_DB_LENGTH);
    CHECK(code_of(db(SFC_DB_TEST_INSERT, {"MINE.db", entries_of({{Bytes(4), Bytes(262145)}})})) ==
          E_DB_LENGTH);
    CHECK(code_of(db(SFC_DB_TEST_INSERT, {"NONE.db", two})) == E_OS_FILE_NO_SUCH_FILE);
    // the first of these is new, the second is not: neither stays
    CHECK(code_of(db(SFC_DB_TEST_INSERT, {"MINE.db", entries_of({{to_bytes(as_bytes("0009")), {}},
                                                                 {to_bytes(as_bytes("0001")), {}}})})) ==
          E_DB_EXISTS);

    CHECK(to_hex(*db(SFC_DB_TEST_FIND, {"MINE.db", 0, "0002"})) ==
          "0004"
          "30303032"
          "00000001"
          "02");
    CHECK(to_hex(*db(SFC_DB_TEST_FIND, {"MINE.db", 1, "0000"})) ==
          "0004"
          "30303031"
          "00000001"
          "01");
    CHECK(code_of(db(SFC_DB_TEST_FIND, {"MINE.db", 2, "0002"})) == E_DB_NOT_FOUND);
    CHECK(code_of(db(SFC_DB_TEST_FIND, {"MINE.db", 0, "0009"})) == E_DB_NOT_FOUND);
    CHECK(code_of(db(SFC_DB_TEST_FIND, {"MINE.db", 3, "0002"})) == E_DB_BAD_PARAM);
    CHECK(db(SFC_DB_TEST_DELETE, {"MINE.db", "0002"}));
    CHECK(code_of(db(SFC_DB_TEST_DELETE, {"MINE.db", "0002"})) == E_DB_NOT_FOUND);
    CHECK(db(SFC_DB_TEST_DROP, {"MINE.db"}));
    CHECK(code_of(db(SFC_DB_TEST_DROP, {"MINE.db"})) == E_OS_FILE_NO_SUCH_FILE);

    device.log_on(0xFFFFFFFF);
    for (const std::string_view own : {"user.db", "CXIKEY.db", "FLASH\\VMBK1.db"}) {
        CHECK(code_of(db(SFC_DB_TEST_CREATE, {own, 8, 1})) == E_DB_BAD_NAME);
        CHECK(code_of(db(SFC_DB_TEST_INSERT, {own, two})) == E_DB_BAD_NAME);
        CHECK(code_of(db(SFC_DB_TEST_FIND, {own, 1, Bytes(8)})) == E_DB_BAD_NAME);
        CHECK(code_of(db(SFC_DB_TEST_DELETE, {own, Bytes(8)})) == E_DB_BAD_NAME);
        CHECK(code_of(db(SFC_DB_TEST_DROP, {own})) == E_DB_BAD_NAME);
    }
}
