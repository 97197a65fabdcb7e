#include <algorithm>
#include <map>
#include <mutex>

#include "firmware/db/sqlite_backend.h"
#include "firmware/smos/smos.h"

namespace cs2sim {
namespace {

constexpr std::string_view kSuffix = ".db";

bool is_database_name(const std::string& plain) {
    return plain.ends_with(kSuffix) && plain.size() > kSuffix.size();
}

}  // namespace

struct DatabaseStore::Impl {
    DatabaseBackend* backend_of(const std::string& name) const;  // null when no backend has it
    DatabaseBackend* backend_called(std::string_view name) const;
    Result<std::shared_ptr<StoredDatabase>> open_locked(const std::string& name);
    TermsOf terms_of(const std::string& name) const;  // null: it has none

    std::vector<std::unique_ptr<DatabaseBackend>> backends;
    std::mutex mutex;
    std::map<std::string, std::shared_ptr<StoredDatabase>> databases;  // the open ones
    std::map<std::string, TermsOf> terms;                              // of databases that have them
};

namespace {

// Makes a database at its commit.
class StagedDatabase final : public Staging {
public:
    using Publish = std::function<Result<bool>(NewDatabase&)>;  // false: there is one of that name
    using Open = std::function<Result<std::shared_ptr<Database>>()>;

    StagedDatabase(std::unique_ptr<NewDatabase> made, const DatabaseInfo& info, Publish publish, Open open)
        : made_(std::move(made)), info_(info), publish_(std::move(publish)), open_(std::move(open)) {}

    Result<void> add(ByteView key, ByteView record) override {
        CS2SIM_TRY(made_->add(key, record));
        ++count_;
        return {};
    }

    Result<std::uint32_t> commit() override {
        CS2SIM_TRY(made_->finish());
        CS2SIM_TRY_LET(published, publish_(*made_));
        if (!published) CS2SIM_TRY(merge());
        return count_;
    }

private:
    Result<void> merge() {
        CS2SIM_TRY_LET(database, open_());
        if (database->info().key_length != info_.key_length) return fail(E_DB_BAD_INFO);
        return database->change([&](Batch& batch) {
            return made_->for_each([&](ByteView key, ByteView record) { return batch.update(key, record); });
        });
    }

