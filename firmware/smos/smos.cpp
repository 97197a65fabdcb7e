#include "firmware/smos/smos.h"

namespace cs2sim {
namespace {

// The last run may have been killed between a cause of an alarm, the alarm itself and the erasure that it
// means.
Result<void> complete_alarm(Smos& smos) {
    CS2SIM_TRY(smos.sensors.notice_causes());
    if (smos.sensors.alarm() == Alarm::off || !smos.master_key.present()) return {};
    return smos.master_key.erase();
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
    auto smos = std::make_unique<Smos>(StateFolder{folder}, std::move(warned));
    CS2SIM_TRY(prepare_state_folder(smos->state, smos->boot_log));
    if (!smos->nvram.open()) return fail(E_OS_FILE_CORR);
    CS2SIM_TRY(smos->master_key.load_or_create());
    CS2SIM_TRY(complete_alarm(*smos));
    return smos;
}

}  // namespace cs2sim
