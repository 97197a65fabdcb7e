// CSL*: what a network appliance says of itself (device-formats.md, section 2).
#include <algorithm>

#include "firmware/adm/adm.h"
#include "firmware/adm/format_text.h"
#include "firmware/adm/handlers.h"
#include "firmware/cmds/scheduler.h"

namespace cs2sim::adm {
namespace {

constexpr unsigned kCommandsAtOnce = 8;  // our assumption: 12.5 % for each command that runs
constexpr int kFanSpeed = 5100;
constexpr std::string_view kConfigFile = "csxlan.conf";
constexpr std::string_view kFirstConfig = "# appliance configuration\nport = 288\n";
constexpr std::size_t kMostConfig = 64 * 1024;
constexpr std::string_view kTraceLevel = "csl.trace_level";
constexpr std::uint8_t kMostTraceLevel = 5;
constexpr double kProcessorBelowSensor = 4.0;  // 26.0 beside the device's own 30.0

Result<void> check_appliance(const Call& call) {
    if (!call.device.profile.network) return fail(E_CMDS_SFC_DISABLED);
    return {};
}

}  // namespace

// Of the device, whatever the host has: how many commands of others run, of those that it works on at once.
Result<Bytes> csl_get_load(Call& call) {
    CS2SIM_TRY(check_appliance(call));
    std::uint32_t tenths = call.state<DeviceControl>().load;
    if (tenths == DeviceControl::kMeasured) {
        const std::uint32_t others = std::max(1U, call.device.scheduler.running()) - 1;  // without this one
        tenths = std::min(1000U, 1000 * others / kCommandsAtOnce);
    }
    return call.answer({format_text("%u.%u %%\n", tenths / 10, tenths % 10)});
}

Result<Bytes> csl_get_status(Call& call) {
    CS2SIM_TRY(check_appliance(call));
    const std::int64_t started = call.state<DeviceControl>().started;
    const auto seconds = static_cast<long long>((monotonic_milliseconds() - started) / 1000);
    std::string text = format_text("uptime = %lld days %02lld:%02lld:%02lld\n", seconds / 86400,
                                   seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    text += format_text("fan speed [rpm] = %d\n", kFanSpeed);
    text += format_text("CPU temperature [C] = %.1f\n",
                        call.device.smos.sensors.temperature() - kProcessorBelowSensor);
    text += "redundant power supply = OK\n";
    return call.answer({text});
}

Result<Bytes> csl_get_connections(Call& call) {
    CS2SIM_TRY(check_appliance(call));
    std::string text;
    std::size_t number = 0;
    constexpr std::string_view kNetwork = "tcp ";  // openers of the node are no connections of an appliance
    const DeviceControl& control = call.state<DeviceControl>();
    if (control.connections)
        for (const std::string& connection : control.connections())
            if (connection.starts_with(kNetwork))
                text += format_text("%zu TCP %s\n", ++number, connection.c_str() + kNetwork.size());
    return call.answer({text});
}

// Format: device-formats.md, section 2.
Result<Bytes> csl_get_version(Call& call) {
    CS2SIM_TRY(check_appliance(call));
    return call.answer({"CSLAN  " + call.device.profile.appliance_version + "\n"});
}

Result<Bytes> csl_get_serial(Call& call) {
    CS2SIM_TRY(check_appliance(call));
    CS2SIM_TRY_LET(uid, device_uid(call.device.smos.nvram));
    return call.answer({"CS2SIM" + uid + "\n"});
}

// No applications for a PIN pad are published here.
Result<Bytes> csl_list_pp_apps(Call& call) {
    CS2SIM_TRY(check_appliance(call));
    return call.answer({""});
}

// One appliance has one device.
Result<Bytes> csl_scan_devices(Call& call) {
    CS2SIM_TRY(check_appliance(call));
    CS2SIM_TRY_LET(uid, device_uid(call.device.smos.nvram));
    return call.answer({"/dev/cs2.0  CS2SIM" + uid + "  online\n"});
}

// What happened since the appliance started: nothing but its device's start.
Result<Bytes> csl_get_log_file(Call& call) {
    CS2SIM_TRY(check_appliance(call));
    return part_of_log(call, call.device.smos.boot_log.text());
}

Result<Bytes> csl_get_config_file(Call& call) {
    CS2SIM_TRY(check_appliance(call));
    Flash& flash = call.device.smos.flash;
    if (!flash.exists(kConfigFile)) return call.answer({kFirstConfig});
    CS2SIM_TRY_LET(text, flash.read(kConfigFile));
    return call.answer({text});
}

Result<Bytes> csl_put_config_file(Call& call) {
    CS2SIM_TRY(check_appliance(call));
    const ByteView text = call.request.bytes("text");
    if (text.size() > kMostConfig) return fail(E_ADM_TOO_BIG);
    CS2SIM_TRY(call.device.smos.flash.write(kConfigFile, text));
    call.audit(AUDIT_SYSTEM, "appliance: configuration changed");
    return call.answer({});
}

Result<Bytes> csl_set_trace_level(Call& call) {
    CS2SIM_TRY(check_appliance(call));
    const std::uint8_t level = call.request.u8("level");
    if (level > kMostTraceLevel) return fail(E_ADM_PARAM);
    CS2SIM_TRY(call.device.smos.nvram.set_number(kTraceLevel, level));
    call.audit(AUDIT_SYSTEM, "appliance: trace level " + std::to_string(level));
    return call.answer({});
}

Result<Bytes> csl_shutdown(Call& call) {
    CS2SIM_TRY(check_appliance(call));
    const DeviceControl& control = call.state<DeviceControl>();
    if (!control.shut_down) return fail(E_CMDS_SFC_DISABLED);
    call.audit(AUDIT_SYSTEM, "appliance: shut down");
    control.shut_down();
    return call.answer({});
}

Result<Bytes> csl_reboot(Call& call) {
    CS2SIM_TRY(check_appliance(call));
    return restart(call);
}

Result<Bytes> csl_get_time(Call& call) {
    CS2SIM_TRY(check_appliance(call));
    return get_time(call);
}

Result<Bytes> csl_set_time(Call& call) {
    CS2SIM_TRY(check_appliance(call));
    return set_time(call);
}

}  // namespace cs2sim::adm
