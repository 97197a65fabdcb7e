// Users in the device: locks, initial passwords, backups, what a restore may not do.
#include <atomic>
#include <memory>
#include <thread>

#include "firmware/mbk/mbk.h"
#include "test/unit/cmds/host.h"

using namespace cs2sim;

namespace {

constexpr std::string_view kPassword = "a good password";

struct Row {
    Bytes bytes;
    Block block;
};

Row info_of(Caller& caller, std::string_view name) {
    auto answer = caller.cmds(SFC_CMDS_GET_USER_INFO, {name});
    REQUIRE(answer);
    Row row{std::move(*answer), {}};
    auto block = parse(LAYOUT_USER, row.bytes);
    REQUIRE(block);
    row.block = std::move(*block);
    return row;
}

void make_mbk(Caller& admin) {
    REQUIRE(admin.call(FC_MBK, SFC_MBK_GENERATE, {MBK_TYPE_AES, kMbkLength, 2, 2, "UNITTEST"}));
}

}  // namespace

TEST_CASE("failed logons are counted, survive a restart, lock, and a new password unlocks") {
    Simulated device;
    {
        Caller admin(device);
        REQUIRE(admin.as_admin().add_user("ALICE", 2, kPassword));
        REQUIRE(admin.cmds(SFC_CMDS_SET_MAX_AUTH_FAILS, {3}));
        Caller alice(device);
        REQUIRE(alice.open_session());
        CHECK(code_of(alice.logon("ALICE", "wrong")) == E_CMDS_AUTH_FAILED);
        CHECK(info_of(admin, "ALICE").block.u8("failures") == 1);
        CHECK(code_of(alice.logon("ALICE", kPassword)) == 0);
        CHECK(info_of(admin, "ALICE").block.u8("failures") == 0);
        for (int i = 0; i < 3; ++i) CHECK(code_of(alice.logon("ALICE", "wrong")) == E_CMDS_AUTH_FAILED);
    }
    device.reboot(device.profile());
    Caller again(device);
    again.as_admin();
    Caller alice(device);
    REQUIRE(alice.open_session());
    CHECK(code_of(alice.logon("ALICE", kPassword)) == E_CMDS_AUTH_FAIL_CNT_EXCEEDED);
    REQUIRE(again.cmds(SFC_CMDS_CHANGE_USER, {"ALICE", "another password"}));
    CHECK(code_of(alice.logon("ALICE", "another password")) == 0);
}

TEST_CASE("a password is initial until its owner changes it") {
    Simulated device;
    Caller admin(device);
    REQUIRE(admin.as_admin().add_user("ALICE", 2, kPassword));
    CHECK(info_of(admin, "ALICE").block.u8("initial") == 1);
    Caller alice(device);
    REQUIRE(alice.open_session());
    CHECK(code_of(alice.cmds(SFC_CMDS_CHANGE_USER, {"ALICE", "mine"})) == E_CMDS_DENIED);
    REQUIRE(alice.logon("ALICE", kPassword));
    REQUIRE(alice.cmds(SFC_CMDS_CHANGE_USER, {"ALICE", "mine"}));
    constexpr std::uint8_t kTried = 2;  // LAYOUT_USER: once she logged on
    CHECK(info_of(admin, "ALICE").block.u8("initial") == kTried);
    REQUIRE(admin.cmds(SFC_CMDS_CHANGE_USER, {"ALICE", "given"}));
    CHECK(info_of(admin, "ALICE").block.u8("initial") == (1 | kTried));
}

