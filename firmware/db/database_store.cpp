#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <map>

#include "firmware/db/sqlite_database.h"
#include "firmware/smos/host_file.h"
#include "firmware/smos/smos.h"

namespace cs2sim {
namespace {

// SQLite's own files beside a database; stale ones must never meet a new database of the same name.
void remove_side_files(const std::filesystem::path& file) {
    for (const char* suffix : {"-wal", "-shm"}) {
        std::filesystem::path side = file;
        ::unlink((side += suffix).c_str());
    }
}

// Made under another name and renamed, so that a kill leaves a whole database or none.
Result<void> make_database(const std::filesystem::path& file, const DatabaseInfo& info) {
    auto unfinished = file.parent_path() / ".new-";
    unfinished += file.filename();
    ::unlink(unfinished.c_str());
    remove_side_files(unfinished);
    CS2SIM_TRY(Connection::make_file(unfinished, info));
    if (!HostFile(unfinished, O_RDWR).sync()) return fail(E_DB_COR_FILE);
    remove_side_files(file);
    if (std::rename(unfinished.c_str(), file.c_str()) != 0) return fail(E_DB_COR_FILE);
    return sync_folder(file.parent_path());
}

}  // namespace

struct DatabaseStore::Impl {
    explicit Impl(Smos& services) : smos(services) {}

    Result<std::shared_ptr<Database>> open_locked(const std::string& name);

    Smos& smos;
    std::mutex mutex;
    std::map<std::string, std::shared_ptr<SqliteDatabase>> databases;  // the open ones
    std::map<std::string, TermsOf> terms;                              // of databases that have them
};

DatabaseStore::DatabaseStore(Smos& smos) : impl_(std::make_unique<Impl>(smos)) {}

DatabaseStore::~DatabaseStore() { close_all(); }

Result<std::shared_ptr<Database>> DatabaseStore::Impl::open_locked(const std::string& name) {
    if (const auto found = databases.find(name); found != databases.end()) return found->second;
    if (!smos.flash.exists(name)) return fail(E_OS_FILE_NO_SUCH_FILE);
    const auto indexed = terms.find(name);
    auto opened = SqliteDatabase::open(name, smos.flash.path_of(name), smos.master_key,
                                       indexed == terms.end() ? nullptr : indexed->second);
    if (!opened) return fail(opened.error());
    databases.emplace(name, *opened);
    return *opened;
}

void DatabaseStore::index(std::string_view name, TermsOf terms_of) {
    const std::lock_guard lock(impl_->mutex);
    impl_->terms.insert_or_assign(std::string(name), terms_of);
}

Result<std::shared_ptr<Database>> DatabaseStore::open(std::string_view name) {
    const auto plain = Flash::plain_name(name);
    if (!plain) return fail(plain.error());
    const std::lock_guard lock(impl_->mutex);
    return impl_->open_locked(*plain);
}

Result<std::shared_ptr<Database>> DatabaseStore::create(std::string_view name, const DatabaseInfo& info) {
    const auto plain = Flash::plain_name(name);
    if (!plain) return fail(plain.error());
    if (!plain->ends_with(".db") || plain->size() == 3) return fail(E_DB_BAD_NAME);
    if (info.key_length < 1 || info.key_length > kLongestKey || info.max_size == 0)
        return fail(E_DB_BAD_INFO);

    const std::lock_guard lock(impl_->mutex);
    if (!impl_->smos.flash.exists(*plain)) CS2SIM_TRY(make_database(impl_->smos.flash.path_of(*plain), info));
    auto database = impl_->open_locked(*plain);
    if (database && (*database)->info().key_length != info.key_length) return fail(E_DB_BAD_INFO);
    return database;
}

Result<void> DatabaseStore::drop(std::string_view name) {
    const auto plain = Flash::plain_name(name);
    if (!plain) return fail(plain.error());
    const std::lock_guard lock(impl_->mutex);
    if (!plain->ends_with(".db") || !impl_->smos.flash.exists(*plain)) return fail(E_OS_FILE_NO_SUCH_FILE);
    if (const auto found = impl_->databases.find(*plain); found != impl_->databases.end()) {
        if (found->second->in_use()) return fail(E_DB_IN_USE);
        found->second->close();
        impl_->databases.erase(found);
    }
    // The database first: a kill in between leaves side files, which the next of that name removes.
    CS2SIM_TRY(impl_->smos.flash.remove(*plain));
    remove_side_files(impl_->smos.flash.path_of(*plain));
    return {};
}

std::vector<std::string> DatabaseStore::list() const {
    std::vector<std::string> names;
    for (const FileInfo& file : impl_->smos.flash.list())
        if (file.name.ends_with(".db")) names.push_back(file.name);
    return names;
}

void DatabaseStore::close_all() {
    const std::lock_guard lock(impl_->mutex);
    for (auto& [name, database] : impl_->databases) database->close();
    impl_->databases.clear();
}

}  // namespace cs2sim
