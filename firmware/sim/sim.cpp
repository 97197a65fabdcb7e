#include "firmware/sim/sim.h"

#include "firmware/sim/handlers.h"

namespace cs2sim {
namespace {

using namespace sim;

constexpr Function kFunctions[] = {
    {SFC_SIM_FAULT_ADD, fault_add},
    {SFC_SIM_FAULT_LIST, fault_list},
    {SFC_SIM_FAULT_REMOVE, fault_remove},
    {SFC_SIM_FAULT_CLEAR, fault_clear},
    {SFC_SIM_FAULT_LOG, fault_log},
    {SFC_SIM_ERROR_COUNTS, error_counts},
    {SFC_SIM_SHELVE, shelve_device},
    {SFC_SIM_DRAIN, drain_battery},
    {SFC_SIM_REPLACE_BATTERIES, replace_batteries},
    {SFC_SIM_BATTERIES, batteries},
    {SFC_SIM_RAISE_ALARM, raise_alarm},
    {SFC_SIM_RESET_ALARM, reset_alarm},
    {SFC_SIM_GET_ALARM, get_alarm},
    {SFC_SIM_SET_TEMPERATURE, set_temperature_of_device},
    {SFC_SIM_SET_CLOCK, set_clock},
    {SFC_SIM_MOVE_CLOCK, move_clock_by},
    {SFC_SIM_GET_CLOCK, get_clock},
    {SFC_SIM_SET_MODE, set_mode},
    {SFC_SIM_GET_MODES, get_modes},
    {SFC_SIM_FLIP_MBK, flip},
    {SFC_SIM_FUNCTION_COUNTS, function_counts},
};

}  // namespace

Module sim_module(FaultEngine& faults) { return {FC_SIM, kFunctions, ModuleState(faults)}; }

}  // namespace cs2sim
