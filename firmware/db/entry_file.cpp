#include "firmware/db/entry_file.h"

#include <unistd.h>

#include <atomic>

namespace cs2sim {

Result<void> EntryFile::open() {
    static std::atomic<unsigned> counter{0};
    auto file = identity_.file.parent_path() / ".staging";
    file += std::to_string(counter++);
    const int opened = sqlite_.open(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    // Nothing here survives the process, so there is no journal, and one transaction from first to last.
    const int made =
        opened != SQLITE_OK
            ? opened
            : sqlite_.run(
                  "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
                  "PRAGMA cache_size=-1000; CREATE TABLE entries(key BLOB PRIMARY KEY,"
                  " record BLOB NOT NULL) WITHOUT ROWID; BEGIN");
    ::unlink(file.c_str());
    if (made != SQLITE_OK) return fail(database_error(made));
    insert_ = Statement(sqlite_.get(), "INSERT INTO entries VALUES(?1, ?2)");
    return {};
}

Result<void> EntryFile::add(ByteView key, ByteView record) {
    CS2SIM_TRY(check_record(record));
    return add_sealed(key, aead_.seal(record, {as_bytes(identity_.name), key}));
}

Result<void> EntryFile::add_sealed(ByteView key, ByteView sealed) {
    const int step = insert_.bind(1, key).bind(2, sealed).step();
    insert_.reset();
    if ((step & 0xFF) == SQLITE_CONSTRAINT) return fail(E_DB_EXISTS);
    if (step != SQLITE_DONE) return fail(database_error(step));
    return {};
}

Result<void> EntryFile::for_each_sealed(
    const std::function<Result<void>(ByteView key, ByteView sealed)>& visit) {
    Statement all(sqlite_.get(), "SELECT key, record FROM entries ORDER BY key");
    int step = 0;
    while ((step = all.step()) == SQLITE_ROW) CS2SIM_TRY(visit(all.bytes(0), all.bytes(1)));
    if (step != SQLITE_DONE) return fail(database_error(step));
    return {};
}

Result<DatabaseEntry> EntryFile::next() {
    if (!walk_.ready()) walk_ = Statement(sqlite_.get(), "SELECT key, record FROM entries ORDER BY key");
    const int step = walk_.step();
    if (step == SQLITE_DONE) return fail(E_DB_NOT_FOUND);
    if (step != SQLITE_ROW) return fail(database_error(step));
    auto record = aead_.open(walk_.bytes(1), {as_bytes(identity_.name), walk_.bytes(0)});
    if (!record) return DatabaseEntry{to_bytes(walk_.bytes(0)), {}, true};
    return DatabaseEntry{to_bytes(walk_.bytes(0)), std::move(*record), false};
}

Result<std::uint32_t> EntryFile::copy_to(SqliteConnection& writer) {
    std::uint32_t copied = 0;
    CS2SIM_TRY(for_each_sealed([&](ByteView key, ByteView sealed) -> Result<void> {
        CS2SIM_TRY(writer.replace(key, sealed));
        ++copied;
        return {};
    }));
    return copied;
}

}  // namespace cs2sim
