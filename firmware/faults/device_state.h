// What may happen to a device: alarms, empty batteries, another MBK, another mode. For fault rules and for
// the simulator's control module alike. Each is persistent where it would be on a device.
#pragma once

#include <cstdint>

#include "firmware/cmds/services.h"

namespace cs2sim {

// The alarm state: the master key is erased, and with it everything in flash; sessions end.
// Errors: E_CMDS_NVRAM, those of Flash.
Result<void> enter_alarm(Services& device, Alarm alarm);

// Ages the batteries as `months` without power would, or empties those of kBatteryNames[battery] at once.
// True when both are empty now: then the alarm is entered. Errors: as enter_alarm(); E_SIM_PARAM.
Result<bool> shelve(Services& device, unsigned months);
Result<bool> drain(Services& device, std::int64_t battery);

// Sets the temperature; outside its limits the alarm is entered, and true returned. Error: E_OS_SENS_PARAM.
Result<bool> set_temperature(Services& device, double celsius);

// Ends an alarm with its causes: full batteries, the usual temperature. What the alarm erased stays erased.
Result<void> repair(Services& device);

// Switches to kDeviceModes[mode]. The ordinary modes end an error state. Error: E_SIM_PARAM.
Result<void> switch_mode(Services& device, std::int64_t mode);

// Puts a fresh MBK named FLIPPED into slot 3, in place of the one that is there. Errors: those of MbkStore.
Result<void> flip_mbk(Services& device);

Result<void> move_clock(Services& device, std::int64_t milliseconds);  // E_OS_RTC_PARAM

}  // namespace cs2sim
