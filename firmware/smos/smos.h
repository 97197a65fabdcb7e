// The front door of SMOS: what the device's small operating system gives modules.
//
// Everything here is safe to use from several threads at once, and everything that is answered as done
// survives kill -9 (files by write, fsync and rename; settings by SQLite in WAL mode, synchronous FULL).
#pragma once

#include <filesystem>
#include <memory>

#include "firmware/smos/audit_log.h"
#include "firmware/smos/clock.h"
#include "firmware/smos/flash/boot_log.h"
#include "firmware/smos/flash/flash.h"
#include "firmware/smos/flash/state_folder.h"
#include "firmware/smos/master_key.h"
#include "firmware/smos/nvram.h"
#include "firmware/smos/sensors.h"

namespace cs2sim {

struct Smos {
    // Opens, or on first use makes, the device's state under `folder`.
    // An alarm, or what causes one, that the last run did not live to act on erases the master key now.
    // `warned` hears what is wrong with the state, also when that ends the start.
    // Errors: those of prepare_state_folder(); E_OS_FILE_CORR, E_OS_CRYPT_MK_CORR.
    static Result<std::unique_ptr<Smos>> open(const std::filesystem::path& folder,
                                              BootLog::Listener warned = {});

    const StateFolder state;
    BootLog boot_log;
    Flash flash;           // files that hosts name; databases are firmware/db's
    Nvram nvram;           // small settings
    MasterKey master_key;  // the device master key in battery-backed RAM
    Clock clock;
    Sensors sensors;
    AuditLog audit_log;

    Smos(StateFolder folder, BootLog::Listener warned);
};

}  // namespace cs2sim
