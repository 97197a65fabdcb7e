// A read transaction held open over a database, walked in order of search keys.
#pragma once

#include "firmware/db/sqlite_database.h"

namespace cs2sim {

Result<std::unique_ptr<Snapshot>> make_snapshot(std::shared_ptr<SqliteDatabase> database,
                                                std::shared_ptr<void> use, SqliteDatabase::Lease reader);

}  // namespace cs2sim
