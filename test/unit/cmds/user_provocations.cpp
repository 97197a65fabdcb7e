// Users: their rules, user.db, backups of users.
#include "firmware/cmds/cmds.h"
#include "firmware/db/sqlite/sqlite.h"
#include "firmware/smos/smos.h"
#include "test/unit/cmds/provocation.h"

namespace cs2sim {
namespace {

// Adds one user as the factory administrator; the code that comes back.
std::uint32_t add(std::string_view name, std::uint8_t mechanism, std::uint8_t flags,
                  std::string_view attributes, ByteView token) {
    Simulated device;
    return code_of(
        Caller(device).as_admin().cmds(SFC_CMDS_ADD_USER, {name, 2u, mechanism, flags, attributes, token}));
}

ByteView password() { return as_bytes("password"); }

constexpr Provocation kProvocations[] = {
    {E_CMDS_DENIED,
     [] {
         Simulated device;
         return code_of(Caller(device).add_user("ALICE", 2, "password"));
     }},
    {E_CMDS_BAD_NAME, [] { return add("A B", MECH_HMAC_PWD, 0, "", password()); }},
    {E_CMDS_USER_EXISTS, [] { return add("ADMIN", MECH_HMAC_PWD, 0, "", password()); }},
    {E_CMDS_BAD_MECH, [] { return add("ALICE", 9, 0, "", password()); }},
    {E_CMDS_BAD_ATT, [] { return add("ALICE", MECH_HMAC_PWD, 0, "CXI_GROUP", password()); }},
    {E_CMDS_BAD_PERM,
     [] {  // of a user whose name says another role
         Simulated device;
         return code_of(Caller(device).as_admin().call(
             FC_CXI, SFC_CXI_USER_ADD,
             {"USR_0001", 0x200, MECH_HMAC_PWD, 0, "CXI_GROUP=SLOT_0001", "password1"}));
     }},
    {E_CMDS_BAD_TOKEN, [] { return add("ALICE", MECH_RSA_SIGN, 0, "", as_bytes("no key")); }},
    {E_CMDS_BAD_TOKEN,  // a modulus that no RSA key has: the last but five of the bytes is its last
     [] {
         Bytes token = public_key_der(**generate_rsa(2048));
         token[token.size() - 6] &= 0xFE;
         return add("ALICE", MECH_RSA_SIGN, 0, "", token);
     }},
    {E_CMDS_BAD_TOKEN,  // any odd modulus, and an exponent as long: each logon would compute for long
     [] {
         Bytes number(512, 0xA5);
         number[511] |= 1;
         const auto key = rsa_public_key(number, number);
         return key ? add("ALICE", MECH_RSA_SIGN, 0, "", public_key_der(**key)) : 0;
     }},
    {E_CMDS_BAD_TOKEN,  // the point at infinity of P-256
     [] {
         return add("ALICE", MECH_ECDSA, 0, "",
                    hex_bytes("3019301306072A8648CE3D020106082A8648CE3D03010703020000"));
     }},
    {E_CMDS_USER_FLAG_NOT_ALLOWED, [] { return add("ALICE", MECH_HMAC_PWD, 0x40, "", password()); }},
    {E_CMDS_NO_USER,
     [] {
         Simulated device;
         return code_of(Caller(device).as_admin().cmds(SFC_CMDS_DELETE_USER, {"NOBODY"}));
     }},
    {E_CMDS_USER_ACTIVE,
     [] {
         Simulated device;
         Caller admin(device);
         REQUIRE(admin.as_admin().add_user("ALICE", 2, "password"));
         Caller alice(device);
         REQUIRE(alice.open_session());
         REQUIRE(alice.logon("ALICE", "password"));
         return code_of(admin.cmds(SFC_CMDS_DELETE_USER, {"ALICE"}));
     }},
    {E_CMDS_ADMIN_AMPUTATION,
     [] {
         Simulated device;
         return code_of(Caller(device).as_admin().cmds(SFC_CMDS_DELETE_USER, {"ADMIN"}));
     }},
    {E_CMDS_AUTH_FAIL_CNT_EXCEEDED,
     [] {
         Simulated device;
         Caller admin(device);
         REQUIRE(admin.as_admin().add_user("ALICE", 2, "password"));
         REQUIRE(admin.cmds(SFC_CMDS_SET_MAX_AUTH_FAILS, {2}));
         Caller alice(device);
         REQUIRE(alice.open_session());
         for (int i = 0; i < 2; ++i) REQUIRE(code_of(alice.logon("ALICE", "wrong")) == E_CMDS_AUTH_FAILED);
         return code_of(alice.logon("ALICE", "password"));
     }},
    {E_CMDS_MAX_AUTH_FAIL_READ,
     [] {
         Simulated device;
         damage_failure_limit(device);
         Caller caller(device);
         REQUIRE(caller.open_session());
         return code_of(caller.logon("ADMIN", *admin_key()));
     }},
    {E_CMDS_NVRAM,
     [] {  // the storage refuses every change of the limit
         Simulated device;
         refuse_numbers(device);
         return code_of(Caller(device).as_admin().cmds(SFC_CMDS_SET_MAX_AUTH_FAILS, {5}));
     }},
    {E_CMDS_BAD_UDB_ENTRY,
     [] {
         Simulated device;
         add_broken_user(device);
         return code_of(Caller(device).cmds(SFC_CMDS_GET_USER_INFO, {"BROKEN"}));
     }},
    {E_CMDS_NO_MBK_KEY,
     [] {
         Simulated device("cse");  // no MBK from the factory
         return code_of(Caller(device).as_admin().cmds(SFC_CMDS_BACKUP_USER, {"ADMIN"}));
     }},
    {E_CMDS_INVAL_BCK,
     [] {
         Simulated device;
         return code_of(Caller(device).as_admin().cmds(SFC_CMDS_RESTORE_USER, {"no backup"}));
     }},
    {E_CMDS_IN_USE,
     [] {  // a module that is there already
         Simulated device;
         return code_of(device.device().publish(transport_module()));
     }},
    {E_CMDS_BAD_INITKEY,
     [] {  // a new device gets no key of an administrator: it does not boot
         const ScratchFolder folder;
         return code_of(SimulatedDevice::boot({folder.path(), profile_named("se-gen2"), hex_bytes("00")}));
     }},
};

}  // namespace

void refuse_numbers(Simulated& device) {
    device.reboot(device.profile(), [&] {
        Sqlite connection;
        REQUIRE(connection.open(device.state() / "nvram.db", SQLITE_OPEN_READWRITE) == SQLITE_OK);
        REQUIRE(connection.run("CREATE TRIGGER refuse BEFORE INSERT ON numbers BEGIN "
                               "SELECT RAISE(ABORT, 'no'); END") == SQLITE_OK);
    });
}

void add_broken_user(Simulated& device) {
    device.reboot(device.profile(), [&] {
        const auto smos = Smos::open(device.state());
        REQUIRE(smos);
        DatabaseStore databases(**smos);
        const auto users = databases.open("user.db");
        REQUIRE(users);
        REQUIRE((*users)->insert(as_bytes(std::string_view("BROKEN\0\0", 8)), as_bytes("no record")));
    });
}

void damage_failure_limit(Simulated& device) {
    device.reboot(device.profile(), [&] {
        const auto smos = Smos::open(device.state());
        REQUIRE(smos);
        REQUIRE((*smos)->nvram.set_number("max_auth_fails", 70000));
    });
}

std::span<const Provocation> user_provocations() { return kProvocations; }

}  // namespace cs2sim
