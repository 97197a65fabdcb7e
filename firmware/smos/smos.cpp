#include "firmware/smos/smos.h"

#include <algorithm>

#include "firmware/smos/flash/state_file.h"

namespace cs2sim {
namespace {

// The last run may have been killed between a cause of an alarm, the alarm itself and the erasure that it
// means.
Result<void> complete_alarm(Smos& smos) {
    CS2SIM_TRY(smos.sensors.notice_causes());
    if (smos.sensors.alarm() == Alarm::off) return {};
    smos.boot_log.warn("an alarm is on: the device master key is erased, and with it what databases held");
    if (!smos.master_key.present()) return {};
    return smos.master_key.erase();
}

bool any_database(const StateFolder& state) {
    return std::ranges::any_of(file_names(state.databases()), [](const std::string& name) {
        return !name.starts_with('.') && name.ends_with(".db");
    });
}

// Beside databases there was a key and there were settings. A key that is gone is an erased one: a new one
// would pass over what the device has lost, so there is an alarm.
Result<void> open_key_and_settings(Smos& smos, bool had_settings) {
    const bool lived = any_database(smos.state);
    const bool key_lost = lived && !smos.master_key.exists();
    const bool settings_lost = lived && !had_settings;
    if (!smos.nvram.open()) {
        smos.boot_log.warn(smos.state.nvram().string() + ": damaged, or not to be written");
        return fail(E_OS_FILE_CORR);
    }
    if (settings_lost) smos.boot_log.warn(smos.state.nvram().string() + ": missing; all settings are lost");
    if (key_lost) {
        smos.boot_log.warn(smos.state.key_ram().string() +
                           ": missing beside databases; the device master key is lost, an alarm is raised");
        CS2SIM_TRY(smos.sensors.raise_alarm(Alarm::tamper));
        return smos.master_key.erase();
    }
    if (const auto loaded = smos.master_key.load_or_create(); !loaded) {
        smos.boot_log.warn(smos.state.key_ram().string() + ": the device master key cannot be read");
        return loaded;
    }
    // The alarm that erased the key stood in the settings.
    if (settings_lost && !smos.master_key.present()) return smos.sensors.raise_alarm(Alarm::tamper);
    return {};
}

}  // namespace

Smos::Smos(StateFolder folder, BootLog::Listener warned)
    : state(std::move(folder)),
      boot_log(std::move(warned)),
      flash(state.files()),
      nvram(state.nvram()),
      master_key(state.key_ram()),
      clock(nvram),
      sensors(nvram),
      audit_log(state.audit(), clock, nvram) {}

Result<std::unique_ptr<Smos>> Smos::open(const std::filesystem::path& folder, BootLog::Listener warned) {
    const bool had_settings =
        Nvram(StateFolder{folder}.nvram()).exists();  // the first who reads them makes them
    auto smos = std::make_unique<Smos>(StateFolder{folder}, std::move(warned));
    CS2SIM_TRY(prepare_state_folder(smos->state, smos->boot_log));
    CS2SIM_TRY(open_key_and_settings(*smos, had_settings));
    CS2SIM_TRY(complete_alarm(*smos));
    return smos;
}

}  // namespace cs2sim