TEST_CASE("who is logged on with a password that was changed meanwhile is so no longer") {
    Simulated device;
    Caller admin(device);
    REQUIRE(admin.as_admin().add_user("ALICE", 0x02000000, kPassword));
    Caller here(device), elsewhere(device);
    for (Caller* alice : {&here, &elsewhere}) {
        REQUIRE(alice->open_session());
        REQUIRE(alice->logon("ALICE", kPassword));
        REQUIRE(alice->call(FC_ADM, SFC_ADM_LIST_FILES));
    }
    REQUIRE(here.cmds(SFC_CMDS_CHANGE_USER, {"ALICE", "mine"}));
    CHECK(code_of(here.call(FC_ADM, SFC_ADM_LIST_FILES)) == 0);  // their own change, in their own session
    CHECK(code_of(elsewhere.call(FC_ADM, SFC_ADM_LIST_FILES)) == E_CMDS_SM_SESS_CLOSED);
    CHECK(code_of(elsewhere.call(FC_ADM, SFC_ADM_LIST_FILES)) == E_CMDS_SM_SESS_CLOSED);

    REQUIRE(admin.cmds(SFC_CMDS_CHANGE_USER, {"ALICE", "given"}));
    CHECK(code_of(here.call(FC_ADM, SFC_ADM_LIST_FILES)) == E_CMDS_SM_SESS_CLOSED);
    CHECK(code_of(admin.call(FC_ADM, SFC_ADM_LIST_FILES)) == 0);  // somebody else's session goes on
    CHECK(code_of(admin.cmds(SFC_CMDS_DELETE_USER, {"ALICE"})) == 0);
}

TEST_CASE("a long name has a short form of its own and serves at logon") {
    Simulated device;
    Caller admin(device);
    admin.as_admin();
    for (const std::string_view name : {"ERP_SERVER_ONE", "ERP_SERVER_TWO"})
        REQUIRE(admin.add_user(name, 2, kPassword));
    CHECK(info_of(admin, "ERP_SERVER_ONE").block.text("short") == "ERP_SE~0");
    CHECK(info_of(admin, "ERP_SERVER_TWO").block.text("short") == "ERP_SE~1");
    CHECK(info_of(admin, "ERP_SE~1").block.text("longname") == "ERP_SERVER_TWO");
    CHECK(code_of(admin.add_user("ERP_SERVER_ONE", 2, kPassword)) == E_CMDS_USER_EXISTS);
    CHECK(code_of(admin.logon("ERP_SERVER_TWO", kPassword)) == 0);
}

TEST_CASE("a user's backup restores the user, under the same MBK only, and only whole") {
    Simulated device;
    Caller admin(device);
    admin.as_admin();
    make_mbk(admin);
    REQUIRE(admin.add_user("ALICE", 2, kPassword, 0, "CXI_GROUP=ExmpKey"));
    const auto record = admin.cmds(SFC_CMDS_BACKUP_USER, {"ALICE"});
    REQUIRE(record);
    REQUIRE(admin.cmds(SFC_CMDS_DELETE_USER, {"ALICE"}));

    for (std::size_t at = 0; at < record->size(); ++at) {
        INFO("byte " << at);
        Bytes changed = *record;
        changed[at] ^= 1;
        CHECK(code_of(admin.cmds(SFC_CMDS_RESTORE_USER, {changed})) == E_CMDS_INVAL_BCK);
    }
    CHECK(code_of(admin.cmds(SFC_CMDS_GET_USER_INFO, {"ALICE"})) == E_CMDS_NO_USER);
    REQUIRE(admin.cmds(SFC_CMDS_RESTORE_USER, {*record}));
    CHECK(info_of(admin, "ALICE").block.text("attributes") == "CXI_GROUP=ExmpKey");
    CHECK(code_of(admin.logon("ALICE", kPassword)) == 0);

    Simulated other_device;
    Caller other(other_device);
    other.as_admin();
    make_mbk(other);
    CHECK(code_of(other.cmds(SFC_CMDS_RESTORE_USER, {*record})) == E_CMDS_INVAL_BCK);
}

