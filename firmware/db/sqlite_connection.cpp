#include "firmware/db/sqlite_connection.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "firmware/smos/flash/fault_points.h"
#include "firmware/smos/flash/state_file.h"

namespace cs2sim {
namespace {

constexpr int kApplicationId = 0x43533244;  // "CS2D", in the header of our SQLite files
constexpr int kFormat = 1;
constexpr int kNewestFormat = 3;  // made of it by make_terms()

// One process owns the state folder: the index of the log lies in its memory, not in a file beside, and files
// are locked once.
constexpr const char* kWithinProcess = "unix-excl";

}  // namespace

Error database_error(int sqlite_result) {
    if (sqlite_result == SQLITE_IOERR_SHMSIZE) return {E_DB_NO_SPACE};
    switch (sqlite_result & 0xFF) {
        case SQLITE_FULL:
            return {E_DB_NO_SPACE};
        case SQLITE_NOTADB:
            return {E_DB_FILE_TYPE};
        case SQLITE_NOMEM:
            return {E_DB_NO_MEM};
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {E_DB_IN_USE};
        case SQLITE_CANTOPEN:  // SQLite cannot say that it was for want of a descriptor: a further one is
                               // tried for
            if (!StateFile("/dev/null", O_RDONLY)) return database_io_error(errno);
            return {E_DB_COR_FILE};
        default:
            return {E_DB_COR_FILE};
    }
}

Error database_io_error(int host_errno) {
    const Error error = file_error(host_errno);
    if (error.code == E_OS_FILE_HDL_TOOMANY) return error;
    return {error.code == E_OS_FILE_NO_SPACE ? E_DB_NO_SPACE : E_DB_COR_FILE};
}

SqliteConnection::SqliteConnection(const DatabaseIdentity& identity)
    : identity_(identity), aead_(identity.record_key) {}

Result<void> SqliteConnection::open(Syncs syncs) {
    const int opened = sqlite_.open(identity_.file, SQLITE_OPEN_READWRITE, kWithinProcess);
    if (opened != SQLITE_OK) return fail(database_error(opened));
    CS2SIM_TRY(run(syncs == Syncs::each_commit ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=OFF"));
    CS2SIM_TRY(run("PRAGMA temp_store=MEMORY"));           // a savepoint must need no descriptor
    CS2SIM_TRY(run("PRAGMA journal_size_limit=4194304"));  // after a large restore the log shrinks again
    return run("PRAGMA cache_size=-1000");
}

Result<void> SqliteConnection::make_file(const std::filesystem::path& file, const DatabaseInfo& info) {
    Sqlite sqlite;
    const int opened = sqlite.open(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    if (opened != SQLITE_OK) return fail(database_error(opened));
    // Nobody knows this file until it is published, and it is synchronized once before: ten times on the way
    // would be half of a new device's first start.
    const std::string script =
        "PRAGMA synchronous=OFF; PRAGMA journal_mode=WAL; BEGIN;"
        "PRAGMA application_id=" +
        std::to_string(kApplicationId) + ";" + "PRAGMA user_version=" + std::to_string(kFormat) + ";" +
        "CREATE TABLE info(key_length INTEGER NOT NULL, max_size INTEGER NOT NULL);"
        "INSERT INTO info VALUES(" +
        std::to_string(info.key_length) + "," + std::to_string(info.max_size) + ");" +
        "CREATE TABLE entries(key BLOB PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID; COMMIT;"
        "PRAGMA wal_checkpoint(TRUNCATE)";
    const int made = sqlite.run(script.c_str());
    if (made != SQLITE_OK) return fail(database_error(made));
    return {};
}

Result<void> SqliteConnection::gather() { return run("PRAGMA wal_checkpoint(TRUNCATE)"); }

Result<std::int64_t> SqliteConnection::number_of(const char* pragma) {
    Statement statement(sqlite_.get(), pragma);
    if (statement.step() != SQLITE_ROW) return fail(database_error(sqlite_.error()));
    return statement.number(0);
}

Result<DatabaseInfo> SqliteConnection::read_info() {
    CS2SIM_TRY_LET(application, number_of("PRAGMA application_id"));
    CS2SIM_TRY_LET(format, number_of("PRAGMA user_version"));
    if (application != kApplicationId || format < kFormat || format > kNewestFormat)
        return fail(E_DB_FILE_TYPE);

    Statement row(sqlite_.get(), "SELECT key_length, max_size FROM info");
    if (row.step() != SQLITE_ROW) return fail(database_error(sqlite_.error()));
    const DatabaseInfo info{static_cast<std::uint32_t>(row.number(0)),
                            static_cast<std::uint32_t>(row.number(1))};
    if (info.key_length < 1 || info.key_length > kLongestKey) return fail(E_DB_COR_FILE);
    return info;
}

Bytes SqliteConnection::seal(ByteView key, ByteView record) {
    return aead_.seal(record, {as_bytes(identity_.name), key});
}

Result<SecretBytes> SqliteConnection::unseal(ByteView key, ByteView sealed) {
    auto record = aead_.open(sealed, {as_bytes(identity_.name), key});
    if (!record) return fail(E_DB_REC_CRC);
    return record;
}

Statement& SqliteConnection::prepared(Statement& statement, const char* sql) {
    if (!statement.ready()) statement = Statement(sqlite_.get(), sql);
    return statement;
}

Result<SecretBytes> SqliteConnection::find(ByteView key) {
    Statement& statement = prepared(find_, "SELECT record FROM entries WHERE key=?1");
    const int step = statement.bind(1, key).step();
    Result<SecretBytes> found = fail(E_DB_NOT_FOUND);
    if (step == SQLITE_ROW)
        found = unseal(key, statement.bytes(0));
    else if (step != SQLITE_DONE)
        found = fail(database_error(sqlite_.error()));
    statement.reset();
    return found;
}

Result<DatabaseEntry> SqliteConnection::find(ByteView key, Find mode) {
    if (mode == Find::equal) {
        CS2SIM_TRY_LET(record, find(key));
        return DatabaseEntry{to_bytes(key), std::move(record), false};
    }
    Statement& statement =
        mode == Find::greater
            ? prepared(find_behind_, "SELECT key, record FROM entries WHERE key>?1 ORDER BY key LIMIT 1")
            : prepared(find_at_or_behind_,
                       "SELECT key, record FROM entries WHERE key>=?1 ORDER BY key LIMIT 1");
    statement.bind(1, key);
    auto found = entry_of(statement);
    statement.reset();
    if (found && found->damaged) return fail(E_DB_REC_CRC);
    return found;
}

// The entry (key, record) at which the statement arrives with its next step.
Result<DatabaseEntry> SqliteConnection::entry_of(Statement& statement) {
    const int step = statement.step();
    if (step == SQLITE_DONE) return fail(E_DB_NOT_FOUND);
    if (step != SQLITE_ROW) return fail(database_error(sqlite_.error()));
    auto record = unseal(statement.bytes(0), statement.bytes(1));
    if (!record) return DatabaseEntry{to_bytes(statement.bytes(0)), {}, true};
    return DatabaseEntry{to_bytes(statement.bytes(0)), std::move(*record), false};
}

Result<void> SqliteConnection::begin_walk() {
    CS2SIM_TRY(run("BEGIN"));
    const auto fixed = number_of("SELECT key_length FROM info");  // the first read fixes the view
    CS2SIM_TRY(fixed);
    walk_ = Statement(sqlite_.get(), "SELECT key, record FROM entries ORDER BY key");
    return {};
}

Result<DatabaseEntry> SqliteConnection::walk() {
    if (!walk_.ready()) return fail(E_DB_NOT_FOUND);
    auto entry = entry_of(walk_);
    if (!entry && entry.error().code == E_DB_NOT_FOUND) walk_ = {};  // a further step would start again
    return entry;
}

Result<void> SqliteConnection::walk_on(
    const std::function<Result<void>(ByteView key, ByteView sealed)>& visit) {
    if (!walk_.ready()) return {};
    int step = 0;
    while ((step = walk_.step()) == SQLITE_ROW) CS2SIM_TRY(visit(walk_.bytes(0), walk_.bytes(1)));
    if (step != SQLITE_DONE) return fail(database_error(sqlite_.error()));
    walk_ = {};
    return {};
}

void SqliteConnection::end_walk() {
    walk_ = {};
    if (in_transaction()) static_cast<void>(run("ROLLBACK"));
}

Result<std::vector<Bytes>> SqliteConnection::keys(ByteView after, std::size_t limit) {
    Statement& statement = prepared(keys_, "SELECT key FROM entries WHERE key>?1 ORDER BY key LIMIT ?2");
    statement.bind(1, after).bind(2, static_cast<std::int64_t>(std::min<std::size_t>(limit, INT64_MAX)));
    std::vector<Bytes> found;
    int step = 0;
    while ((step = statement.step()) == SQLITE_ROW) found.push_back(to_bytes(statement.bytes(0)));
    const Error error = step == SQLITE_DONE ? Error{} : database_error(sqlite_.error());
    statement.reset();
    if (error.code != 0) return fail(error);
    return found;
}

Result<std::vector<DatabaseEntry>> SqliteConnection::entries(ByteView after, std::size_t limit) {
    Statement& statement =
        prepared(entries_, "SELECT key, record FROM entries WHERE key>?1 ORDER BY key LIMIT ?2");
    statement.bind(1, after).bind(2, static_cast<std::int64_t>(std::min<std::size_t>(limit, INT64_MAX)));
    std::vector<DatabaseEntry> found;
    Result<DatabaseEntry> entry = entry_of(statement);
    for (; entry; entry = entry_of(statement)) found.push_back(std::move(*entry));
    statement.reset();
    if (entry.error().code != E_DB_NOT_FOUND) return fail(entry.error());
    return found;
}

Result<std::uint64_t> SqliteConnection::count() {
    Statement& statement = prepared(count_, "SELECT COUNT(*) FROM entries");
    Result<std::uint64_t> count = fail(E_DB_COR_FILE);
    if (statement.step() == SQLITE_ROW)
        count = static_cast<std::uint64_t>(statement.number(0));
    else
        count = fail(database_error(sqlite_.error()));
    statement.reset();
    return count;
}

Result<void> SqliteConnection::verify() {
    Statement check(sqlite_.get(), "PRAGMA quick_check(1)");
    if (check.step() != SQLITE_ROW) return fail(database_error(sqlite_.error()));
    if (as_text(check.bytes(0)) != "ok") return fail(E_DB_COR_FILE);
    return {};
}

Result<void> SqliteConnection::change(Statement& statement) {
    const int step = statement.step();
    const Error error = (step & 0xFF) == SQLITE_CONSTRAINT ? Error{E_DB_EXISTS}
                        : step == SQLITE_DONE              ? Error{}
                                                           : database_error(sqlite_.error());
    statement.reset();
    if (error.code != 0) return fail(error);
    return {};
}

Result<void> SqliteConnection::insert(ByteView key, ByteView sealed) {
    CS2SIM_TRY(fault_point(FaultPoint::db_write, identity_.name, key));
    CS2SIM_TRY(change(prepared(insert_, "INSERT INTO entries VALUES(?1, ?2)").bind(1, key).bind(2, sealed)));
    return add_terms(key, sealed);
}

Result<void> SqliteConnection::replace(ByteView key, ByteView sealed) {
    CS2SIM_TRY(fault_point(FaultPoint::db_write, identity_.name, key));
    CS2SIM_TRY(erase_terms(key));
    CS2SIM_TRY(change(
        prepared(replace_, "INSERT OR REPLACE INTO entries VALUES(?1, ?2)").bind(1, key).bind(2, sealed)));
    return add_terms(key, sealed);
}

Result<void> SqliteConnection::erase(ByteView key) {
    CS2SIM_TRY(fault_point(FaultPoint::db_write, identity_.name, key));
    CS2SIM_TRY(erase_terms(key));
    CS2SIM_TRY(change(prepared(erase_, "DELETE FROM entries WHERE key=?1").bind(1, key)));
    if (sqlite3_changes(sqlite_.get()) == 0) return fail(E_DB_NOT_FOUND);
    return {};
}

Result<void> SqliteConnection::run(const char* sql) {
    const int result = sqlite_.run(sql);
    if (result != SQLITE_OK) return fail(database_error(sqlite_.error()));
    return {};
}

}  // namespace cs2sim
