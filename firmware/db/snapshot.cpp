#include "firmware/db/snapshot.h"

namespace cs2sim {

ReaderSnapshot::ReaderSnapshot(std::shared_ptr<SqliteDatabase> database, std::shared_ptr<void> use,
                               std::unique_ptr<SqliteConnection> reader)
    : database_(std::move(database)), use_(std::move(use)), reader_(std::move(reader)) {
    database_->enter(*this);
}

ReaderSnapshot::~ReaderSnapshot() {
    database_->leave(*this);
    if (!reader_) return;
    reader_->end_walk();
    database_->keep(std::move(reader_));
}

Result<DatabaseEntry> ReaderSnapshot::next() {
    const std::lock_guard lock(mutex_);
    if (reader_) return reader_->walk();
    CS2SIM_TRY(moved_);
    return rest_->next();
}

Result<void> ReaderSnapshot::leave_log() {
    const std::lock_guard lock(mutex_);
    if (!reader_) return moved_;
    rest_ = std::make_unique<EntryFile>(database_->identity());
    moved_ = rest_->open();
    if (moved_)
        moved_ =
            reader_->walk_on([&](ByteView key, ByteView sealed) { return rest_->add_sealed(key, sealed); });
    reader_->end_walk();
    reader_.reset();
    return moved_;
}

}  // namespace cs2sim