TEST_CASE("a restored user does not unseat the last administrator with a key") {
    Simulated device;
    Caller admin(device);
    admin.as_admin();
    make_mbk(admin);
    REQUIRE(admin.add_user("SECOND", 0x22000000, *other_key()));
    CHECK(code_of(admin.cmds(SFC_CMDS_DELETE_USER, {"ADMIN"})) == E_CMDS_USER_ACTIVE);  // the caller
    REQUIRE(admin.cmds(SFC_CMDS_LOGOFF));
    REQUIRE(admin.logon("SECOND", *other_key()));
    // ADMIN as a user without rights, in a backup
    REQUIRE(admin.cmds(SFC_CMDS_DELETE_USER, {"ADMIN"}));
    REQUIRE(admin.add_user("ADMIN", 2, kPassword));
    const auto weak = admin.cmds(SFC_CMDS_BACKUP_USER, {"ADMIN"});
    REQUIRE(weak);
    REQUIRE(admin.cmds(SFC_CMDS_DELETE_USER, {"ADMIN"}));
    REQUIRE(admin.add_user("ADMIN", 0x22000000, *admin_key()));
    Caller only(device);
    only.as_admin();
    CHECK(code_of(only.cmds(SFC_CMDS_DELETE_USER, {"SECOND"})) == E_CMDS_USER_ACTIVE);
    REQUIRE(admin.cmds(SFC_CMDS_LOGOFF));
    REQUIRE(only.cmds(SFC_CMDS_DELETE_USER, {"SECOND"}));
    CHECK(code_of(only.cmds(SFC_CMDS_RESTORE_USER, {*weak})) == E_CMDS_ADMIN_AMPUTATION);
    CHECK(info_of(only, "ADMIN").block.u32("permission") == 0x22000000);
}

TEST_CASE("functions that a profile switches off answer so, sealed or not, and others work") {
    Profile profile = profile_named("se-gen2");
    profile.disabled_functions = {{FC_CMDS, SFC_CMDS_ADD_USER}};
    Simulated device(profile);
    Caller admin(device);
    admin.as_admin();
    CHECK(code_of(admin.add_user("ALICE", 2, kPassword)) == E_CMDS_SFC_DISABLED);
    CHECK(code_of(admin.cmds(SFC_CMDS_LIST_USERS, {""})) == 0);
}

TEST_CASE("a temporary user lives until the device starts again") {
    Simulated device;
    {
        Caller admin(device);
        REQUIRE(admin.as_admin().add_user("GUEST", 2, kPassword, UFLG_TMP));
        REQUIRE(admin.add_user("ALICE", 2, kPassword));
        CHECK(info_of(admin, "GUEST").block.u8("flags") == UFLG_TMP);
        REQUIRE(admin.call(FC_ADM, SFC_ADM_RESTART));
        Caller after(device);
        CHECK(code_of(after.cmds(SFC_CMDS_GET_USER_INFO, {"GUEST"})) == E_CMDS_NO_USER);
        CHECK(code_of(after.cmds(SFC_CMDS_GET_USER_INFO, {"ALICE"})) == 0);
        REQUIRE(after.as_admin().add_user("GUEST", 2, kPassword, UFLG_TMP));
    }
    device.reboot(device.profile());
    Caller after(device);
    CHECK(code_of(after.cmds(SFC_CMDS_GET_USER_INFO, {"GUEST"})) == E_CMDS_NO_USER);
    CHECK(code_of(after.cmds(SFC_CMDS_GET_USER_INFO, {"ALICE"})) == 0);
}

