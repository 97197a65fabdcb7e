#include "test/unit/db/memory_backend.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>

#include "firmware/smos/flash/fault_points.h"

namespace cs2sim::test {
namespace {

using Entries = std::map<Bytes, SecretBytes>;

struct Note {
    Bytes owner, note;
};
using Notes = std::map<Bytes, Note>;

struct Shelved {
    DatabaseInfo info;
    Entries entries;
    Notes notes;
};

bool begins_with(const Bytes& term, ByteView prefix) {
    return term.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), term.begin());
}

// Terms and the search keys of their entries, in order.
std::set<std::pair<Bytes, Bytes>> terms_in(const Entries& entries, TermsOf terms_of) {
    std::set<std::pair<Bytes, Bytes>> all;
    for (const auto& [key, record] : entries)
        for (Bytes& term : terms_of ? terms_of(key, record) : std::vector<Bytes>())
            all.emplace(std::move(term), key);
    return all;
}

Result<Bytes> note_in(const Notes& notes, ByteView name, TermsOf terms_of) {
    if (!terms_of) return fail(E_DB_BAD_PARAM);
    const auto found = notes.find(to_bytes(name));
    return found == notes.end() ? Bytes() : found->second.note;
}

class MemorySnapshot final : public Snapshot {
public:
    MemorySnapshot(Entries entries, std::shared_ptr<void> use)
        : entries_(std::move(entries)), use_(std::move(use)), next_(entries_.begin()) {}
    Result<DatabaseEntry> next() override {
        if (next_ == entries_.end()) return fail(E_DB_NOT_FOUND);
        const auto& [key, record] = *next_++;
        return DatabaseEntry{key, record, false};
    }

private:
    const Entries entries_;
    const std::shared_ptr<void> use_;
    Entries::const_iterator next_;
};

Result<void> check(const DatabaseInfo& info, ByteView key, ByteView record = {}) {
    if (key.size() != info.key_length || record.size() > kLongestRecord) return fail(E_DB_LENGTH);
    return {};
}

Result<DatabaseEntry> find_in(const Entries& entries, ByteView key, Find mode) {
    const Bytes wanted = to_bytes(key);
    const auto found = mode == Find::greater ? entries.upper_bound(wanted) : entries.lower_bound(wanted);
    if (found == entries.end() || (mode == Find::equal && found->first != wanted))
        return fail(E_DB_NOT_FOUND);
    return DatabaseEntry{found->first, found->second, false};
}

class MemoryBatch final : public Batch {
public:
    MemoryBatch(Shelved& changed, const std::string& name, TermsOf terms_of)
        : entries_(changed.entries),
          notes_(changed.notes),
          info_(changed.info),
          name_(name),
          terms_of_(terms_of) {}

    Result<SecretBytes> find(ByteView key) override {
        auto entry = find(key, Find::equal);
        if (!entry) return fail(entry.error());
        return std::move(entry->record);
    }
    Result<DatabaseEntry> find(ByteView key, Find mode) override {
        CS2SIM_TRY(check(info_, key));
        return find_in(entries_, key, mode);
    }
    Result<void> insert(ByteView key, ByteView record) override {
        CS2SIM_TRY(begin(key, record));
        if (!entries_.emplace(to_bytes(key), to_secret(record)).second) return fail(E_DB_EXISTS);
        return {};
    }
    Result<void> update(ByteView key, ByteView record) override {
        CS2SIM_TRY(begin(key, record));
        entries_[to_bytes(key)] = to_secret(record);
        return {};
    }
    Result<void> erase(ByteView key) override {
        CS2SIM_TRY(begin(key, {}));
        if (entries_.erase(to_bytes(key)) == 0) return fail(E_DB_NOT_FOUND);
        return {};
    }
    Result<Bytes> last_term(ByteView prefix) override {
        Result<Bytes> last = fail(E_DB_NOT_FOUND);
        for (const auto& [term, key] : terms_in(entries_, terms_of_))
            if (begins_with(term, prefix)) last = term;
        return last;
    }
    Result<Bytes> note(ByteView name) override { return note_in(notes_, name, terms_of_); }
    Result<void> set_note_of(ByteView owner, ByteView name, ByteView note) override {
        if (!terms_of_) return fail(E_DB_BAD_PARAM);
        if (note.empty()) {
            notes_.erase(to_bytes(name));
            return {};
        }
        if (const auto found = notes_.find(to_bytes(name)); found != notes_.end()) {
            found->second.note = to_bytes(note);
            return {};
        }
        if (!has_room(owner)) return fail(E_DB_NO_SPACE);
        notes_[to_bytes(name)] = {to_bytes(owner), to_bytes(note)};
        return {};
    }

private:
    bool has_room(ByteView owner) const {
        const bool room = notes_.size() < kNotesOfEntry * entries_.size() + kSpareNotes;
        if (owner.empty()) return room;
        std::uint64_t own = 0, own_entries = 0;
        for (const auto& [name, note] : notes_) own += begins_with(note.owner, owner) ? 1 : 0;
        for (const auto& [term, key] : terms_in(entries_, terms_of_))
            own_entries += begins_with(term, owner) ? 1 : 0;
        return own < kNotesOfEntry * own_entries + (room ? kSpareNotesOfOwner : 0);
    }
    Result<void> begin(ByteView key, ByteView record) {
        CS2SIM_TRY(check(info_, key, record));
        return fault_point(FaultPoint::db_write, name_, key);
    }
    Entries& entries_;
    Notes& notes_;
    const DatabaseInfo& info_;
    const std::string& name_;
    const TermsOf terms_of_;
};

