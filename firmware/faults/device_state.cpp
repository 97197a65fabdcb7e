#include "firmware/faults/device_state.h"

#include <iterator>

#include "firmware/cmds/modes.h"
#include "firmware/cmds/sessions.h"
#include "firmware/faults/rules/rule.h"

namespace cs2sim {
namespace {

constexpr std::uint16_t kErrorStates = MODE_FIPS_ERROR | MODE_CC_ERROR;
constexpr std::uint16_t kCertified = MODE_FIPS | MODE_CC | kErrorStates;

struct ModeChange {
    std::uint16_t cleared;
    std::uint16_t set;
};
constexpr ModeChange kChanges[] = {
    {kBaseModes | kErrorStates, MODE_OPERATIONAL},
    {kBaseModes | kErrorStates, MODE_ADMIN_ONLY},
    {kBaseModes | kErrorStates, MODE_MAINTENANCE},
    {kBaseModes | kErrorStates, MODE_BOOTLOADER},
    {kCertified, MODE_FIPS},
    {kCertified, MODE_FIPS | MODE_FIPS_ERROR},
    {kCertified, MODE_CC},
    {kCertified, MODE_CC | MODE_CC_ERROR},
};
static_assert(std::size(kChanges) == std::size(kDeviceModes));

void audit(Services& device, std::uint32_t audit_class, const std::string& text) {
    (void)device.smos.audit_log.write(audit_class, "[] " + text);  // as for a command: no log undoes it
}

Result<bool> alarm_if(Services& device, Result<bool> empty) {
    CS2SIM_TRY(empty);
    if (*empty) CS2SIM_TRY(enter_alarm(device, Alarm::batteries));
    return empty;
}

}  // namespace

Result<void> enter_alarm(Services& device, Alarm alarm) {
    CS2SIM_TRY(device.smos.sensors.raise_alarm(alarm));
    const auto erased = device.smos.master_key.erase();
    device.scheduler.change_modes(0, MODE_ALARM);
    device.databases.close_all();
    device.sessions.close_all();
    audit(device, AUDIT_SYSTEM, "alarm: " + std::string(kAlarmNames[static_cast<std::size_t>(alarm)]));
    return erased;
}

Result<bool> shelve(Services& device, unsigned months) {
    return alarm_if(device, device.smos.sensors.shelve(months));
}

Result<bool> drain(Services& device, std::int64_t battery) {
    if (battery < 0 || battery > 2) return fail(E_SIM_PARAM);
    if (battery != 0)
        if (const auto external = device.smos.sensors.drain(Battery::external); !external || battery == 1)
            return alarm_if(device, external);
    return alarm_if(device, device.smos.sensors.drain(Battery::carrier));
}

Result<bool> set_temperature(Services& device, double celsius) {
    const Alarm before = device.smos.sensors.alarm();
    CS2SIM_TRY(device.smos.sensors.set_temperature(celsius));
    const bool alarmed = before == Alarm::off && device.smos.sensors.alarm() != Alarm::off;
    if (alarmed) CS2SIM_TRY(enter_alarm(device, Alarm::temperature));
    return alarmed;
}

Result<void> repair(Services& device) {
    constexpr double kUsual = 30.0;
    CS2SIM_TRY(device.smos.sensors.replace_batteries());
    CS2SIM_TRY(device.smos.sensors.set_temperature(kUsual));
    CS2SIM_TRY(device.smos.sensors.reset_alarm());
    device.scheduler.change_modes(MODE_ALARM, 0);
    audit(device, AUDIT_SYSTEM, "alarm reset");
    return {};
}

Result<void> switch_mode(Services& device, std::int64_t mode) {
    if (mode < 0 || mode >= std::ssize(kChanges)) return fail(E_SIM_PARAM);
    const ModeChange& change = kChanges[mode];
    device.scheduler.change_modes(change.cleared, change.set);
    audit(device, AUDIT_SYSTEM, "mode: " + std::string(kDeviceModes[mode]));
    return {};
}

Result<void> flip_mbk(Services& device) {
    CS2SIM_TRY_LET(made, device.mbk.generate(MBK_TYPE_AES, kMbkLength, 1, 1, "FLIPPED"));
    CS2SIM_TRY(device.mbk.import(kMbkSlotAes, MBK_FLG_OW, made.shares));
    return {};
}

Result<void> move_clock(Services& device, std::int64_t milliseconds) {
    const std::int64_t now = device.smos.clock.milliseconds();
    std::int64_t then = 0;
    if (__builtin_add_overflow(now, milliseconds, &then)) return fail(E_OS_RTC_PARAM);
    return device.smos.clock.set(then);
}

}  // namespace cs2sim
