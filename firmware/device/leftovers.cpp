#include "firmware/device/leftovers.h"

#include "firmware/cmds/users.h"
#include "firmware/modules/images/module_keys.h"
#include "firmware/smos/loaded_files.h"

namespace cs2sim {

Result<void> remove_leftovers(Smos& smos, DatabaseStore& databases) {
    bool any = false;
    for (const DatabaseFile& file : databases.list()) {
        any = true;
        CS2SIM_TRY(databases.drop(file.name));
    }
    for (const FileInfo& file : smos.flash.list()) {
        if (file.name == kInitialKey || file.name == kModuleKey) continue;  // there since the device was made
        any = true;
        CS2SIM_TRY(smos.flash.remove(file.name));
        CS2SIM_TRY(LoadedFiles(smos.nvram).forget(file.name));
    }
    if (any || !smos.master_key.present()) CS2SIM_TRY(smos.master_key.regenerate());
    return {};
}

}  // namespace cs2sim
