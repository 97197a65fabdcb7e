// FIPS and CC: rules of users, logon and secure messaging.
#include "test/unit/cmds/provocation.h"

namespace cs2sim {
namespace {

// A mechanism that certified firmware lacks, a flag that it refuses, attributes that are none.
std::uint32_t add(std::string_view profile, std::uint32_t permission, std::uint8_t mechanism,
                  std::uint8_t flags, std::string_view attributes) {
    Simulated device(profile);
    return code_of(Caller(device).as_admin().cmds(
        SFC_CMDS_ADD_USER, {"ALICE", permission, mechanism, flags, attributes, "password"}));
}

std::uint32_t without_logon(std::string_view profile) {
    Simulated device(profile);
    return code_of(Caller(device).add_user("ALICE", 2, "password"));
}

std::uint32_t static_logon(std::string_view profile) {
    Simulated device(profile);
    return code_of(Caller(device).logon("ADMIN", *admin_key()));
}

std::uint32_t no_limit(std::string_view profile) {
    Simulated device(profile);
    return code_of(Caller(device).as_admin().cmds(SFC_CMDS_SET_MAX_AUTH_FAILS, {0}));
}

std::uint32_t backup(std::string_view profile) {
    Simulated device(profile);
    return code_of(Caller(device).as_admin().call(FC_ADM, SFC_ADM_BACKUP_OPEN, {"user.db"}));
}

constexpr std::string_view kFips = "se-gen2-fips";
constexpr std::string_view kCc = "cp5";

constexpr Provocation kProvocations[] = {
    {E_CMDS_DENIED_FIPS, [] { return without_logon(kFips); }},
    {E_CMDS_DENIED_CC, [] { return without_logon(kCc); }},
    {E_CMDS_BAD_MECH_FIPS, [] { return add(kFips, 2, MECH_CLR_PWD, 0, ""); }},
    {E_CMDS_BAD_MECH_CC, [] { return add(kCc, 2, MECH_CLR_PWD, 0, ""); }},
    {E_CMDS_BAD_ATT_FIPS, [] { return add(kFips, 2, MECH_HMAC_PWD, 0, "=x"); }},
    {E_CMDS_BAD_ATT_CC, [] { return add(kCc, 2, MECH_HMAC_PWD, 0, "=x"); }},
    {E_CMDS_BAD_USER_FLAG_FIPS, [] { return add(kFips, 2, MECH_HMAC_PWD, UFLG_LOGIN, ""); }},
    {E_CMDS_BAD_USER_FLAG_CC, [] { return add(kCc, 2, MECH_HMAC_PWD, UFLG_LOGIN, ""); }},
    {E_CMDS_SM_MISSING_FIPS, [] { return static_logon(kFips); }},
    {E_CMDS_SM_MISSING_CC, [] { return static_logon(kCc); }},
    {E_CMDS_PARAM_FIPS, [] { return no_limit(kFips); }},
    {E_CMDS_PARAM_CC, [] { return no_limit(kCc); }},
    {E_CMDS_FIPS_BLOCKED, [] { return backup(kFips); }},
    {E_CMDS_CC_BLOCKED, [] { return backup(kCc); }},
    {E_CMDS_CC_HIGH_PERM, [] { return add(kCc, 4, MECH_HMAC_PWD, 0, ""); }},
    {E_CMDS_BAD_PERM_CC, [] { return add(kCc, 0x20000002, MECH_HMAC_PWD, 0, ""); }},
    {E_CMDS_BAD_TOKEN_CC,
     [] {
         Simulated device(kCc);
         return code_of(Caller(device).as_admin().cmds(
             SFC_CMDS_ADD_USER, {"ALICE", 2u, MECH_RSA_SIGN, 0, "", hex_bytes(kShortRsaKey)}));
     }},
    {E_CMDS_CC_SM_MA,
     [] {
         Simulated device(kCc);
         return code_of(Caller(device).open_session({SM_MODE_ECDH, SM_MECH_AES_CMAC}));
     }},
    {E_CMDS_LOGIN_CC,
     [] {  // a user of the time before certification
         Profile old = profile_named("fw-4.3x");
         old.min_rsa_bits = 2048;
         Simulated device(old);
         REQUIRE(Caller(device).as_admin().add_user("OLD", 2, "password", UFLG_LOGIN));
         device.reboot(profile_named(kCc));
         Caller caller(device);
         REQUIRE(caller.open_session());
         return code_of(caller.logon("OLD", "password"));
     }},
};

}  // namespace

std::span<const Provocation> certified_provocations() { return kProvocations; }

}  // namespace cs2sim
