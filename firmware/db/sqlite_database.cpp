#include "firmware/db/sqlite_database.h"

#include "firmware/db/snapshot.h"

namespace cs2sim {
namespace {

constexpr std::size_t kIdleReaders = 4;

Result<void> check_length(ByteView key, const DatabaseInfo& info) {
    if (key.size() != info.key_length) return fail(E_DB_LENGTH);
    return {};
}

class WriterBatch final : public Batch {
public:
    WriterBatch(Connection& writer, const DatabaseInfo& info, ChangeCounts::Classes& changed)
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
    Result<void> set_note(ByteView name, ByteView note) override { return writer_.set_note(name, note); }

private:
    Result<void> begin_change(ByteView key, ByteView record = {}) {
        changed_.set(ChangeCounts::class_of(key));
        CS2SIM_TRY(check_record(record));
        return check_length(key, info_);
    }

    Connection& writer_;
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
    auto record_key = database_record_key(master_key, name);
    if (!record_key) return fail(record_key.error());
    std::shared_ptr<SqliteDatabase> database(
        new SqliteDatabase({name, file, std::move(*record_key), terms_of}, master_key));

    auto writer = std::make_unique<Connection>(database->identity_);
    CS2SIM_TRY(writer->open());
    const auto info = writer->read_info();
    if (!info) return fail(info.error());
    database->info_ = *info;
    CS2SIM_TRY(writer->make_terms());
    database->writer_ = std::make_unique<GroupCommit>(std::move(writer));
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
    {
        const std::lock_guard lock(pool_mutex_);
        if (!pool_.empty()) {
            Lease lease(*this, std::move(pool_.back()));
            pool_.pop_back();
            return lease;
        }
    }
    auto connection = std::make_unique<Connection>(identity_);
    CS2SIM_TRY(connection->open());
    return Lease(*this, std::move(connection));
}

void SqliteDatabase::give_back(std::unique_ptr<Connection> reader) {
    const std::lock_guard lock(pool_mutex_);
    if (!closed_ && pool_.size() < kIdleReaders) pool_.push_back(std::move(reader));
}

void SqliteDatabase::close() {
    closed_ = true;
    {
        const std::lock_guard lock(pool_mutex_);
        pool_.clear();
    }
    writer_->close();
}

Result<SecretBytes> SqliteDatabase::find(ByteView key) {
    CS2SIM_TRY(check(key));
    auto lease = reader();
    if (!lease) return fail(lease.error());
    return (*lease)->find(key);
}

Result<DatabaseEntry> SqliteDatabase::find(ByteView key, Find mode) {
    CS2SIM_TRY(check(key));
    auto lease = reader();
    if (!lease) return fail(lease.error());
    return (*lease)->find(key, mode);
}

Result<std::uint64_t> SqliteDatabase::count() {
    auto lease = reader();
    if (!lease) return fail(lease.error());
    return (*lease)->count();
}

Result<std::vector<Bytes>> SqliteDatabase::keys(ByteView after, std::size_t limit) {
    auto lease = reader();
    if (!lease) return fail(lease.error());
    return (*lease)->keys(after, limit);
}

Result<std::vector<FoundByTerm>> SqliteDatabase::find_by(ByteView prefix, ByteView term, ByteView key,
                                                         std::size_t limit) {
    auto lease = reader();
    if (!lease) return fail(lease.error());
    return (*lease)->find_by(prefix, term, key, limit);
}

Result<Bytes> SqliteDatabase::note(ByteView name) {
    auto lease = reader();
    if (!lease) return fail(lease.error());
    return (*lease)->note(name);
}

Result<void> SqliteDatabase::run(ByteView key, const GroupCommit::Work& work) {
    auto done = writer_->run(work);
    changes_.add(ChangeCounts::class_of(key));
    return done;
}

// Records are sealed before the queue for the writer, by each thread for itself.
Result<void> SqliteDatabase::insert(ByteView key, ByteView record) {
    CS2SIM_TRY(check(key));
    CS2SIM_TRY(check_record(record));
    auto lease = reader();
    if (!lease) return fail(lease.error());
    const Bytes sealed = (*lease)->seal(key, record);
    return run(key, [&](Connection& writer) { return writer.insert(key, sealed); });
}

Result<void> SqliteDatabase::update(ByteView key, ByteView record) {
    CS2SIM_TRY(check(key));
    CS2SIM_TRY(check_record(record));
    auto lease = reader();
    if (!lease) return fail(lease.error());
    const Bytes sealed = (*lease)->seal(key, record);
    return run(key, [&](Connection& writer) { return writer.replace(key, sealed); });
}

Result<void> SqliteDatabase::erase(ByteView key) {
    CS2SIM_TRY(check(key));
    return run(key, [&](Connection& writer) { return writer.erase(key); });
}

Result<void> SqliteDatabase::change(const std::function<Result<void>(Batch&)>& work) {
    CS2SIM_TRY(check_usable());
    ChangeCounts::Classes changed;
    const auto in_batch = [&](Connection& writer) {
        WriterBatch batch(writer, info_, changed);
        return work(batch);
    };
    return run(in_batch, changed);
}

Result<std::unique_ptr<Snapshot>> SqliteDatabase::snapshot() {
    if (use_.use_count() > kMostInUse) return fail(E_DB_NO_MEM);
    auto lease = reader();
    if (!lease) return fail(lease.error());
    return make_snapshot(shared_from_this(), use_, std::move(*lease));
}

}  // namespace cs2sim
