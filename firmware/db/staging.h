// Entries waiting beside a database, in a file that has no name and so leaves no trace.
#pragma once

#include "firmware/db/sqlite_database.h"

namespace cs2sim {

Result<std::unique_ptr<Staging>> make_staging(std::shared_ptr<SqliteDatabase> database,
                                              std::shared_ptr<void> use, const DatabaseIdentity& identity);

}  // namespace cs2sim
