// CSL*: what a network appliance says of itself (device-formats.md, section 2).
#include <stdlib.h>

#include <algorithm>
#include <thread>

#include "firmware/adm/adm.h"
#include "firmware/adm/format_text.h"
#include "firmware/adm/handlers.h"

namespace cs2sim::adm {
namespace {

constexpr int kFanSpeed = 5100;
constexpr double kProcessorBelowSensor = 4.0;  // 26.0 beside the device's own 30.0

Result<void> check_appliance(const Call& call) {
    if (!call.device.profile.network) return fail(E_CMDS_SFC_DISABLED);
    return {};
}

}  // namespace

Result<Bytes> csl_get_load(Call& call) {
    CS2SIM_TRY(check_appliance(call));
    double load = 0;
    if (::getloadavg(&load, 1) != 1) load = 0;
    const double share = load / std::max(1u, std::thread::hardware_concurrency());
    return call.answer({format_text("%.1f %%\n", std::min(100.0, 100.0 * share))});
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

Result<Bytes> csl_get_version(Call& call) {
    CS2SIM_TRY(check_appliance(call));
    return call.answer({"cs2sim appliance, boot loader " + call.device.profile.bootloader_version + "\n"});
}

}  // namespace cs2sim::adm
