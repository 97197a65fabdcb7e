#include "firmware/smos/sensors.h"

#include <algorithm>
#include <cmath>

#include "firmware/smos/nvram.h"

namespace cs2sim {
namespace {

constexpr std::string_view kTemperature = "sensor.centidegrees";
constexpr std::string_view kAlarm = "sensor.alarm";
constexpr double kUsualTemperature = 30.0;  // device-formats.md, section 2
constexpr double kLowest = -10.0;
constexpr double kHighest = 66.0;
constexpr double kEmptyVolts = 2.0;

struct BatteryKind {
    std::string_view name;
    std::string_view setting;  // months without power so far
    std::int64_t life;         // months (guide G20)
    double full_volts;         // device-formats.md, section 2
};
constexpr BatteryKind kCarrier{"Carrier Battery", "battery.carrier", 6, 3.108};
constexpr BatteryKind kExternal{"External Battery", "battery.external", 18, 3.586};

std::int64_t age(const Nvram& nvram, const BatteryKind& kind) {
    return std::clamp<std::int64_t>(nvram.number(kind.setting).value_or(0), 0, kind.life);
}

BatteryState state_of(const Nvram& nvram, const BatteryKind& kind) {
    const std::int64_t used = age(nvram, kind);
    const double share = static_cast<double>(used) / static_cast<double>(kind.life);
    return {kind.name, kind.full_volts - share * (kind.full_volts - kEmptyVolts), used >= kind.life};
}

bool comfortable(double celsius) { return celsius >= kLowest && celsius <= kHighest; }

}  // namespace

Sensors::Sensors(Nvram& nvram) : nvram_(nvram) {}

double Sensors::temperature() const {
    const auto stored = nvram_.number(kTemperature);
    return stored ? static_cast<double>(*stored) / 100.0 : kUsualTemperature;
}

BatteryState Sensors::carrier_battery() const { return state_of(nvram_, kCarrier); }
BatteryState Sensors::external_battery() const { return state_of(nvram_, kExternal); }

Result<bool> Sensors::shelve(unsigned months) {
    const std::lock_guard lock(mutex_);
    const std::int64_t from_external =
        std::min<std::int64_t>(months, kExternal.life - age(nvram_, kExternal));
    CS2SIM_TRY(nvram_.set_number(kExternal.setting, age(nvram_, kExternal) + from_external));
    const std::int64_t carrier = age(nvram_, kCarrier) + months - from_external;
    CS2SIM_TRY(nvram_.set_number(kCarrier.setting, std::min(carrier, kCarrier.life)));
    return after_drain();
}

Result<bool> Sensors::drain(Battery battery) {
    const std::lock_guard lock(mutex_);
    const BatteryKind& kind = battery == Battery::carrier ? kCarrier : kExternal;
    CS2SIM_TRY(nvram_.set_number(kind.setting, kind.life));
    return after_drain();
}

Result<bool> Sensors::after_drain() {
    const bool both_empty = carrier_battery().low && external_battery().low;
    if (both_empty) CS2SIM_TRY(raise_alarm(Alarm::batteries));
    return both_empty;
}

Result<void> Sensors::replace_batteries() {
    const std::lock_guard lock(mutex_);
    CS2SIM_TRY(nvram_.set_number(kCarrier.setting, 0));
    return nvram_.set_number(kExternal.setting, 0);
}

Result<void> Sensors::set_temperature(double celsius) {
    if (!(celsius >= -100 && celsius <= 200)) return fail(E_OS_SENS_PARAM);  // refuses NaN too
    CS2SIM_TRY(nvram_.set_number(kTemperature, std::lround(celsius * 100)));
    return comfortable(celsius) ? Result<void>() : raise_alarm(Alarm::temperature);
}

Alarm Sensors::alarm() const {
    const std::int64_t stored = nvram_.number(kAlarm).value_or(0);
    return stored >= 0 && stored <= 3 ? static_cast<Alarm>(stored) : Alarm::tamper;
}

Result<void> Sensors::raise_alarm(Alarm alarm) {
    return nvram_.set_number(kAlarm, static_cast<std::int64_t>(alarm));
}

Result<void> Sensors::notice_causes() {
    const std::lock_guard lock(mutex_);
    if (alarm() != Alarm::off) return {};
    if (!comfortable(temperature())) return raise_alarm(Alarm::temperature);
    CS2SIM_TRY(after_drain());
    return {};
}

Result<void> Sensors::reset_alarm() {
    const std::lock_guard lock(mutex_);
    if (alarm() == Alarm::off) return fail(E_OS_SENS_NO_ALARM);
    const bool empty = carrier_battery().low && external_battery().low;
    if (empty || !comfortable(temperature())) return fail(E_OS_SENS_ALARM_PRESENT);
    return raise_alarm(Alarm::off);
}

}  // namespace cs2sim
