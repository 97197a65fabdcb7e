#include "firmware/device/boot_lines.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "firmware/modules/images/module_image.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {
namespace {

constexpr unsigned kProcessorClock = 24000000;
constexpr const char* kSensorController = "2.0.0.42 [0/0]";

std::string in_lower_case(std::string_view name) {
    std::string lower(name);
    std::ranges::transform(lower, lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return lower;
}

}  // namespace

void log_boot_line(Smos& smos, const std::string& text) {
    const std::time_t seconds = smos.clock.milliseconds() / 1000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char stamp[32];
    std::strftime(stamp, sizeof stamp, "%y.%m.%d %H:%M:%S ", &parts);
    smos.boot_log.add(stamp + text);
}

void log_start(Smos& smos, const Profile& profile, BootTarget target) {
    const bool loader = target == BootTarget::boot_loader;
    const std::string version =
        loader ? profile.bootloader_version : version_text(find_module(FC_SMOS)->version);
    log_boot_line(smos, std::string("cs2sim ") + (loader ? "boot loader " : "operating system ") + version +
                            " started [0]");
    log_boot_line(smos, "compiled with " __VERSION__);
    log_boot_line(smos, "CPU clock: " + std::to_string(kProcessorClock));
    log_boot_line(smos, "profile: " + profile.name);
    log_boot_line(smos, "devices: this simulator's state folder");
    log_boot_line(smos, std::string("sensor controller: ") + kSensorController);
    log_boot_line(smos, "random numbers: OpenSSL, seeded by the system");
    if (loader) return;
    constexpr std::array kNoFiles = {FC_SMOS, FC_SIM, FC_CSA};  // the system itself; not of the device
    for (const ModuleRow& module : module_table())
        if (std::ranges::find(kNoFiles, module.id) == kNoFiles.end())
            log_boot_line(smos, "loaded from flash: " + in_lower_case(module.name) + ".msc " +
                                    version_text(module.version));
}

}  // namespace cs2sim
