// Databases as SQLite files in one folder, which holds nothing else.
#pragma once

#include <filesystem>

#include "firmware/db/backend.h"
#include "firmware/smos/master_key.h"

namespace cs2sim {

// `master_key` must outlive what it makes.
std::unique_ptr<DatabaseBackend> make_sqlite_backend(std::filesystem::path folder,
                                                     const MasterKey& master_key);

}  // namespace cs2sim
