#include "firmware/db/sqlite_backend.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>

#include "firmware/db/entry_file.h"
#include "firmware/db/sqlite_database.h"
#include "firmware/smos/flash/state_file.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;

// SQLite's own files beside a database; stale ones must never meet a new database of the same name.
void remove_side_files(const fs::path& file) {
    for (const char* suffix : {"-wal", "-shm"}) {
        fs::path side = file;
        ::unlink((side += suffix).c_str());
    }
}

class NewSqliteDatabase final : public NewDatabase {
public:
    NewSqliteDatabase(DatabaseIdentity identity, const DatabaseInfo& info)
        : identity_(std::move(identity)), info_(info), entries_(identity_) {
        static std::atomic<unsigned> counter{0};
        unfinished_ = identity_.file.parent_path() / ".new-";
        unfinished_ += std::to_string(counter++) + identity_.file.filename().string();
    }
    ~NewSqliteDatabase() override {
        if (!finished_) return;
        ::unlink(unfinished_.c_str());
        remove_side_files(unfinished_);
    }

    Result<void> add(ByteView key, ByteView record) override {
        if (key.size() != info_.key_length) return fail(E_DB_LENGTH);
        if (!filled_) CS2SIM_TRY(entries_.open());
        filled_ = true;
        return entries_.add(key, record);
    }

    Result<void> finish() override {
        finished_ = true;
        ::unlink(unfinished_.c_str());
        remove_side_files(unfinished_);
        CS2SIM_TRY(SqliteConnection::make_file(unfinished_, info_));
        if (filled_) CS2SIM_TRY(copy_entries());
        if (identity_.terms_of) CS2SIM_TRY(make_terms());
        const StateFile file(unfinished_, O_RDWR);
        if (!file || !file.sync()) return fail(database_io_error(errno));
        return {};
    }

    // Under another name until it is whole, so that a kill leaves a whole database or none.
    Result<void> publish() override {
        remove_side_files(identity_.file);
        if (std::rename(unfinished_.c_str(), identity_.file.c_str()) != 0)
            return fail(database_io_error(errno));
        finished_ = false;
        return sync_folder(identity_.file.parent_path());
    }

    Result<void> for_each(const std::function<Result<void>(ByteView, ByteView)>& visit) override {
        if (!filled_) return {};
        while (true) {
            const auto entry = entries_.next();
            if (!entry && entry.error().code == E_DB_NOT_FOUND) return {};
            CS2SIM_TRY(entry);
            CS2SIM_TRY(visit(entry->key, entry->record));
        }
    }

private:
    DatabaseIdentity unnamed(TermsOf terms_of) const {
        return {identity_.name, unfinished_, identity_.record_key, terms_of};
    }

    // Their terms afterwards, all at once.
    Result<void> copy_entries() {
        const DatabaseIdentity identity = unnamed(nullptr);
        SqliteConnection writer(identity);
        CS2SIM_TRY(writer.open(SqliteConnection::Syncs::none));
        CS2SIM_TRY(writer.begin());
        CS2SIM_TRY(entries_.copy_to(writer));
        CS2SIM_TRY(writer.commit());
        return writer.gather();
    }

    Result<void> make_terms() {
        const DatabaseIdentity identity = unnamed(identity_.terms_of);
        SqliteConnection writer(identity);
        CS2SIM_TRY(writer.open(SqliteConnection::Syncs::none));
        CS2SIM_TRY(writer.make_terms());
        return writer.gather();
    }

    const DatabaseIdentity identity_;
    const DatabaseInfo info_;
    EntryFile entries_;
    fs::path unfinished_;
    bool filled_ = false;
    bool finished_ = false;
};

class SqliteBackend final : public DatabaseBackend {
public:
    SqliteBackend(fs::path folder, const MasterKey& master_key)
        : folder_(std::move(folder)), master_key_(master_key) {}

    std::string_view name() const override { return "sqlite"; }

    BackendCapabilities capabilities() const override {
        return {.snapshots = true,
                .change_numbers = true,
                .survives_process = true,
                .sync_price = SyncPrice::shared};
    }

    bool exists(const std::string& name) const override { return ::access(file(name).c_str(), F_OK) == 0; }

    std::vector<DatabaseFile> list() const override {
        std::vector<DatabaseFile> found;
        for (const std::string& each : file_names(folder_)) {
            struct stat status {};
            if (each.starts_with('.') || !each.ends_with(".db") || ::stat(file(each).c_str(), &status) != 0)
                continue;
            const auto size = S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
            found.push_back({each, size});  // whatever it is, opening says what is wrong with it
        }
        std::ranges::sort(found, {}, &DatabaseFile::name);
        return found;
    }

    Result<std::shared_ptr<StoredDatabase>> open(const std::string& name, TermsOf terms_of) override {
        if (!exists(name)) return fail(E_OS_FILE_NO_SUCH_FILE);
        CS2SIM_TRY_LET(opened, SqliteDatabase::open(name, file(name), master_key_, terms_of));
        return opened;
    }

    Result<std::unique_ptr<NewDatabase>> make(const std::string& name, const DatabaseInfo& info,
                                              TermsOf terms_of) override {
        CS2SIM_TRY_LET(record_key, database_record_key(master_key_, name));
        return std::make_unique<NewSqliteDatabase>(
            DatabaseIdentity{name, file(name), std::move(record_key), terms_of}, info);
    }

    // The database first: a kill in between leaves side files, which the next of that name removes.
    Result<void> drop(const std::string& name) override {
        if (::unlink(file(name).c_str()) != 0) return fail(file_error(errno));
        CS2SIM_TRY(sync_folder(folder_));
        remove_side_files(file(name));
        return {};
    }

private:
    fs::path file(const std::string& name) const { return folder_ / name; }

    const fs::path folder_;
    const MasterKey& master_key_;
};

}  // namespace

std::unique_ptr<DatabaseBackend> make_sqlite_backend(fs::path folder, const MasterKey& master_key) {
    return std::make_unique<SqliteBackend>(std::move(folder), master_key);
}

}  // namespace cs2sim
