#include "firmware/db/sqlite_database.h"

#include "firmware/db/snapshot.h"

namespace cs2sim {
namespace {

constexpr std::size_t kIdleReaders = 4;
constexpr unsigned kMostReaders = 16;  // each holds files open and memory
constexpr std::uintmax_t kLongestLog = 16
                                       << 20;  // bytes of changes that snapshots may keep from being settled

Result<void> check_length(ByteView key, const DatabaseInfo& info) {
    if (key.size() != info.key_length) return fail(E_DB_LENGTH);
    return {};
}

class WriterBatch final : public Batch {
public:
    WriterBatch(SqliteConnection& writer, const DatabaseInfo& info, ChangeCounts::Classes& changed)
        : writer_(writer), info_(info), changed_(changed) {}

    Result<SecretBytes> find(ByteView key) override {
        CS2SIM_TRY(check_length(key, info_));
        return writer_.find(key);
    }
    Result<DatabaseEntry> find(ByteView key, Find mode) override {
        CS2SIM_TRY(check_length(key, info_));
        return writer_.find(key, mode);
    }
    Result<void> insert(ByteView key, ByteView record) override {
        CS2SIM_TRY(begin_change(key, record));
        return writer_.insert(key, writer_.seal(key, record));
    }
    Result<void> update(ByteView key, ByteView record) override {
        CS2SIM_TRY(begin_change(key, record));
        return writer_.replace(key, writer_.seal(key, record));
    }
    Result<void> erase(ByteView key) override {
        CS2SIM_TRY(begin_change(key));
        return writer_.erase(key);
    }
    Result<Bytes> last_term(ByteView prefix) override { return writer_.last_term(prefix); }
    Result<Bytes> note(ByteView name) override { return writer_.note(name); }
    Result<void> set_note_of(ByteView owner, ByteView name, ByteView note) override {
        return writer_.set_note(owner, name, note);
    }

private:
    Result<void> begin_change(ByteView key, ByteView record = {}) {
        changed_.set(ChangeCounts::class_of(key));
        CS2SIM_TRY(check_record(record));
        return check_length(key, info_);
    }

