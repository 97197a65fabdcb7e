#include "firmware/db/snapshot.h"

namespace cs2sim {
namespace {

class ReaderSnapshot final : public Snapshot {
public:
    ReaderSnapshot(std::shared_ptr<SqliteDatabase> database, std::shared_ptr<void> use,
                   SqliteDatabase::Lease reader)
        : database_(std::move(database)), use_(std::move(use)), reader_(std::move(reader)) {}

    ~ReaderSnapshot() override { reader_->end_walk(); }

    Result<void> begin() { return reader_->begin_walk(); }
    Result<DatabaseEntry> next() override { return reader_->walk(); }

private:
    std::shared_ptr<SqliteDatabase> database_;  // before the reader, which goes back to its pool
    std::shared_ptr<void> use_;
    SqliteDatabase::Lease reader_;
};

}  // namespace

Result<std::unique_ptr<Snapshot>> make_snapshot(std::shared_ptr<SqliteDatabase> database,
                                                std::shared_ptr<void> use, SqliteDatabase::Lease reader) {
    auto snapshot = std::make_unique<ReaderSnapshot>(std::move(database), std::move(use), std::move(reader));
    CS2SIM_TRY(snapshot->begin());
    return snapshot;
}

}  // namespace cs2sim
