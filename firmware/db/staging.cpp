#include "firmware/db/staging.h"

#include <unistd.h>

#include <atomic>

namespace cs2sim {
namespace {

class FileStaging final : public Staging {
public:
    FileStaging(std::shared_ptr<SqliteDatabase> database, std::shared_ptr<void> use,
                const DatabaseIdentity& identity)
        : database_(std::move(database)),
          use_(std::move(use)),
          identity_(identity),
          aead_(identity.record_key) {}

    Result<void> open();
    Result<void> add(ByteView key, ByteView record) override;
    Result<std::uint32_t> commit() override;

private:
    Result<void> copy_to(Connection& writer, std::uint32_t& applied);

    std::shared_ptr<SqliteDatabase> database_;
    std::shared_ptr<void> use_;
    const DatabaseIdentity& identity_;
    Aead aead_;
    Sqlite sqlite_;
    Statement insert_;
};

Result<void> FileStaging::open() {
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

Result<void> FileStaging::add(ByteView key, ByteView record) {
    if (key.size() != database_->info().key_length) return fail(E_DB_LENGTH);
    CS2SIM_TRY(check_record(record));
    const Bytes sealed = aead_.seal(record, {as_bytes(identity_.name), key});
    const int step = insert_.bind(1, key).bind(2, sealed).step();
    insert_.reset();
    if ((step & 0xFF) == SQLITE_CONSTRAINT) return fail(E_DB_EXISTS);
    if (step != SQLITE_DONE) return fail(database_error(step));
    return {};
}

Result<std::uint32_t> FileStaging::commit() {
    std::uint32_t applied = 0;
    CS2SIM_TRY(database_->run([&](Connection& writer) { return copy_to(writer, applied); },
                              ChangeCounts::Classes().set()));
    return applied;
}

Result<void> FileStaging::copy_to(Connection& writer, std::uint32_t& applied) {
    Statement all(sqlite_.get(), "SELECT key, record FROM entries ORDER BY key");
    int step = 0;
    while ((step = all.step()) == SQLITE_ROW) {
        CS2SIM_TRY(writer.replace(all.bytes(0), all.bytes(1)));
        ++applied;
    }
    if (step != SQLITE_DONE) return fail(database_error(step));
    return {};
}

}  // namespace

Result<std::unique_ptr<Staging>> make_staging(std::shared_ptr<SqliteDatabase> database,
                                              std::shared_ptr<void> use, const DatabaseIdentity& identity) {
    auto staging = std::make_unique<FileStaging>(std::move(database), std::move(use), identity);
    CS2SIM_TRY(staging->open());
    return staging;
}

}  // namespace cs2sim