    SqliteConnection& writer_;
    const DatabaseInfo& info_;
    ChangeCounts::Classes& changed_;
};

}  // namespace

Result<SecretBytes> database_record_key(const MasterKey& master_key, const std::string& name) {
    auto key = master_key.derive("database " + name);
    if (!key) return fail(E_DB_BAD_MKEY);
    return key;
}

Result<std::shared_ptr<SqliteDatabase>> SqliteDatabase::open(const std::string& name,
                                                             const std::filesystem::path& file,
                                                             const MasterKey& master_key, TermsOf terms_of) {
    CS2SIM_TRY_LET(record_key, database_record_key(master_key, name));
    std::shared_ptr<SqliteDatabase> database(
        new SqliteDatabase({name, file, std::move(record_key), terms_of}, master_key));

    auto writer = std::make_unique<SqliteConnection>(database->identity_);
    CS2SIM_TRY(writer->open());
    CS2SIM_TRY_LET(info, writer->read_info());
    database->info_ = info;
    CS2SIM_TRY(writer->make_terms());
    database->writer_ = std::make_unique<GroupCommit>(std::move(writer));
    // One reader from the start: with it the database works on when the host has no descriptor left.
    auto reader = std::make_unique<SqliteConnection>(database->identity_);
    CS2SIM_TRY(reader->open());
    database->pool_.reserve(kIdleReaders);  // what comes back to it needs no memory
    database->pool_.push_back(std::move(reader));
    return database;
}

Result<void> SqliteDatabase::check_usable() const {
    if (closed_) return fail(E_DB_BAD_HANDLE);
    if (!master_key_.present()) return fail(E_DB_BAD_MKEY);
    return {};
}

Result<void> SqliteDatabase::check(ByteView key) const {
    CS2SIM_TRY(check_usable());
    return check_length(key, info_);
}

Result<SqliteDatabase::Lease> SqliteDatabase::reader() {
    CS2SIM_TRY(check_usable());
    std::unique_lock lock(pool_mutex_);
    while (true) {
        returned_.wait(lock, [&] { return closed_ || !pool_.empty() || leased_ < kMostReaders; });
        if (closed_) return fail(E_DB_BAD_HANDLE);
        ++leased_;
        if (!pool_.empty()) {
            Lease lease(*this, std::move(pool_.back()));
            pool_.pop_back();
            return lease;
        }
        lock.unlock();
        std::unique_ptr<SqliteConnection> connection;
        Result<void> opened;
        try {
            connection = std::make_unique<SqliteConnection>(identity_);
            opened = connection->open();
        } catch (const std::bad_alloc&) {
            opened = fail(E_DB_NO_MEM);
        }
        if (opened) return Lease(*this, std::move(connection));
        lock.lock();
        --leased_;
        // Without a descriptor left, those who have a reader lend it.
        if (opened.error().code != E_OS_FILE_HDL_TOOMANY || (leased_ == 0 && pool_.empty()))
            return fail(opened.error());
        returned_.wait(lock, [&] { return closed_ || !pool_.empty() || leased_ == 0; });
    }
}

void SqliteDatabase::give_back(std::unique_ptr<SqliteConnection> reader) {
    const std::lock_guard lock(pool_mutex_);
    --leased_;
    if (!closed_ && pool_.size() < kIdleReaders) pool_.push_back(std::move(reader));
    returned_.notify_all();
}

void SqliteDatabase::keep(std::unique_ptr<SqliteConnection> reader) {
    const std::lock_guard lock(pool_mutex_);
    if (closed_ || pool_.size() >= kIdleReaders) return;
    pool_.push_back(std::move(reader));
    returned_.notify_all();
}

void SqliteDatabase::close() {
    closed_ = true;
    {
        const std::lock_guard lock(pool_mutex_);
        pool_.clear();
        returned_.notify_all();
    }
    writer_->close();
}

Result<SecretBytes> SqliteDatabase::find(ByteView key) {
    CS2SIM_TRY(check(key));
    CS2SIM_TRY_LET(lease, reader());
    return lease->find(key);
}

Result<DatabaseEntry> SqliteDatabase::find(ByteView key, Find mode) {
    CS2SIM_TRY(check(key));
    CS2SIM_TRY_LET(lease, reader());
    return lease->find(key, mode);
}

Result<std::uint64_t> SqliteDatabase::count() {
    CS2SIM_TRY_LET(lease, reader());
    return lease->count();
}

Result<void> SqliteDatabase::verify() {
    CS2SIM_TRY_LET(lease, reader());
    return lease->verify();
}

Result<std::vector<Bytes>> SqliteDatabase::keys(ByteView after, std::size_t limit) {
    CS2SIM_TRY_LET(lease, reader());
    return lease->keys(after, limit);
}

Result<std::vector<FoundByTerm>> SqliteDatabase::find_by(ByteView prefix, ByteView term, ByteView key,
                                                         std::size_t limit) {
    CS2SIM_TRY_LET(lease, reader());
    return lease->find_by(prefix, term, key, limit);
}

Result<Bytes> SqliteDatabase::note(ByteView name) {
    CS2SIM_TRY_LET(lease, reader());
    return lease->note(name);
}

Result<std::vector<DatabaseEntry>> SqliteDatabase::entries(ByteView after, std::size_t limit) {
    CS2SIM_TRY_LET(lease, reader());
    return lease->entries(after, limit);
}

Result<void> SqliteDatabase::run(ByteView key, const GroupCommit::Work& work) {
    auto done = writer_->run(work);
    changes_.add(ChangeCounts::class_of(key));
    if (snapshot_count_.load(std::memory_order_relaxed) != 0) bound_log();
    return done;
}

// Records are sealed before the queue for the writer, by each thread for itself.
Result<Bytes> SqliteDatabase::sealed(ByteView key, ByteView record) {
    CS2SIM_TRY(check(key));
    CS2SIM_TRY(check_record(record));
    CS2SIM_TRY_LET(lease, reader());
    return lease->seal(key, record);
}

Result<void> SqliteDatabase::insert(ByteView key, ByteView record) {
    CS2SIM_TRY_LET(waiting, sealed(key, record));
    return run(key, [&](SqliteConnection& writer) { return writer.insert(key, waiting); });
}

Result<void> SqliteDatabase::update(ByteView key, ByteView record) {
    CS2SIM_TRY_LET(waiting, sealed(key, record));
    return run(key, [&](SqliteConnection& writer) { return writer.replace(key, waiting); });
}

Result<void> SqliteDatabase::erase(ByteView key) {
    CS2SIM_TRY(check(key));
    return run(key, [&](SqliteConnection& writer) { return writer.erase(key); });
}

Result<void> SqliteDatabase::change(const std::function<Result<void>(Batch&)>& work) {
    CS2SIM_TRY(check_usable());
    ChangeCounts::Classes changed;
    const auto in_batch = [&](SqliteConnection& writer) {
        WriterBatch batch(writer, info_, changed);
        return work(batch);
    };
    return run(in_batch, changed);
}

Result<std::unique_ptr<Snapshot>> SqliteDatabase::snapshot() {
    CS2SIM_TRY(check_usable());
    const std::size_t open = snapshot_count_;
    if (open >= kMostSnapshots) return fail(E_DB_NO_MEM);
    auto reader = std::make_unique<SqliteConnection>(identity_);
    CS2SIM_TRY(reader->open());
    auto snapshot = std::make_unique<ReaderSnapshot>(shared_from_this(), use_, std::move(reader));
    CS2SIM_TRY(snapshot->begin());
    if (open >= kMostReadingSnapshots) CS2SIM_TRY(snapshot->leave_log());
    return snapshot;
}

void SqliteDatabase::enter(ReaderSnapshot& snapshot) {
    const std::lock_guard lock(snapshots_mutex_);
    snapshots_.insert(&snapshot);
    snapshot_count_ = snapshots_.size();
}

void SqliteDatabase::leave(ReaderSnapshot& snapshot) {
    const std::lock_guard lock(snapshots_mutex_);
    snapshots_.erase(&snapshot);
    snapshot_count_ = snapshots_.size();
}

// An idle backup must not make the log grow for ever.
void SqliteDatabase::bound_log() {
    auto log = identity_.file;
    log += "-wal";
    std::error_code unknown;
    const auto size = std::filesystem::file_size(log, unknown);
    if (unknown || size < kLongestLog) return;
    const std::lock_guard lock(snapshots_mutex_);
    for (ReaderSnapshot* snapshot : snapshots_) (void)snapshot->leave_log();
}

}  // namespace cs2sim
