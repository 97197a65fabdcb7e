// The handlers of SIM, named by its table in sim.cpp. Errors are those of firmware/faults/device_state.h
// where nothing else is stated.
#pragma once

#include "firmware/cmds/call.h"

namespace cs2sim::sim {

// fault_functions.cpp
Result<Bytes> fault_add(Call& call);   // E_SIM_PARAM; a rule that can match nothing gets id 0 and the reason
Result<Bytes> fault_list(Call& call);  // LAYOUT_FAULT_ENTRY each
Result<Bytes> fault_remove(Call& call);  // E_SIM_NO_RULE
Result<Bytes> fault_clear(Call& call);
Result<Bytes> fault_log(Call& call);     // LAYOUT_FAULT_HIT each, as many as fit into one answer
Result<Bytes> error_counts(Call& call);  // LAYOUT_ERROR_COUNT each

// device_functions.cpp
Result<Bytes> shelve_device(Call& call);
Result<Bytes> drain_battery(Call& call);
Result<Bytes> replace_batteries(Call& call);
Result<Bytes> batteries(Call& call);  // LAYOUT_BATTERY each
Result<Bytes> raise_alarm(Call& call);
Result<Bytes> reset_alarm(Call& call);  // E_OS_SENS_NO_ALARM
Result<Bytes> get_alarm(Call& call);
Result<Bytes> set_temperature_of_device(Call& call);
Result<Bytes> set_clock(Call& call);  // E_OS_RTC_PARAM
Result<Bytes> move_clock_by(Call& call);
Result<Bytes> get_clock(Call& call);
Result<Bytes> set_mode(Call& call);
Result<Bytes> get_modes(Call& call);
Result<Bytes> flip(Call& call);
Result<Bytes> set_load(Call& call);    // E_SIM_PARAM over 100 %
Result<Bytes> set_uptime(Call& call);

}  // namespace cs2sim::sim
