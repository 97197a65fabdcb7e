// One way, for each code of CMDS that a host can meet, to meet it.
#pragma once

#include <span>

#include "test/unit/cmds/host.h"
#include "test/unit/short_rsa_key.h"

namespace cs2sim {

struct Provocation {
    std::uint32_t code;
    std::uint32_t (*meet)();  // gives the code that came back
};

// Each changes what the device has stored, and starts it again: a limit of failed log-ons that none can be,
// an NVRAM that takes no numbers, a record in user.db (BROKEN) that is none.
void damage_failure_limit(Simulated& device);
void refuse_numbers(Simulated& device);
void add_broken_user(Simulated& device);

std::span<const Provocation> frame_provocations();
std::span<const Provocation> session_provocations();
std::span<const Provocation> user_provocations();
std::span<const Provocation> mode_provocations();
std::span<const Provocation> certified_provocations();
// Codes of the others, by the other functions that answer them.
std::span<const Provocation> other_provocations();

}  // namespace cs2sim
