#include "firmware/sim/sim.h"

#include "firmware/cmds/mode_rules.h"
#include "firmware/sim/handlers.h"

namespace cs2sim {
namespace {

using namespace sim;

constexpr std::uint32_t kAnybody = 0;  // whoever may open the control socket

constexpr Function kFunctions[] = {
    {SFC_SIM_FAULT_ADD, kAnybody, rules::kAlways, fault_add},
    {SFC_SIM_FAULT_LIST, kAnybody, rules::kAlways, fault_list},
    {SFC_SIM_FAULT_REMOVE, kAnybody, rules::kAlways, fault_remove},
    {SFC_SIM_FAULT_CLEAR, kAnybody, rules::kAlways, fault_clear},
    {SFC_SIM_FAULT_LOG, kAnybody, rules::kAlways, fault_log},
    {SFC_SIM_ERROR_COUNTS, kAnybody, rules::kAlways, error_counts},
    {SFC_SIM_SHELVE, kAnybody, rules::kAlways, shelve_device},
    {SFC_SIM_DRAIN, kAnybody, rules::kAlways, drain_battery},
    {SFC_SIM_REPLACE_BATTERIES, kAnybody, rules::kAlways, replace_batteries},
    {SFC_SIM_BATTERIES, kAnybody, rules::kAlways, batteries},
    {SFC_SIM_RAISE_ALARM, kAnybody, rules::kAlways, raise_alarm},
    {SFC_SIM_RESET_ALARM, kAnybody, rules::kAlways, reset_alarm},
    {SFC_SIM_GET_ALARM, kAnybody, rules::kAlways, get_alarm},
    {SFC_SIM_SET_TEMPERATURE, kAnybody, rules::kAlways, set_temperature_of_device},
    {SFC_SIM_SET_CLOCK, kAnybody, rules::kAlways, set_clock},
    {SFC_SIM_MOVE_CLOCK, kAnybody, rules::kAlways, move_clock_by},
    {SFC_SIM_GET_CLOCK, kAnybody, rules::kAlways, get_clock},
    {SFC_SIM_SET_MODE, kAnybody, rules::kAlways, set_mode},
    {SFC_SIM_GET_MODES, kAnybody, rules::kAlways, get_modes},
    {SFC_SIM_FLIP_MBK, kAnybody, rules::kAlways, flip},
    {SFC_SIM_SET_LOAD, kAnybody, rules::kAlways, set_load},
    {SFC_SIM_SET_UPTIME, kAnybody, rules::kAlways, set_uptime},
};

}  // namespace

Module sim_module() { return {FC_SIM, kFunctions}; }

}  // namespace cs2sim
