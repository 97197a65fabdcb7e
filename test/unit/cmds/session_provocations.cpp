// Challenge, logon, sessions with secure messaging.
#include <chrono>
#include <thread>

#include "test/unit/cmds/provocation.h"

namespace cs2sim {
namespace {

void let_pass(int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

constexpr Provocation kProvocations[] = {
    {E_CMDS_CHALLENGE_LEN,
     [] {  // a tool of today before a firmware of yesterday (guide G17)
         Simulated device("fw-4.20");
         return code_of(Caller(device).challenge(16));
     }},
    {E_CMDS_BAD_AUTH_CMD,
     [] {  // no challenge was asked for
         Simulated device;
         Caller caller(device);
         REQUIRE(caller.open_session());
         return code_of(caller.cmds(SFC_CMDS_LOGON, {"ADMIN", MECH_RSA_SIGN, "x"}));
     }},
    {E_CMDS_AUTH_FAILED,
     [] {
         Simulated device;
         Caller caller(device);
         REQUIRE(caller.open_session());
         return code_of(caller.logon("ADMIN", *other_key()));
     }},
    {E_CMDS_STATIC_LOGIN,
     [] {
         Simulated device;
         return code_of(Caller(device).logon("ADMIN", *admin_key()));
     }},
    {E_CMDS_USER_MODE,
     [] {
         Simulated device("fw-4.20");
         REQUIRE(Caller(device).as_admin().add_user("SEALED", 2, "password", UFLG_SM_AUTH));
         return code_of(Caller(device).logon("SEALED", "password"));
     }},
    {E_CMDS_BAD_AUTH_MECH,
     [] {  // the user is older than the firmware
         Simulated device;
         REQUIRE(
             Caller(device).as_admin().cmds(SFC_CMDS_ADD_USER, {"OLD", 2u, MECH_CLR_PWD, 0, "", "password"}));
         device.reboot(profile_named("se-gen2-fips"));
         Caller caller(device);
         REQUIRE(caller.open_session());
         return code_of(caller.logon("OLD", "password", MECH_CLR_PWD));
     }},
    {E_CMDS_MAX_AUTH_USER_REACHED,
     [] {
         Profile profile = profile_named("se-gen2");
         profile.max_users_per_session = 1;
         Simulated device(profile);
         Caller caller(device);
         REQUIRE(caller.as_admin().add_user("SECOND", 2, "password"));
         return code_of(caller.logon("SECOND", "password"));
     }},
    {E_CMDS_LOGOFF_FAILED,
     [] {
         Simulated device;
         return code_of(Caller(device).plain(FC_CMDS, SFC_CMDS_CLOSE_SESSION));
     }},
    {E_CMDS_NO_MEM,
     [] {
         Profile profile = profile_named("se-gen2");
         profile.max_sessions = 1;
         Simulated device(profile);
         Caller first(device);
         first.as_admin();
         return code_of(Caller(device).open_session());
     }},
    {E_CMDS_BAD_SM_MODE,
     [] {
         Simulated device("fw-5.x");
         return code_of(Caller(device).open_session({SM_MODE_DH, SM_MECH_AES}));
     }},
    {E_CMDS_SM_DH_BAD_PARAM,
     [] {
         Simulated device;
         return code_of(Caller(device).plain(FC_CMDS, SFC_CMDS_OPEN_SESSION,
                                             {SM_MODE_DH, SM_MECH_AES_CMAC, hex_bytes("01")}));
     }},
    {E_CMDS_SM_ID,
     [] {  // the session of another connection
         Simulated device;
         Caller owner(device);
         REQUIRE(owner.open_session());
         REQUIRE(owner.cmds(SFC_CMDS_GET_AUTH_STATE));
         return code_of(Caller(device).frame(owner.last_envelope()));
     }},
    {E_CMDS_SM_FAILED,
     [] {  // replay
         Simulated device;
         Caller caller(device);
         REQUIRE(caller.open_session());
         REQUIRE(caller.cmds(SFC_CMDS_GET_AUTH_STATE));
         return code_of(caller.frame(caller.last_envelope()));
     }},
    {E_CMDS_SM_EXPIRED,
     [] {
         Profile profile = profile_named("se-gen2");
         profile.session_seconds = 1;
         Simulated device(profile);
         Caller caller(device);
         REQUIRE(caller.open_session());
         let_pass(1100);
         return code_of(caller.cmds(SFC_CMDS_GET_AUTH_STATE));
     }},
    {E_CMDS_SM_SESS_CLOSED,
     [] {
         Simulated device;
         Caller caller(device);
         REQUIRE(caller.open_session());
         REQUIRE(caller.cmds(SFC_CMDS_CLOSE_SESSION));
         return code_of(caller.cmds(SFC_CMDS_GET_AUTH_STATE));
     }},
};

}  // namespace

std::span<const Provocation> session_provocations() { return kProvocations; }

}  // namespace cs2sim
