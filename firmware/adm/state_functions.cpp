// What the device says about itself; formats: device-formats.md, section 2.
#include <malloc.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "firmware/adm/adm.h"
#include "firmware/adm/format_text.h"
#include "firmware/adm/handlers.h"
#include "firmware/cmds/scheduler.h"
#include "firmware/crypto/random.h"
#include "firmware/protocol/time_text.h"

namespace cs2sim {

// Eight letters and digits, kept as a number in NVRAM.
Result<std::string> device_uid(Nvram& nvram) {
    constexpr std::string_view kSetting = "device.uid";
    constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    static std::mutex first_use;
    const std::lock_guard lock(first_use);

    auto stored = nvram.number(kSetting);
    if (!stored) {
        std::int64_t made = 0;
        for (const std::uint8_t byte : random_array<8>())
            made = made << 8 | kAlphabet[byte % kAlphabet.size()];
        CS2SIM_TRY(nvram.set_number(kSetting, made));
        stored = made;
    }
    std::string uid(8, '\0');
    for (std::size_t i = 0; i < uid.size(); ++i) uid[i] = static_cast<char>(*stored >> (8 * (7 - i)) & 0xFF);
    return uid;
}

namespace adm {
namespace {

constexpr std::uint32_t kStateInitialized = 0x00100004;  // device-formats.md, section 2

const char* mode_text(std::uint16_t modes) {
    if ((modes & MODE_BOOTLOADER) != 0) return "Bootloader Mode";
    if ((modes & MODE_MAINTENANCE) != 0) return "Maintenance Mode";
    if ((modes & MODE_ADMIN_ONLY) != 0) return "Administration-Only Mode";
    return "Operational Mode";
}

// "name      = 7a534d32 30337153                    |zSM203qS        |"
std::string identity_line(const char* name, std::string_view identity) {
    std::string words;
    for (std::size_t i = 0; i < identity.size(); ++i) {
        if (i != 0 && i % 4 == 0) words += i == 8 ? "  " : " ";
        words += format_text("%02x", static_cast<unsigned char>(identity[i]));
    }
    std::string letters(identity);
    letters.resize(16, ' ');
    std::ranges::replace_if(
        letters, [](unsigned char c) { return std::isprint(c) == 0; }, ' ');
    return format_text("%-9s = %-37s|%s|\n", name, words.c_str(), letters.c_str());
}

std::string sixteen(std::string_view text) {
    std::string bytes(text.substr(0, 16));
    bytes.resize(16, '\0');
    return bytes;
}

std::string certification_lines(std::uint16_t modes) {
    std::string lines;
    if ((modes & MODE_FIPS) != 0)
        lines += (modes & MODE_FIPS_ERROR) != 0 ? "FIPS mode = ON (error state)\n" : "FIPS mode = ON\n";
    if ((modes & MODE_CC) != 0)
        lines += (modes & MODE_CC_ERROR) != 0 ? "CC mode   = ON (error state)\n" : "CC mode   = ON\n";
    return lines;
}

const char* alarm_text(Alarm alarm) {
    switch (alarm) {
        case Alarm::off:
            return "none";
        case Alarm::batteries:
            return "batteries empty";
        case Alarm::temperature:
            return "temperature out of range";
        case Alarm::tamper:
            return "tampering";
    }
    return "unknown";
}

std::string battery_line(const BatteryState& battery) {
    const std::string name = std::string(battery.name) + ":";
    return format_text("%-19s%s (%.3f V)\n", name.c_str(), battery.low ? "low" : "ok", battery.volts);
}

}  // namespace

Result<Bytes> get_state(Call& call) {
    CS2SIM_TRY_LET(uid, device_uid(call.device.smos.nvram));
    const Profile& profile = call.device.profile;
    const Sensors& sensors = call.device.smos.sensors;
    const std::uint16_t modes = call.device.scheduler.modes();

    std::string text = format_text("\nmode      = %s\n", mode_text(modes));
    text += format_text("state     = INITIALIZED (0x%08X)\n", kStateInitialized);
    text += format_text("temp      = %.1f [C]\n", sensors.temperature());
    text += format_text("alarm     = %s\n", sensors.alarm() == Alarm::off ? "OFF" : "ON");
    text += format_text("bl_ver    = %-18s(Model: %s)\n", profile.bootloader_version.c_str(),
                        profile.model.c_str());
    text += format_text("hw_ver    = %s\n", profile.hardware_version.c_str());
    text += identity_line("uid", uid);
    text += identity_line("adm1", sixteen("CS2SIM  " + uid));
    text += identity_line("adm2", sixteen("Simulator"));
    text += identity_line("adm3", sixteen("cs2sim-init-key"));
    text += certification_lines(modes);
    return call.answer({text});
}

Result<Bytes> get_info(Call& call) {
    Services& device = call.device;
    const auto mbk = device.mbk.info(kMbkSlotAes);
    std::string text = "device      = cs2sim, a simulator; not a hardware security module\n";
    text += format_text("profile     = %s\n", device.profile.name.c_str());
    text += format_text("model       = %s\n", device.profile.model.c_str());
    text += format_text("mode        = %s\n", mode_text(device.scheduler.modes()));
    text += format_text("alarm       = %s\n", alarm_text(device.smos.sensors.alarm()));
    text += format_text("master key  = %s\n", device.smos.master_key.present() ? "present" : "erased");
    text += format_text("MBK (AES)   = %s\n", mbk ? to_hex(mbk->hash).c_str() : "none");
    text += format_text("databases   = %zu\n", device.databases.list().size());
    text += format_text("time        = %s UTC\n", date_and_time(device.smos.clock.milliseconds()).c_str());
    return call.answer({text});
}

Result<Bytes> get_model(Call& call) { return call.answer({call.device.profile.model + "\n"}); }

Result<Bytes> get_time(Call& call) { return call.answer({call.device.smos.clock.milliseconds()}); }

Result<Bytes> set_time(Call& call) {
    const std::uint64_t wanted = call.request.u64("milliseconds");
    if (wanted > INT64_MAX) return fail(E_OS_RTC_PARAM);
    const std::string before = date_and_time(call.device.smos.clock.milliseconds());
    CS2SIM_TRY(call.device.smos.clock.set(static_cast<std::int64_t>(wanted)));
    call.audit(AUDIT_TIME, "clock set, it was " + before);
    return call.answer({});
}

Result<Bytes> get_batt_state(Call& call) {
    const Sensors& sensors = call.device.smos.sensors;
    return call.answer({battery_line(sensors.carrier_battery()) + battery_line(sensors.external_battery())});
}

Result<Bytes> get_forms(Call& call) {
    const Profile& profile = call.device.profile;
    std::uint32_t forms = 0;  // bits: tools/session/output.h
    if (profile.hash_capitals) forms |= 1;
    if (profile.show_initial) forms |= 2;
    if (profile.show_untried) forms |= 4;
    if (profile.show_token_hash) forms |= 8;
    return call.answer({forms});
}

Result<Bytes> mem_info(Call& call) {
    const auto heap = ::mallinfo2();
    FlashSpace flash = call.device.smos.flash.space();
    for (const DatabaseFile& file : call.device.databases.list()) flash.used += file.size;
    std::string text = format_text("heap used   = %zu [bytes]\n", heap.uordblks + heap.hblkhd);
    text += format_text("flash used  = %llu [bytes]\n", static_cast<unsigned long long>(flash.used));
    text += format_text("flash free  = %llu [bytes]\n", static_cast<unsigned long long>(flash.free));
    return call.answer({text});
}

}  // namespace adm
}  // namespace cs2sim
