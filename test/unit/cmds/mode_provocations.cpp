// Alarm, error states, administration-only mode: what the rows of functions bar.
#include "firmware/faults/rules/rule.h"
#include "firmware/protocol/cxi/constants.h"
#include "test/unit/cmds/provocation.h"

namespace cs2sim {
namespace {

// Switches the mode by name through the simulator's control module.
void enter(Simulated& device, std::string_view mode) {
    const auto* name = std::ranges::find(kDeviceModes, mode);
    REQUIRE(name != std::end(kDeviceModes));
    REQUIRE(
        Caller(device, Reach::control).plain(FC_SIM, SFC_SIM_SET_MODE, {name - std::begin(kDeviceModes)}));
}

std::uint32_t add_user_in(std::string_view profile, std::string_view mode) {
    Simulated device(profile);
    enter(device, mode);
    return code_of(Caller(device).add_user("ALICE", 2, "password"));
}

std::uint32_t challenge_in(std::string_view profile, std::string_view mode) {
    Simulated device(profile);
    enter(device, mode);
    return code_of(Caller(device).challenge(16));
}

void raise_alarm(Simulated& device) {
    REQUIRE(Caller(device, Reach::control).plain(FC_SIM, SFC_SIM_RAISE_ALARM, {3}));
}

constexpr Provocation kProvocations[] = {
    {E_CMDS_ALARM,
     [] {
         Simulated device;
         raise_alarm(device);
         return code_of(Caller(device).add_user("ALICE", 2, "password"));
     }},
    {E_CMDS_SM_MA_ALARM,
     [] {
         Simulated device;
         raise_alarm(device);
         return code_of(Caller(device).open_session({SM_MODE_DH_MA_RSA, SM_MECH_AES_CMAC}));
     }},
    {E_CMDS_SM_MA_ALARM,
     [] {
         Simulated device;
         raise_alarm(device);
         return code_of(Caller(device).plain(FC_CMDS, SFC_CMDS_OPEN_SESSION,
                                             {SM_MODE_DH_MA_RSA | 0x80, SM_MECH_AES_CMAC, ByteView()}));
     }},
    {E_CMDS_ADMIN_BAD_FUNC,
     [] {
         Simulated device;
         REQUIRE(Caller(device).as_admin().cmds(SFC_CMDS_SET_ADMIN_MODE, {1}));
         return code_of(Caller(device).plain(FC_CXI, SFC_CXI_RND_GEN, {0, 16}));
     }},
    {E_CMDS_ERROR_STATE, [] { return add_user_in("se-gen2-fips", "fips-error"); }},
    {E_CMDS_AUTH_FIPS_ESTATE, [] { return challenge_in("se-gen2-fips", "fips-error"); }},
    {E_CMDS_CC_ERROR_STATE, [] { return add_user_in("cp5", "cc-error"); }},
    {E_CMDS_AUTH_CC_ESTATE, [] { return challenge_in("cp5", "cc-error"); }},
};

}  // namespace

std::span<const Provocation> mode_provocations() { return kProvocations; }

}  // namespace cs2sim
