// Entries collected beside a database that is there.
#include "firmware/db/entry_file.h"
#include "firmware/db/sqlite_database.h"

namespace cs2sim {
namespace {

class FileStaging final : public Staging {
public:
    FileStaging(std::shared_ptr<SqliteDatabase> database, std::shared_ptr<void> use,
                const DatabaseIdentity& identity)
        : database_(std::move(database)), use_(std::move(use)), entries_(identity) {}

    Result<void> open() { return entries_.open(); }

    Result<void> add(ByteView key, ByteView record) override {
        if (key.size() != database_->info().key_length) return fail(E_DB_LENGTH);
        return entries_.add(key, record);
    }

    Result<std::uint32_t> commit() override {
        std::uint32_t applied = 0;
        const auto copy = [&](SqliteConnection& writer) -> Result<void> {
            CS2SIM_TRY_LET(copied, entries_.copy_to(writer));
            applied = copied;
            return {};
        };
        CS2SIM_TRY(database_->run(copy, ChangeCounts::Classes().set()));
        return applied;
    }

private:
    std::shared_ptr<SqliteDatabase> database_;
    std::shared_ptr<void> use_;
    EntryFile entries_;
};

}  // namespace

Result<std::unique_ptr<Staging>> SqliteDatabase::stage() {
    CS2SIM_TRY(check_usable());
    const auto in_use = static_cast<std::size_t>(use_.use_count() - 1);
    if (in_use >= kMostStagings + snapshot_count_) return fail(E_DB_NO_MEM);
    auto staging = std::make_unique<FileStaging>(shared_from_this(), use_, identity_);
    CS2SIM_TRY(staging->open());
    return staging;
}

}  // namespace cs2sim
