#include "firmware/db/sqlite/sqlite.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cs2sim {
namespace {

void make_private(const std::filesystem::path& file) {
    constexpr mode_t kOwner = S_IRUSR | S_IWUSR;
    const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwner);
    if (made >= 0) ::close(made);  // else opening says what is wrong
}

}  // namespace

// By itself each connection takes 48 KB for small things and 85 KB for pages at once, and writes to all of
// it.
void start_sqlite() {
    constexpr int kSlot = 1200, kSlots = 8;
    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, kSlot, kSlots);
    sqlite3_config(SQLITE_CONFIG_PAGECACHE, nullptr, 0, 0);
}

Statement::Statement(sqlite3* connection, std::string_view sql) {
    sqlite3_stmt* handle = nullptr;
    sqlite3_prepare_v3(connection, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                       &handle, nullptr);
    handle_.reset(handle);
}

Statement& Statement::bind(int parameter, ByteView bytes) {
    // An empty view may hold a null pointer, which SQLite would take for NULL.
    const void* data = bytes.empty() ? static_cast<const void*>("") : bytes.data();
    sqlite3_bind_blob64(handle_.get(), parameter, data, bytes.size(), SQLITE_STATIC);
    return *this;
}

Statement& Statement::bind(int parameter, std::int64_t number) {
    sqlite3_bind_int64(handle_.get(), parameter, number);
    return *this;
}

int Statement::step() { return handle_ ? sqlite3_step(handle_.get()) : SQLITE_MISUSE; }

void Statement::reset() {
    if (!handle_) return;
    sqlite3_reset(handle_.get());
    sqlite3_clear_bindings(handle_.get());
}

ByteView Statement::bytes(int column) const {
    const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(handle_.get(), column));
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

std::int64_t Statement::number(int column) const { return sqlite3_column_int64(handle_.get(), column); }

// A file made by SQLite would have the umask's mode; its side files have the file's own.
int Sqlite::open(const std::filesystem::path& file, int flags, const char* vfs) {
    if ((flags & SQLITE_OPEN_CREATE) != 0) make_private(file);
    sqlite3* handle = nullptr;
    const int result = sqlite3_open_v2(file.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, vfs);
    handle_.reset(handle);
    if (result != SQLITE_OK) {
        handle_.reset();
        return result;
    }
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, 10000);
    return SQLITE_OK;
}

int Sqlite::run(const char* sql) { return sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr); }

int Sqlite::error() const { return handle_ ? sqlite3_extended_errcode(handle_.get()) : SQLITE_CANTOPEN; }

}  // namespace cs2sim
