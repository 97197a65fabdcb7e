// Functions as rows of data: what a module publishes, what each function demands, and in which modes it is
// barred. The scheduler enforces the rows in one place; `cs2sim explain` prints them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {

// Modes and states of the device; several hold at once (Operational and FIPS, say).
enum Mode : std::uint16_t {
    MODE_OPERATIONAL = 0x001,
    MODE_ADMIN_ONLY = 0x002,
    MODE_MAINTENANCE = 0x004,
    MODE_BOOTLOADER = 0x008,
    MODE_ALARM = 0x010,
    MODE_FIPS = 0x020,
    MODE_FIPS_ERROR = 0x040,
    MODE_CC = 0x080,
    MODE_CC_ERROR = 0x100,
};

// In any of `modes`, the function answers `error`. The first row that applies decides.
struct ModeRule {
    std::uint16_t modes;
    std::uint32_t error;
};
using ModeRules = std::span<const ModeRule>;

class Call;
using Handler = Result<Bytes> (*)(Call&);

struct Function {
    std::uint8_t sfc;
    std::uint32_t permission;  // least authentication state, nibble by nibble; 0 = anybody
    ModeRules rules;
    Handler handler;
};

struct Module {
    std::uint16_t fc;
    std::span<const Function> functions;
};

// True when every nibble of `state` is at least that of `needed` (guide G4; firmware-facts.md, section 3).
constexpr bool permits(std::uint32_t state, std::uint32_t needed) {
    for (int shift = 0; shift < 32; shift += 4)
        if ((state >> shift & 0xF) < (needed >> shift & 0xF)) return false;
    return true;
}

// Adds two authentication states nibble by nibble; a nibble stays at F.
constexpr std::uint32_t add_states(std::uint32_t a, std::uint32_t b) {
    std::uint32_t sum = 0;
    for (int shift = 0; shift < 32; shift += 4) {
        const std::uint32_t nibble = (a >> shift & 0xF) + (b >> shift & 0xF);
        sum |= (nibble > 0xF ? 0xF : nibble) << shift;
    }
    return sum;
}

}  // namespace cs2sim
