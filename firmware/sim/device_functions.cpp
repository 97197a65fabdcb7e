#include <cmath>

#include "firmware/adm/adm.h"
#include "firmware/cmds/scheduler.h"
#include "firmware/faults/device_state.h"
#include "firmware/sim/handlers.h"

namespace cs2sim::sim {
namespace {

Result<Bytes> alarm_answer(Call& call, Result<bool> alarmed) {
    CS2SIM_TRY(alarmed);
    return call.answer({*alarmed});
}

Result<Bytes> empty_answer(Call& call, Result<void> done) {
    CS2SIM_TRY(done);
    return call.answer({});
}

}  // namespace

Result<Bytes> shelve_device(Call& call) {
    return alarm_answer(call, shelve(call.device, call.request.u32("months")));
}

Result<Bytes> drain_battery(Call& call) {
    return alarm_answer(call, drain(call.device, call.request.u8("battery")));
}

Result<Bytes> replace_batteries(Call& call) {
    return empty_answer(call, call.device.smos.sensors.replace_batteries());
}

Result<Bytes> batteries(Call& call) {
    Bytes list;
    const Sensors& sensors = call.device.smos.sensors;
    for (const BatteryState& state : {sensors.carrier_battery(), sensors.external_battery()})
        CS2SIM_TRY(compose_into(
            list, LAYOUT_BATTERY,
            {state.name, static_cast<std::uint32_t>(std::lround(state.volts * 1000)), state.low}));
    return call.answer({list});
}

Result<Bytes> raise_alarm(Call& call) {
    const std::uint8_t alarm = call.request.u8("alarm");
    if (alarm < 1 || alarm > static_cast<std::uint8_t>(Alarm::tamper)) return fail(E_SIM_PARAM);
    return empty_answer(call, enter_alarm(call.device, static_cast<Alarm>(alarm)));
}

Result<Bytes> reset_alarm(Call& call) { return empty_answer(call, repair(call.device)); }

Result<Bytes> get_alarm(Call& call) { return call.answer({call.device.smos.sensors.alarm()}); }

Result<Bytes> set_temperature_of_device(Call& call) {
    const auto centidegrees = static_cast<std::int32_t>(call.request.u32("centidegrees"));
    return alarm_answer(call, set_temperature(call.device, centidegrees / 100.0));
}

Result<Bytes> set_clock(Call& call) {
    const auto milliseconds = static_cast<std::int64_t>(call.request.u64("milliseconds"));
    return empty_answer(call, call.device.smos.clock.set(milliseconds));
}

Result<Bytes> move_clock_by(Call& call) {
    return empty_answer(call,
                        move_clock(call.device, static_cast<std::int64_t>(call.request.u64("milliseconds"))));
}

Result<Bytes> get_clock(Call& call) { return call.answer({call.device.smos.clock.milliseconds()}); }

Result<Bytes> set_mode(Call& call) {
    return empty_answer(call, switch_mode(call.device, call.request.u8("mode")));
}

Result<Bytes> get_modes(Call& call) { return call.answer({call.device.scheduler.modes()}); }

// What CSLGetLoad and CSLGetStatus say of the device.
Result<Bytes> set_load(Call& call) {
    const std::uint32_t tenths = call.request.u32("tenths");
    if (tenths > 1000 && tenths != DeviceControl::kMeasured) return fail(E_SIM_PARAM);
    auto* const control = call.device.scheduler.state<DeviceControl>();
    if (!control) return fail(E_SIM_PARAM);
    control->load = tenths;
    return call.answer({});
}

Result<Bytes> set_uptime(Call& call) {
    auto* const control = call.device.scheduler.state<DeviceControl>();
    if (!control) return fail(E_SIM_PARAM);
    control->started = monotonic_milliseconds() - std::int64_t{1000} * call.request.u32("seconds");
    return call.answer({});
}

Result<Bytes> flip(Call& call) { return empty_answer(call, flip_mbk(call.device)); }

Result<Bytes> stop(Call& call) {
    auto* const control = call.device.scheduler.state<DeviceControl>();
    if (!control || !control->shut_down) return fail(E_CMDS_SFC_DISABLED);  // nobody to end
    control->shut_down();
    return call.answer({});
}

Result<Bytes> callers(Call& call) {
    auto* const control = call.device.scheduler.state<DeviceControl>();
    return call.answer({control && control->connections ? control->connections().size() : 0});
}

}  // namespace cs2sim::sim
