// One way, for each code of CMDS that a host can meet, to meet it.
#pragma once

#include <span>

#include "test/unit/cmds/host.h"

namespace cs2sim {

// An RSA key of 768 bits (openssl genrsa 768), too short for any user.
inline constexpr std::string_view kShortRsaKey =
    "307C300D06092A864886F70D0101010500036B003068026100C2E15F10AACB8022E52178078EB709446A9F768C7C623BAE8C"
    "BE928589F2E85451A7DE7519DE61891B0F32E11466C9B4DC18DF23E440A5D117DA0078B70505CC378B67B2A96369EFCDC85F"
    "3C9654E0A4F2FA9E6ACA24F163612FFE3BF41E1F6F0203010001";

struct Provocation {
    std::uint32_t code;
    std::uint32_t (*meet)();  // gives the code that came back
};

// Leaves a limit of failed log-ons in NVRAM that none can be, and starts the device again.
void damage_failure_limit(Simulated& device);

std::span<const Provocation> frame_provocations();
std::span<const Provocation> session_provocations();
std::span<const Provocation> user_provocations();
std::span<const Provocation> mode_provocations();
std::span<const Provocation> certified_provocations();
// Codes of the others, by the other functions that answer them.
std::span<const Provocation> other_provocations();

}  // namespace cs2sim
