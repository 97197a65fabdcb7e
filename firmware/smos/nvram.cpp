#include "firmware/smos/nvram.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <mutex>
#include <string>

#include "firmware/db/sqlite/sqlite.h"
#include "firmware/smos/flash/memory_reserve.h"
#include "firmware/smos/flash/state_file.h"

namespace cs2sim {
namespace {

constexpr const char* kTable =
    "CREATE TABLE IF NOT EXISTS numbers(name BLOB PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID";
// Made when it is first wanted: to open what a version before has made writes nothing.
constexpr const char* kTableOfBytes =
    "CREATE TABLE IF NOT EXISTS bytes(name BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID";

// The file of a new device: beside its place, synchronised once as a whole, then named. SQLite's own way
// there would synchronise six times.
bool make_file(const std::filesystem::path& file) {
    std::filesystem::path unfinished = file.parent_path() / ".tmp-";
    unfinished += file.filename();
    ::unlink(unfinished.c_str());
    {
        Sqlite sqlite;
        if (sqlite.open(unfinished, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) != SQLITE_OK ||
            sqlite.run("PRAGMA synchronous=OFF; PRAGMA journal_mode=WAL") != SQLITE_OK ||
            sqlite.run(kTable) != SQLITE_OK || sqlite.run("PRAGMA wal_checkpoint(TRUNCATE)") != SQLITE_OK)
            return false;
    }
    for (const char* side : {"-wal", "-shm", "-journal"}) {  // of a file that is gone
        std::filesystem::path stale = file;
        ::unlink((stale += side).c_str());
    }
    const StateFile made(unfinished, O_RDWR);
    return made && made.sync() && std::rename(unfinished.c_str(), file.c_str()) == 0 &&
           sync_folder(file.parent_path()).has_value();
}

}  // namespace

// All settings sit in memory too, so that reading one never touches the disk.
struct Nvram::Storage {
    std::filesystem::path file;
    mutable std::mutex mutex;
    Sqlite connection;
    Statement store;
    std::map<std::string, std::int64_t, std::less<>> numbers;
    std::map<std::string, Bytes, std::less<>> bytes;

    bool exists() const;
    bool open();
    bool load();
    bool load_bytes();
    bool store_bytes(std::string_view name, ByteView value);
};

bool Nvram::Storage::exists() const {
    std::error_code absent;
    const auto size = std::filesystem::file_size(file, absent);
    return !absent && size != 0;
}

bool Nvram::Storage::open() {
    if (store.ready()) return true;
    if (!exists() && !make_file(file)) return false;
    if (connection.open(file, SQLITE_OPEN_READWRITE) != SQLITE_OK) return false;
    // One process owns the state folder: without the shared-memory index opening is faster.
    const bool ready = connection.run("PRAGMA locking_mode=EXCLUSIVE") == SQLITE_OK &&
                       connection.run("PRAGMA journal_mode=WAL") == SQLITE_OK &&
                       connection.run("PRAGMA synchronous=FULL") == SQLITE_OK && load();
    if (!ready) {
        store = {};
        connection.close();
    }
    return ready;
}

bool Nvram::Storage::load() {
    if (connection.run(kTable) != SQLITE_OK) return false;
    Statement check(connection.get(), "PRAGMA quick_check(1)");
    if (check.step() != SQLITE_ROW || as_text(check.bytes(0)) != "ok") return false;
    check = {};
    Statement all(connection.get(), "SELECT name, value FROM numbers");
    int step = 0;
    while ((step = all.step()) == SQLITE_ROW) numbers[std::string(as_text(all.bytes(0)))] = all.number(1);
    store = Statement(connection.get(), "INSERT OR REPLACE INTO numbers VALUES(?, ?)");
    return step == SQLITE_DONE && store.ready() && load_bytes();
}

bool Nvram::Storage::load_bytes() {
    bytes.clear();
    Statement there(connection.get(), "SELECT 1 FROM sqlite_master WHERE name='bytes'");
    if (const int step = there.step(); step != SQLITE_ROW) return step == SQLITE_DONE;
    Statement all(connection.get(), "SELECT name, value FROM bytes");
    int step = 0;
    while ((step = all.step()) == SQLITE_ROW)
        bytes[std::string(as_text(all.bytes(0)))] = to_bytes(all.bytes(1));
    return step == SQLITE_DONE;
}

bool Nvram::Storage::store_bytes(std::string_view name, ByteView value) {
    if (connection.run(kTableOfBytes) != SQLITE_OK) return false;
    Statement change(connection.get(), value.empty() ? "DELETE FROM bytes WHERE name=?1"
                                                     : "INSERT OR REPLACE INTO bytes VALUES(?1, ?2)");
    if (!change.ready()) return false;
    change.bind(1, as_bytes(name));
    if (!value.empty()) change.bind(2, value);
    return change.step() == SQLITE_DONE;
}

Nvram::Nvram(const std::filesystem::path& file) : storage_(std::make_unique<Storage>()) {
    storage_->file = file;
}

Nvram::~Nvram() = default;

bool Nvram::exists() const { return storage_->exists(); }

Result<void> Nvram::open() {
    const std::lock_guard lock(storage_->mutex);
    if (!storage_->open()) return fail(E_CMDS_NVRAM);
    return {};
}

std::optional<std::int64_t> Nvram::number(std::string_view name) const {
    const std::lock_guard lock(storage_->mutex);
    if (!storage_->open()) return std::nullopt;
    const auto found = storage_->numbers.find(name);
    if (found == storage_->numbers.end()) return std::nullopt;
    return found->second;
}

Result<void> Nvram::set_number(std::string_view name, std::int64_t value) {
    const std::lock_guard lock(storage_->mutex);
    if (!storage_->open()) return fail(E_CMDS_NVRAM);
    const int step = storage_->store.bind(1, as_bytes(name)).bind(2, value).step();
    storage_->store.reset();
    if (step != SQLITE_DONE) return fail(E_CMDS_NVRAM);
    CommandMemory::stored();
    storage_->numbers[std::string(name)] = value;
    return {};
}

Bytes Nvram::bytes(std::string_view name) const {
    const std::lock_guard lock(storage_->mutex);
    if (!storage_->open()) return {};
    const auto found = storage_->bytes.find(name);
    return found == storage_->bytes.end() ? Bytes() : found->second;
}

Result<void> Nvram::set_bytes(std::string_view name, ByteView value) {
    Bytes kept = to_bytes(value);  // memory first: what is stored is also known
    const std::lock_guard lock(storage_->mutex);
    if (!storage_->open()) return fail(E_CMDS_NVRAM);
    const auto place = storage_->bytes.try_emplace(std::string(name)).first;
    if (!storage_->store_bytes(name, value)) {
        if (place->second.empty()) storage_->bytes.erase(place);
        return fail(E_CMDS_NVRAM);
    }
    CommandMemory::stored();
    if (kept.empty())
        storage_->bytes.erase(place);
    else
        place->second = std::move(kept);
    return {};
}

}  // namespace cs2sim