class MemoryDatabase final : public StoredDatabase, public std::enable_shared_from_this<MemoryDatabase> {
public:
    MemoryDatabase(std::string name, std::shared_ptr<Shelved> shelved, TermsOf terms_of)
        : name_(std::move(name)), shelved_(std::move(shelved)), terms_of_(terms_of) {}

    const std::string& name() const override { return name_; }
    DatabaseInfo info() const override { return shelved_->info; }
    bool in_use() const override { return use_.use_count() > 1; }
    void close() override {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }

    Result<SecretBytes> find(ByteView key) override {
        auto entry = find(key, Find::equal);
        if (!entry) return fail(entry.error());
        return std::move(entry->record);
    }
    Result<DatabaseEntry> find(ByteView key, Find mode) override {
        const std::lock_guard lock(mutex_);
        CS2SIM_TRY(usable());
        CS2SIM_TRY(check(shelved_->info, key));
        return find_in(shelved_->entries, key, mode);
    }
    Result<void> insert(ByteView key, ByteView record) override {
        return change([&](Batch& batch) { return batch.insert(key, record); });
    }
    Result<void> update(ByteView key, ByteView record) override {
        return change([&](Batch& batch) { return batch.update(key, record); });
    }
    Result<void> erase(ByteView key) override {
        return change([&](Batch& batch) { return batch.erase(key); });
    }
    Result<std::uint64_t> count() override {
        const std::lock_guard lock(mutex_);
        CS2SIM_TRY(usable());
        return shelved_->entries.size();
    }
    Result<void> verify() override {
        const std::lock_guard lock(mutex_);
        return usable();
    }
    Result<std::vector<Bytes>> keys(ByteView after, std::size_t limit) override {
        const auto found = entries(after, limit);
        if (!found) return fail(found.error());
        std::vector<Bytes> keys;
        for (const DatabaseEntry& entry : *found) keys.push_back(entry.key);
        return keys;
    }
    Result<std::vector<DatabaseEntry>> entries(ByteView after, std::size_t limit) override {
        const std::lock_guard lock(mutex_);
        CS2SIM_TRY(usable());
        std::vector<DatabaseEntry> found;
        const Entries& all = shelved_->entries;
        for (auto at = after.empty() ? all.begin() : all.upper_bound(to_bytes(after));
             at != all.end() && found.size() < limit; ++at)
            found.push_back({at->first, at->second, false});
        return found;
    }
    Result<std::vector<FoundByTerm>> find_by(ByteView prefix, ByteView term, ByteView key,
                                             std::size_t limit) override {
        const std::lock_guard lock(mutex_);
        CS2SIM_TRY(usable());
        const std::pair<Bytes, Bytes> behind(to_bytes(term), to_bytes(key));
        std::vector<FoundByTerm> found;
        for (const auto& at : terms_in(shelved_->entries, terms_of_))
            if (begins_with(at.first, prefix) && at > behind && found.size() < limit)
                found.push_back({at.first, {at.second, shelved_->entries.at(at.second), false}});
        return found;
    }
    Result<Bytes> note(ByteView name) override {
        const std::lock_guard lock(mutex_);
        CS2SIM_TRY(usable());
        return note_in(shelved_->notes, name, terms_of_);
    }
    Result<void> change(const std::function<Result<void>(Batch&)>& work) override {
        const std::lock_guard lock(mutex_);
        CS2SIM_TRY(usable());
        Shelved changed = *shelved_;
        MemoryBatch batch(changed, name_, terms_of_);
        CS2SIM_TRY(work(batch));
        CS2SIM_TRY(fault_point(FaultPoint::db_before_commit, name_));
        *shelved_ = std::move(changed);
        return {};
    }
    Result<std::unique_ptr<Snapshot>> snapshot() override {
        const std::lock_guard lock(mutex_);
        CS2SIM_TRY(usable());
        return std::make_unique<MemorySnapshot>(shelved_->entries, use_);
    }
    Result<std::unique_ptr<Staging>> stage() override;
    std::uint64_t changes(ByteView) const override {
        static std::atomic<std::uint64_t> asked{0};
        return ++asked;  // no number of ours tells of a change
    }

private:
    Result<void> usable() const {
        if (closed_) return fail(E_DB_BAD_HANDLE);
        return {};
    }