TEST_CASE("when an alarm erased the users, the factory user is left to reset it, and nobody else") {
    Simulated device;
    REQUIRE(Caller(device).as_admin().add_user("ALICE", 0x22000000, *other_key()));
    REQUIRE(Caller(device, Reach::control).plain(FC_SIM, SFC_SIM_RAISE_ALARM, {3}));
    Caller caller(device);
    REQUIRE(caller.open_session({SM_MODE_ECDH, SM_MECH_AES_GCM}));
    CHECK(code_of(caller.logon("ALICE", *other_key())) == E_DB_BAD_MKEY);
    CHECK(code_of(caller.logon("ADMIN", *other_key())) == E_CMDS_AUTH_FAILED);
    CHECK(code_of(caller.call(FC_ADM, SFC_ADM_RESET_ALARM)) == E_CMDS_DENIED);
    REQUIRE(caller.logon("ADMIN", *admin_key()));
    CHECK(code_of(caller.add_user("ALICE", 2, kPassword)) == E_CMDS_ALARM);
    CHECK(code_of(caller.call(FC_ADM, SFC_ADM_RESET_ALARM)) == 0);
    REQUIRE(caller.call(FC_ADM, SFC_ADM_RESTART));
    Caller after(device);
    CHECK(code_of(after.cmds(SFC_CMDS_GET_USER_INFO, {"ALICE"})) == E_CMDS_NO_USER);
    CHECK(code_of(after.as_admin().add_user("ALICE", 2, kPassword)) == 0);
}

TEST_CASE("certified firmware keeps a limit of failed logons") {
    for (const std::string_view name : {"se-gen2-fips", "cp5"}) {
        Simulated device(name);
        Caller admin(device);
        admin.as_admin();
        const auto limit = admin.cmds(SFC_CMDS_GET_MAX_AUTH_FAILS);
        REQUIRE(limit);
        CHECK((*limit)[0] == device.profile().max_auth_fails);
        CHECK(admin.cmds(SFC_CMDS_SET_MAX_AUTH_FAILS, {3}));
        CHECK((*admin.cmds(SFC_CMDS_GET_MAX_AUTH_FAILS))[0] == 3);
    }
}

TEST_CASE("a temporary administrator is none: the last lasting one stays") {
    Simulated device;
    Caller admin(device);
    admin.as_admin();
    make_mbk(admin);
    const Bytes token = public_key_der(*other_key());
    REQUIRE(admin.cmds(SFC_CMDS_ADD_USER, {"GUEST", 0x22000000, MECH_RSA_SIGN, UFLG_TMP, "", token}));
    Caller guest(device);
    REQUIRE(guest.open_session());
    REQUIRE(guest.logon("GUEST", *other_key()));
    REQUIRE(admin.cmds(SFC_CMDS_LOGOFF));
    CHECK(code_of(guest.cmds(SFC_CMDS_DELETE_USER, {"ADMIN"})) == E_CMDS_ADMIN_AMPUTATION);

    // Nor does one come in their place by a restore of a temporary namesake.
    REQUIRE(guest.add_user("SECOND", 0x22000000, *other_key()));
    REQUIRE(guest.cmds(SFC_CMDS_DELETE_USER, {"ADMIN"}));
    REQUIRE(guest.cmds(SFC_CMDS_ADD_USER, {"ADMIN", 0x22000000, MECH_RSA_SIGN, UFLG_TMP, "", token}));
    const auto temporary = guest.cmds(SFC_CMDS_BACKUP_USER, {"ADMIN"});
    REQUIRE(temporary);
    REQUIRE(guest.cmds(SFC_CMDS_DELETE_USER, {"ADMIN"}));
    REQUIRE(guest.add_user("ADMIN", 0x22000000, *admin_key()));
    REQUIRE(guest.cmds(SFC_CMDS_DELETE_USER, {"SECOND"}));
    CHECK(code_of(guest.cmds(SFC_CMDS_RESTORE_USER, {*temporary})) == E_CMDS_ADMIN_AMPUTATION);
    CHECK(info_of(guest, "ADMIN").block.u8("flags") == 0);
}

