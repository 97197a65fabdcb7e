// What a device that begins anew does not take over.
#pragma once

#include "firmware/db/database.h"
#include "firmware/smos/smos.h"

namespace cs2sim {

// Removes every database and every file but the keys that were there when the device was made, and makes
// another master key where anything was sealed under the old one, or that is gone. A kill in between leaves
// the rest for the next call. Errors: those of DatabaseStore::drop() and of flash, NVRAM and master key.
Result<void> remove_leftovers(Smos& smos, DatabaseStore& databases);

}  // namespace cs2sim