    const std::string name_;
    const std::shared_ptr<Shelved> shelved_;
    const TermsOf terms_of_;
    const std::shared_ptr<void> use_ = std::make_shared<char>();
    mutable std::mutex mutex_;
    bool closed_ = false;
};

class MemoryStaging final : public Staging {
public:
    MemoryStaging(std::shared_ptr<MemoryDatabase> database, std::shared_ptr<void> use)
        : database_(std::move(database)), use_(std::move(use)) {}
    Result<void> add(ByteView key, ByteView record) override {
        CS2SIM_TRY(check(database_->info(), key, record));
        if (!entries_.emplace(to_bytes(key), to_secret(record)).second) return fail(E_DB_EXISTS);
        return {};
    }
    Result<std::uint32_t> commit() override {
        CS2SIM_TRY(database_->change([&](Batch& batch) -> Result<void> {
            for (const auto& [key, record] : entries_) CS2SIM_TRY(batch.update(key, record));
            return {};
        }));
        return static_cast<std::uint32_t>(entries_.size());
    }

private:
    const std::shared_ptr<MemoryDatabase> database_;
    const std::shared_ptr<void> use_;
    Entries entries_;
};

Result<std::unique_ptr<Staging>> MemoryDatabase::stage() {
    const std::lock_guard lock(mutex_);
    CS2SIM_TRY(usable());
    return std::make_unique<MemoryStaging>(shared_from_this(), use_);
}

}  // namespace

struct MemoryShelf {
    std::mutex mutex;
    std::map<std::string, std::shared_ptr<Shelved>> databases;
};

namespace {

class NewMemoryDatabase final : public NewDatabase {
public:
    NewMemoryDatabase(std::shared_ptr<MemoryShelf> shelf, std::string name, const DatabaseInfo& info)
        : shelf_(std::move(shelf)), name_(std::move(name)) {
        made_->info = info;
    }
    Result<void> add(ByteView key, ByteView record) override {
        CS2SIM_TRY(check(made_->info, key, record));
        if (!made_->entries.emplace(to_bytes(key), to_secret(record)).second) return fail(E_DB_EXISTS);
        return {};
    }
    Result<void> finish() override { return fault_point(FaultPoint::db_before_commit, name_); }
    Result<void> publish() override {
        const std::lock_guard lock(shelf_->mutex);
        shelf_->databases[name_] = made_;
        return {};
    }
    Result<void> for_each(const std::function<Result<void>(ByteView, ByteView)>& visit) override {
        for (const auto& [key, record] : made_->entries) CS2SIM_TRY(visit(key, record));
        return {};
    }

private:
    const std::shared_ptr<MemoryShelf> shelf_;
    const std::string name_;
    const std::shared_ptr<Shelved> made_ = std::make_shared<Shelved>();
};

class MemoryBackend final : public DatabaseBackend {
public:
    explicit MemoryBackend(std::shared_ptr<MemoryShelf> shelf) : shelf_(std::move(shelf)) {}
    std::string_view name() const override { return "memory"; }
    BackendCapabilities capabilities() const override {
        return {.snapshots = true,
                .change_numbers = false,
                .survives_process = false,
                .sync_price = SyncPrice::none};
    }
    bool exists(const std::string& name) const override {
        const std::lock_guard lock(shelf_->mutex);
        return shelf_->databases.contains(name);
    }
    std::vector<DatabaseFile> list() const override {
        const std::lock_guard lock(shelf_->mutex);
        std::vector<DatabaseFile> all;
        for (const auto& [name, shelved] : shelf_->databases) all.push_back({name, shelved->entries.size()});
        return all;
    }
    Result<std::shared_ptr<StoredDatabase>> open(const std::string& name, TermsOf terms_of) override {
        const std::lock_guard lock(shelf_->mutex);
        const auto found = shelf_->databases.find(name);
        if (found == shelf_->databases.end()) return fail(E_OS_FILE_NO_SUCH_FILE);
        return std::make_shared<MemoryDatabase>(name, found->second, terms_of);
    }
    Result<std::unique_ptr<NewDatabase>> make(const std::string& name, const DatabaseInfo& info,
                                              TermsOf) override {
        return std::make_unique<NewMemoryDatabase>(shelf_, name, info);
    }
    Result<void> drop(const std::string& name) override {
        const std::lock_guard lock(shelf_->mutex);
        if (shelf_->databases.erase(name) == 0) return fail(E_OS_FILE_NO_SUCH_FILE);
        return {};
    }

private:
    const std::shared_ptr<MemoryShelf> shelf_;
};

}  // namespace

std::shared_ptr<MemoryShelf> make_memory_shelf() { return std::make_shared<MemoryShelf>(); }

std::unique_ptr<DatabaseBackend> make_memory_backend(std::shared_ptr<MemoryShelf> shelf) {
    return std::make_unique<MemoryBackend>(std::move(shelf));
}

}  // namespace cs2sim::test
