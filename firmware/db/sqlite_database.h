// A database in one SQLite file: one writer behind a group commit, readers from a pool beside it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "firmware/db/backend.h"
#include "firmware/db/change_counts.h"
#include "firmware/db/group_commit.h"
#include "firmware/db/sqlite_connection.h"
#include "firmware/smos/master_key.h"

namespace cs2sim {

inline constexpr long kMostInUse =
    64;  // snapshots and stagings of a database at a time: each holds files open

// Under which this database's records are sealed. Error: E_DB_BAD_MKEY.
Result<SecretBytes> database_record_key(const MasterKey& master_key, const std::string& name);

class SqliteDatabase final : public StoredDatabase, public std::enable_shared_from_this<SqliteDatabase> {
public:
    static Result<std::shared_ptr<SqliteDatabase>> open(const std::string& name,
                                                        const std::filesystem::path& file,
                                                        const MasterKey& master_key, TermsOf terms_of);

    const std::string& name() const override { return identity_.name; }
    DatabaseInfo info() const override { return info_; }

    Result<SecretBytes> find(ByteView key) override;
    Result<DatabaseEntry> find(ByteView key, Find mode) override;
    Result<void> insert(ByteView key, ByteView record) override;
    Result<void> update(ByteView key, ByteView record) override;
    Result<void> erase(ByteView key) override;
    Result<std::uint64_t> count() override;
    Result<void> verify() override;
    Result<std::vector<Bytes>> keys(ByteView after, std::size_t limit) override;
    Result<std::vector<FoundByTerm>> find_by(ByteView prefix, ByteView term, ByteView key,
                                             std::size_t limit) override;
    Result<Bytes> note(ByteView name) override;
    Result<std::vector<DatabaseEntry>> entries(ByteView after, std::size_t limit) override;
    Result<void> change(const std::function<Result<void>(Batch&)>& work) override;
    Result<std::unique_ptr<Snapshot>> snapshot() override;
    Result<std::unique_ptr<Staging>> stage() override;

    bool in_use() const override { return use_.use_count() > 1; }
    void close() override;

    // A reader of its own for the holder's time; goes back to the pool at the end.
    class Lease {
    public:
        Lease(SqliteDatabase& owner, std::unique_ptr<SqliteConnection> reader)
            : owner_(&owner), reader_(std::move(reader)) {}
        Lease(Lease&&) = default;
        Lease& operator=(Lease&&) = delete;
        ~Lease() {
            if (reader_) owner_->give_back(std::move(reader_));
        }
        SqliteConnection* operator->() const { return reader_.get(); }

    private:
        SqliteDatabase* owner_;
        std::unique_ptr<SqliteConnection> reader_;
    };
    // For one short operation: waits while kMostReaders of them are under way.
    Result<Lease> reader();

    // For snapshots.
    const DatabaseIdentity& identity() const { return identity_; }
    void enter(class ReaderSnapshot& snapshot);
    void leave(ReaderSnapshot& snapshot);
    void keep(std::unique_ptr<SqliteConnection> reader);  // in the pool, where there is room

    // `changed`: the classes of the keys that `work` changes, known when it has run.
    Result<void> run(const GroupCommit::Work& work, const ChangeCounts::Classes& changed) {
        auto done = writer_->run(work);
        changes_.add(changed);
        if (snapshot_count_.load(std::memory_order_relaxed) != 0) bound_log();
        return done;
    }
    std::uint64_t changes(ByteView key) const override { return changes_.of(key); }

private:
    explicit SqliteDatabase(DatabaseIdentity identity, const MasterKey& master_key)
        : identity_(std::move(identity)), master_key_(master_key) {}
    Result<void> check(ByteView key) const;
    Result<void> check_usable() const;
    Result<void> run(ByteView key, const GroupCommit::Work& work);
    Result<Bytes> sealed(ByteView key, ByteView record);
    void give_back(std::unique_ptr<SqliteConnection> reader);
    void bound_log();

    DatabaseIdentity identity_;
    DatabaseInfo info_;
    const MasterKey& master_key_;
    std::unique_ptr<GroupCommit> writer_;
    std::shared_ptr<void> use_ = std::make_shared<char>();
    std::atomic<bool> closed_{false};
    ChangeCounts changes_;
    std::mutex pool_mutex_;
    std::condition_variable returned_;
    std::vector<std::unique_ptr<SqliteConnection>> pool_;  // idle readers
    unsigned leased_ = 0;
    std::mutex snapshots_mutex_;
    std::set<ReaderSnapshot*> snapshots_;
    std::atomic<std::size_t> snapshot_count_{0};
};

}  // namespace cs2sim
