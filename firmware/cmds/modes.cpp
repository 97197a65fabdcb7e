#include "firmware/cmds/modes.h"

#include "firmware/smos/smos.h"

namespace cs2sim {

std::uint16_t startup_modes(const Profile& profile, const Smos& smos) {
    std::uint16_t modes =
        smos.nvram.number(kStartupMode).value_or(0) == 1 ? MODE_ADMIN_ONLY : MODE_OPERATIONAL;
    if (profile.certification == Certification::fips) modes |= MODE_FIPS;
    if (profile.certification == Certification::cc) modes |= MODE_CC;
    if (smos.sensors.alarm() != Alarm::off) modes |= MODE_ALARM;
    return modes;
}

}  // namespace cs2sim
