// One way, for each code of CMDS that a host can meet, to meet it.
#pragma once

#include <span>

#include "test/unit/cmds/host.h"

namespace cs2sim {

struct Provocation {
    std::uint32_t code;
    std::uint32_t (*meet)();  // gives the code that came back
};

std::span<const Provocation> frame_provocations();
std::span<const Provocation> session_provocations();
std::span<const Provocation> user_provocations();
std::span<const Provocation> mode_provocations();
std::span<const Provocation> certified_provocations();

}  // namespace cs2sim
