// Sealed entries waiting in a file that has no name and so leaves no trace.
#pragma once

#include <filesystem>
#include <functional>

#include "firmware/db/sqlite_connection.h"

namespace cs2sim {

class EntryFile {
public:
    // `identity` must outlive it: entries are sealed as in that database, beside whose file they wait.
    explicit EntryFile(const DatabaseIdentity& identity) : identity_(identity), aead_(identity.record_key) {}

    Result<void> open();

    // Errors: E_DB_LENGTH (of the record), E_DB_EXISTS (key added before).
    Result<void> add(ByteView key, ByteView record);
    Result<void> add_sealed(ByteView key, ByteView sealed);

    // In order of keys.
    Result<void> for_each_sealed(const std::function<Result<void>(ByteView key, ByteView sealed)>& visit);
    // One after the other, in order of keys; E_DB_NOT_FOUND behind the last.
    Result<DatabaseEntry> next();

    // Puts all of them into a database; how many.
    Result<std::uint32_t> copy_to(SqliteConnection& writer);

private:
    const DatabaseIdentity& identity_;
    Aead aead_;
    Sqlite sqlite_;
    Statement insert_;
    Statement walk_;
};

}  // namespace cs2sim