    std::unique_ptr<NewDatabase> made_;
    const DatabaseInfo info_;
    const Publish publish_;
    const Open open_;
    std::uint32_t count_ = 0;
};

Result<std::string> new_name(std::string_view name, const DatabaseInfo& info) {
    auto plain = Flash::plain_name(name);
    CS2SIM_TRY(plain);
    if (!is_database_name(*plain)) return fail(E_DB_BAD_NAME);
    if (info.key_length < 1 || info.key_length > kLongestKey || info.max_size == 0)
        return fail(E_DB_BAD_INFO);
    return plain;
}

}  // namespace

DatabaseStore::DatabaseStore(Smos& smos) : impl_(std::make_unique<Impl>()) {
    register_backend(make_sqlite_backend(smos.state.databases(), smos.master_key));
}

DatabaseStore::~DatabaseStore() { close_all(); }

void DatabaseStore::register_backend(std::unique_ptr<DatabaseBackend> backend) {
    impl_->backends.push_back(std::move(backend));
}

DatabaseBackend* DatabaseStore::Impl::backend_of(const std::string& name) const {
    if (!is_database_name(name)) return nullptr;
    const auto found = std::ranges::find_if(backends, [&](const auto& one) { return one->exists(name); });
    return found == backends.end() ? nullptr : found->get();
}

DatabaseBackend* DatabaseStore::Impl::backend_called(std::string_view name) const {
    if (name.empty()) return backends.front().get();
    const auto found = std::ranges::find_if(backends, [&](const auto& one) { return one->name() == name; });
    return found == backends.end() ? nullptr : found->get();
}

Result<std::shared_ptr<StoredDatabase>> DatabaseStore::Impl::open_locked(const std::string& name) {
    if (const auto found = databases.find(name); found != databases.end()) return found->second;
    DatabaseBackend* backend = backend_of(name);
    if (!backend) return fail(E_OS_FILE_NO_SUCH_FILE);
    auto opened = backend->open(name, terms_of(name));
    if (opened) databases.emplace(name, *opened);
    return opened;
}

TermsOf DatabaseStore::Impl::terms_of(const std::string& name) const {
    const auto indexed = terms.find(name);
    return indexed == terms.end() ? nullptr : indexed->second;
}

void DatabaseStore::index(std::string_view name, TermsOf terms_of) {
    const std::lock_guard lock(impl_->mutex);
    impl_->terms.insert_or_assign(std::string(name), terms_of);
}

Result<std::shared_ptr<Database>> DatabaseStore::open(std::string_view name) {
    CS2SIM_TRY_LET(plain, Flash::plain_name(name));
    const std::lock_guard lock(impl_->mutex);
    return impl_->open_locked(plain);
}

Result<std::shared_ptr<Database>> DatabaseStore::create(std::string_view name, const DatabaseInfo& info,
                                                        std::string_view backend) {
    CS2SIM_TRY_LET(plain, new_name(name, info));
    DatabaseBackend* const maker = impl_->backend_called(backend);
    if (!maker) return fail(E_DB_BAD_PARAM);

    const std::lock_guard lock(impl_->mutex);
    // One that is open is there: the disk is not asked.
    if (!impl_->databases.contains(plain) && !impl_->backend_of(plain)) {
        CS2SIM_TRY_LET(made, maker->make(plain, info, impl_->terms_of(plain)));
        CS2SIM_TRY(made->finish());
        CS2SIM_TRY(made->publish());
    }
    auto database = impl_->open_locked(plain);
    if (database && (*database)->info().key_length != info.key_length) return fail(E_DB_BAD_INFO);
    return database;
}

Result<std::unique_ptr<Staging>> DatabaseStore::stage(std::string_view name, const DatabaseInfo& info) {
    CS2SIM_TRY_LET(plain, new_name(name, info));
    TermsOf terms_of = nullptr;
    {
        const std::lock_guard lock(impl_->mutex);
        terms_of = impl_->terms_of(plain);
        if (impl_->backend_of(plain)) {
            CS2SIM_TRY_LET(database, impl_->open_locked(plain));
            if (database->info().key_length != info.key_length) return fail(E_DB_BAD_INFO);
            return database->stage();
        }
    }
    CS2SIM_TRY_LET(made, impl_->backends.front()->make(plain, info, terms_of));
    const auto publish = [this, name = plain](NewDatabase& finished) -> Result<bool> {
        const std::lock_guard lock(impl_->mutex);
        if (impl_->backend_of(name)) return false;
        CS2SIM_TRY(finished.publish());
        return true;
    };
    return std::make_unique<StagedDatabase>(std::move(made), info, publish,
                                            [this, name = plain] { return open(name); });
}

bool DatabaseStore::exists(std::string_view plain_name) const {
    return impl_->backend_of(std::string(plain_name)) != nullptr;
}

Result<void> DatabaseStore::drop(std::string_view name) {
    CS2SIM_TRY_LET(plain, Flash::plain_name(name));
    const std::lock_guard lock(impl_->mutex);
    DatabaseBackend* backend = impl_->backend_of(plain);
    if (!backend) return fail(E_OS_FILE_NO_SUCH_FILE);
    if (const auto found = impl_->databases.find(plain); found != impl_->databases.end()) {
        if (found->second->in_use()) return fail(E_DB_IN_USE);
        found->second->close();
        impl_->databases.erase(found);
    }
    return backend->drop(plain);
}

std::vector<DatabaseFile> DatabaseStore::list() const {
    std::vector<DatabaseFile> all;
    for (const auto& backend : impl_->backends) {
        const std::vector<DatabaseFile> some = backend->list();
        all.insert(all.end(), some.begin(), some.end());
    }
    std::ranges::sort(all, {}, &DatabaseFile::name);
    return all;
}

Result<BackendCapabilities> DatabaseStore::capabilities(std::string_view plain_name) const {
    const DatabaseBackend* backend = impl_->backend_of(std::string(plain_name));
    if (!backend) return fail(E_OS_FILE_NO_SUCH_FILE);
    return backend->capabilities();
}

void DatabaseStore::close_all() {
    const std::lock_guard lock(impl_->mutex);
    for (auto& [name, database] : impl_->databases) database->close();
    impl_->databases.clear();
}

}  // namespace cs2sim
