// The device's mode word: one base mode, and the states that hold beside it.
#pragma once

#include "firmware/cmds/scheduler.h"

namespace cs2sim {

inline constexpr std::string_view kStartupMode =
    "startup_mode";  // NVRAM: 0 operational, 1 administration only

inline constexpr std::uint16_t kBaseModes =
    MODE_OPERATIONAL | MODE_ADMIN_ONLY | MODE_MAINTENANCE | MODE_BOOTLOADER;

// Replaces the base mode; the states (alarm, FIPS, CC, error states) stay.
inline void switch_base_mode(Scheduler& scheduler, Mode base) { scheduler.change_modes(kBaseModes, base); }

// The modes with which a device of this profile starts.
std::uint16_t startup_modes(const Profile& profile, const Smos& smos);

}  // namespace cs2sim
