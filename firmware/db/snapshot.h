// A read transaction held open over a database, walked in order of search keys. While it lasts SQLite's log
// of changes cannot shrink: when that has grown too long, what is left of the walk moves to a file of its
// own.
#pragma once

#include "firmware/db/entry_file.h"
#include "firmware/db/sqlite_database.h"

namespace cs2sim {

class ReaderSnapshot final : public Snapshot {
public:
    ReaderSnapshot(std::shared_ptr<SqliteDatabase> database, std::shared_ptr<void> use,
                   std::unique_ptr<SqliteConnection> reader);
    ~ReaderSnapshot() override;

    Result<void> begin() { return reader_->begin_walk(); }
    Result<DatabaseEntry> next() override;

    // From any thread. What fails then is next()'s error.
    void leave_log();

private:
    const std::shared_ptr<SqliteDatabase> database_;
    const std::shared_ptr<void> use_;
    std::mutex mutex_;
    std::unique_ptr<SqliteConnection> reader_;  // null when the walk goes on in rest_
    std::unique_ptr<EntryFile> rest_;
    Result<void> moved_;
};

}  // namespace cs2sim