TEST_CASE("users come in pages, as many as there are") {
    Simulated device;
    Caller admin(device);
    admin.as_admin();
    constexpr unsigned kUsers = 300;
    const std::string attributes = "CXI_GROUP=" + std::string(1000, 'G');
    for (unsigned i = 0; i < kUsers; ++i)
        REQUIRE(admin.add_user("U" + std::to_string(1000 + i), 2, kPassword, 0, attributes));
    std::set<std::string> seen;
    std::string after;
    std::size_t pages = 0;
    for (bool more = true; more; ++pages) {
        const auto answer = admin.cmds(SFC_CMDS_LIST_USERS, {after});
        REQUIRE(answer);
        for (ByteView rest = *answer; !rest.empty();) {
            const auto user = parse_prefix(LAYOUT_USER, rest);
            REQUIRE(user);
            after = std::string(user->text("short"));
            after.resize(after.find_last_not_of('\0') + 1);
            CHECK(seen.insert(after).second);
        }
        more = answer->size() >= kUserPage;
    }
    CHECK(seen.size() == kUsers + 1);
    CHECK(pages > 1);
    // Listing takes no snapshot, of which there are few: four hundred callers list at once.
    std::atomic<int> refused{0};
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 8; ++thread)
        threads.emplace_back([&] {
            std::vector<std::unique_ptr<Caller>> callers;
            for (int i = 0; i < 50; ++i) callers.push_back(std::make_unique<Caller>(device));
            for (const auto& caller : callers)
                if (!caller->plain(FC_CMDS, SFC_CMDS_LIST_USERS, {"U1290"})) ++refused;
        });
    threads.clear();
    CHECK(refused == 0);
}

TEST_CASE("names longer than any user's are refused, and push nothing out of the audit log") {
    Simulated device;
    Caller admin(device);
    REQUIRE(admin.as_admin().add_user("WITNESS_OF_ALL", 2, kPassword));
    Caller caller(device);
    REQUIRE(caller.open_session());
    for (int i = 0; i < 700; ++i)
        REQUIRE(code_of(caller.logon(std::string(60000, 'n'), kPassword)) == E_CMDS_NO_USER);
    const auto log = caller.call(FC_ADM, SFC_ADM_GET_AUDIT_LOG, {0});
    REQUIRE(log);
    CHECK(as_text(*log).find("[ADMIN] add user WITNESS_OF_ALL\n") != std::string_view::npos);
    CHECK(as_text(*log).find("nnn... (60000 characters): logon refused: B083") != std::string_view::npos);
}

TEST_CASE(
    "where the profile has expressions, a user whose CXI_GROUP is none is refused, and one that is counts") {
    for (const auto& [name, refusal] :
         {std::pair("se-gen2", E_CMDS_BAD_ATT), std::pair("se-gen2-fips", E_CMDS_BAD_ATT_FIPS),
          std::pair("cp5", E_CMDS_BAD_ATT_CC)}) {
        Profile profile = profile_named(name);
        profile.group_expressions = true;
        Simulated device(profile);
        Caller admin(device);
        admin.as_admin();
        for (const std::string bad : {"(", "*", "a)(b", "a{2}", "(((((a)))))", "A,B["}) {
            INFO(bad);
            CHECK(code_of(admin.add_user("BAD", 2, kPassword, 0, "CXI_GROUP=" + bad)) == refusal);
            CHECK(code_of(admin.cmds(SFC_CMDS_GET_USER_INFO, {"BAD"})) == E_CMDS_NO_USER);
        }
        CHECK(code_of(admin.add_user("GOOD", 2, kPassword, 0, "CXI_GROUP=SLOT_000[0-3]|Prod.*")) == 0);
        Caller good(device);
        REQUIRE(good.open_session());
        REQUIRE(code_of(good.logon("GOOD", kPassword)) == 0);
        const auto state = [&](std::string_view group) {
            const auto answer = good.call(FC_CXI, SFC_CXI_P11_PERMISSIONS, {group});
            REQUIRE(code_of(answer) == 0);
            return big_endian(*answer);
        };
        CHECK(state("SLOT_0003") == 2);
        CHECK(state("ProdKey") == 2);
        CHECK(state("SLOT_0004") == 0);
        CHECK(state("XProd") == 0);
        CHECK(state("") == 0);
    }
}
