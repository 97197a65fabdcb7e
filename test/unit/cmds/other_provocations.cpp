// The codes of CMDS by every other function that answers them: what the first provocation of a code does by
// one function, these do by the rest.
#include "firmware/crypto/aead.h"
#include "firmware/db/sqlite/sqlite.h"
#include "firmware/mbk/mbk.h"
#include "firmware/smos/smos.h"
#include "test/unit/cmds/provocation.h"

namespace cs2sim {
namespace {

// A user as one could stand in a backup of an older device, or of another kind.
User user_with(std::uint8_t mechanism, ByteView token) {
    User user;
    user.short_name = "ALICE";
    user.permission = 2;
    user.mechanism = mechanism;
    user.token = to_secret(token);
    return user;
}

User clerk() { return user_with(MECH_HMAC_PWD, as_bytes("password")); }

// Restores `user` on a device of that profile, from a backup sealed under the device's own MBK; the code that
// comes back.
std::uint32_t restore(const User& user, std::string_view profile = "se-gen2") {
    Simulated device;
    REQUIRE(Caller(device).as_admin().call(FC_MBK, SFC_MBK_GENERATE, {2, 32, 2, 2, "UNITTEST"}));
    Bytes record;
    device.reboot(profile_named(profile), [&] {
        const auto smos = Smos::open(device.state());
        REQUIRE(smos);
        DatabaseStore databases(**smos);
        MbkStore mbk(**smos, databases);
        const auto resident = mbk.resident(kMbkSlotAes);
        REQUIRE(resident);
        const auto key = resident->derive("cs2sim user backup", {}, 32);
        REQUIRE(key);
        const auto name = user_search_key(user.short_name);
        Aead seal(*key);
        const Bytes sealed = seal.seal(Users::encode(user).value(), {name});
        record = compose(LAYOUT_USER_BACKUP, {1, name, resident->info().hash, sealed}).value();
    });
    return code_of(Caller(device).as_admin().cmds(SFC_CMDS_RESTORE_USER, {record}));
}

std::uint32_t restore_with(std::string_view profile, void (*change)(User&)) {
    User user = clerk();
    change(user);
    return restore(user, profile);
}

std::uint32_t as_admin(std::uint8_t sfc, std::initializer_list<Value> values,
                       std::string_view profile = "se-gen2") {
    Simulated device(profile);
    return code_of(Caller(device).as_admin().cmds(sfc, values));
}

// A device whose NVRAM takes no numbers, or whose user.db holds a record that is none.
void refuse_numbers(Simulated& device) {
    device.reboot(device.profile(), [&] {
        Sqlite connection;
        REQUIRE(connection.open(device.state() / "nvram.db", SQLITE_OPEN_READWRITE) == SQLITE_OK);
        REQUIRE(connection.run("CREATE TRIGGER refuse BEFORE INSERT ON numbers BEGIN "
                               "SELECT RAISE(ABORT, 'no'); END") == SQLITE_OK);
    });
}

std::uint32_t with_broken_user(std::uint32_t (*meet)(Simulated&)) {
    Simulated device;
    device.reboot(device.profile(), [&] {
        const auto smos = Smos::open(device.state());
        REQUIRE(smos);
        DatabaseStore databases(**smos);
        const auto users = databases.open("user.db");
        REQUIRE(users);
        REQUIRE((*users)->insert(as_bytes(std::string_view("BROKEN\0\0", 8)), as_bytes("no record")));
    });
    return meet(device);
}

constexpr Provocation kProvocations[] = {
    {E_CMDS_INVAL,
     [] {
         Simulated device;
         Caller caller(device);
         REQUIRE(caller.open_session());
         return code_of(caller.cmds(SFC_CMDS_OPEN_SESSION, {5, 3, "x"}));
     }},
    {E_CMDS_INVAL,
     [] {
         Simulated device;
         Caller caller(device);
         REQUIRE(caller.open_session());
         return code_of(caller.cmds(SFC_CMDS_SECURE_MESSAGE, {1, Bytes(16), "x"}));
     }},
    {E_CMDS_BAD_CMD,
     [] {  // sealed, but too short for FC and SFC
         Simulated device;
         Caller caller(device);
         REQUIRE(caller.open_session());
         return code_of(caller.sealed(Bytes{0}));
     }},
    {E_CMDS_BAD_MODE, [] { return as_admin(SFC_CMDS_SET_ADMIN_MODE, {2}); }},
    {E_CMDS_BAD_MODE, [] { return as_admin(SFC_CMDS_SET_STARTUP_MODE, {2}); }},
    {E_CMDS_BAD_MODE,
     [] {
         Simulated device;
         return code_of(Caller(device).plain(FC_CMDS, SFC_CMDS_OPEN_SESSION, {99, 3, "x"}));
     }},
    {E_CMDS_BAD_MECH,
     [] {
         Simulated device;
         return code_of(Caller(device).plain(FC_CMDS, SFC_CMDS_OPEN_SESSION, {5, 99, "x"}));
     }},
    {E_CMDS_BAD_MECH,
     [] {
         Simulated device;
         Caller caller(device);
         REQUIRE(caller.open_session());
         return code_of(caller.logon("ADMIN", "password"));
     }},
    {E_CMDS_MAX_AUTH_FAIL_READ,
     [] {
         Simulated device;
         damage_failure_limit(device);
         return code_of(Caller(device).plain(FC_CMDS, SFC_CMDS_GET_MAX_AUTH_FAILS));
     }},
    {E_CMDS_NVRAM,
     [] {
         Simulated device;
         refuse_numbers(device);
         return code_of(Caller(device).as_admin().cmds(SFC_CMDS_SET_STARTUP_MODE, {1}));
     }},
    {E_CMDS_NO_USER,
     [] {
         Simulated device;
         Caller caller(device);
         REQUIRE(caller.open_session());
         return code_of(caller.logon("NOBODY", "password"));
     }},
    {E_CMDS_NO_USER,
     [] {
         return as_admin(SFC_CMDS_CHANGE_USER, {"NOBODY", "password"});
     }},
    {E_CMDS_NO_USER, [] { return as_admin(SFC_CMDS_GET_USER_INFO, {"NOBODY"}); }},
    {E_CMDS_NO_USER, [] { return as_admin(SFC_CMDS_BACKUP_USER, {"NOBODY"}); }},
    {E_CMDS_BAD_TOKEN,
     [] {
         return as_admin(SFC_CMDS_CHANGE_USER, {"ADMIN", "no key"});
     }},
    {E_CMDS_BAD_TOKEN_CC,
     [] {
         return as_admin(SFC_CMDS_CHANGE_USER, {"ADMIN", hex_bytes(kShortRsaKey)}, "cp5");
     }},
    {E_CMDS_NO_MBK_KEY,
     [] {
         const Bytes record = compose(LAYOUT_USER_BACKUP, {1, "ALICE", Bytes(16), "sealed"}).value();
         return as_admin(SFC_CMDS_RESTORE_USER, {record}, "cse");  // no MBK from the factory
     }},
    {E_CMDS_BAD_UDB_ENTRY,
     [] {
         return with_broken_user([](Simulated& device) {
             return code_of(Caller(device).plain(FC_CMDS, SFC_CMDS_GET_USER_INFO, {"BROKEN"}));
         });
     }},
    {E_CMDS_BAD_UDB_ENTRY,
     [] {
         return with_broken_user([](Simulated& device) {
             Caller caller(device);
             REQUIRE(caller.open_session());
             return code_of(caller.logon("BROKEN", "password"));
         });
     }},
    {E_CMDS_BAD_UDB_ENTRY,
     [] {
         return with_broken_user([](Simulated& device) {
             return code_of(Caller(device).as_admin().add_user("BROKEN", 2, "password"));
         });
     }},
    {E_CMDS_ADMIN_AMPUTATION,
     [] {
         User admin = clerk();
         admin.short_name = "ADMIN";
         return restore(admin);
     }},
    {E_CMDS_BAD_MECH, [] { return restore(user_with(9, as_bytes("x"))); }},
    {E_CMDS_BAD_ATT,
     [] { return restore_with("se-gen2", [](User& user) { user.attributes = "CXI_GROUP"; }); }},
    {E_CMDS_BAD_TOKEN, [] { return restore(user_with(MECH_RSA_SIGN, as_bytes("no key"))); }},
    {E_CMDS_USER_FLAG_NOT_ALLOWED,
     [] { return restore_with("se-gen2", [](User& user) { user.flags = 0x40; }); }},
    {E_CMDS_BAD_MECH_FIPS,
     [] { return restore(user_with(MECH_CLR_PWD, as_bytes("password")), "se-gen2-fips"); }},
    {E_CMDS_BAD_ATT_FIPS,
     [] { return restore_with("se-gen2-fips", [](User& user) { user.attributes = "A"; }); }},
    {E_CMDS_BAD_USER_FLAG_FIPS,
     [] { return restore_with("se-gen2-fips", [](User& user) { user.flags = UFLG_LOGIN; }); }},
    {E_CMDS_BAD_MECH_CC, [] { return restore(user_with(MECH_CLR_PWD, as_bytes("password")), "cp5"); }},
    {E_CMDS_BAD_ATT_CC, [] { return restore_with("cp5", [](User& user) { user.attributes = "A"; }); }},
    {E_CMDS_BAD_USER_FLAG_CC,
     [] { return restore_with("cp5", [](User& user) { user.flags = UFLG_LOGIN; }); }},
    {E_CMDS_BAD_PERM_CC,
     [] { return restore_with("cp5", [](User& user) { user.permission = 0x20000002; }); }},
    {E_CMDS_CC_HIGH_PERM, [] { return restore_with("cp5", [](User& user) { user.permission = 4; }); }},
    {E_CMDS_BAD_TOKEN_CC, [] { return restore(user_with(MECH_RSA_SIGN, hex_bytes(kShortRsaKey)), "cp5"); }},
};

}  // namespace

std::span<const Provocation> other_provocations() { return kProvocations; }

}  // namespace cs2sim
