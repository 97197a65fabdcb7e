// One SQLite connection to one database file, with its statements and its cipher. Used by one thread at a
// time.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "firmware/crypto/aead.h"
#include "firmware/db/database.h"
#include "firmware/db/sqlite/sqlite.h"

namespace cs2sim {

// The DB code of a SQLite result: E_DB_NO_SPACE, E_DB_FILE_TYPE, E_DB_COR_FILE, E_DB_NO_MEM, E_DB_IN_USE.
Error database_error(int sqlite_result);
// The DB code of the host's errno: E_DB_NO_SPACE, E_OS_FILE_HDL_TOOMANY, else E_DB_COR_FILE.
Error database_io_error(int host_errno);

// What every connection of a database shares.
struct DatabaseIdentity {
    std::string name;
    std::filesystem::path file;
    SecretBytes record_key;  // derived from the device master key for this database
    TermsOf terms_of = nullptr;
};

inline Result<void> check_record(ByteView record) {
    if (record.size() > kLongestRecord) return fail(E_DB_LENGTH);
    return {};
}

class SqliteConnection {
public:
    explicit SqliteConnection(const DatabaseIdentity& identity);  // which must outlive it

    // `none`: of a file that nobody else sees yet, and that is synchronised as a whole before anybody does.
    enum class Syncs : std::uint8_t { each_commit, none };
    Result<void> open(Syncs syncs = Syncs::each_commit);
    // Writes the log into the file, which is then all there is.
    Result<void> gather();

    // Makes the tables in an empty file. Used once, on a file that nobody else sees yet.
    static Result<void> make_file(const std::filesystem::path& file, const DatabaseInfo& info);
    // Gives every entry its terms, when the file has none yet and the database is to have them.
    Result<void> make_terms();
    // Reads what make_file() wrote. Error: E_DB_FILE_TYPE when the file is no database of ours.
    Result<DatabaseInfo> read_info();

    Bytes seal(ByteView key, ByteView record);
    Result<SecretBytes> unseal(ByteView key, ByteView sealed);  // E_DB_REC_CRC

    Result<SecretBytes> find(ByteView key);
    Result<DatabaseEntry> find(ByteView key, Find mode);
    Result<std::vector<Bytes>> keys(ByteView after, std::size_t limit);
    Result<std::vector<DatabaseEntry>> entries(ByteView after, std::size_t limit);
    Result<std::uint64_t> count();
    Result<void> verify();

    // A walk over all entries in order of search keys, as they are when it begins.
    Result<void> begin_walk();
    Result<DatabaseEntry> walk();  // E_DB_NOT_FOUND behind the last
    // Hands over what the walk has still to visit, sealed.
    Result<void> walk_on(const std::function<Result<void>(ByteView key, ByteView sealed)>& visit);
    void end_walk();

    // `sealed` by seal() with this key.
    Result<void> insert(ByteView key, ByteView sealed);
    Result<void> replace(ByteView key, ByteView sealed);
    Result<void> erase(ByteView key);

    Result<std::vector<FoundByTerm>> find_by(ByteView prefix, ByteView term, ByteView key, std::size_t limit);
    Result<Bytes> last_term(ByteView prefix);
    Result<Bytes> note(ByteView name);
    Result<void> set_note(ByteView owner, ByteView name, ByteView note);

    // A transaction that may change entries, and a place in it that `ROLLBACK TO one` goes back to.
    Result<void> begin() { return change(prepared(begin_, "BEGIN IMMEDIATE")); }
    Result<void> commit() { return change(prepared(commit_, "COMMIT")); }
    Result<void> mark() { return change(prepared(mark_, "SAVEPOINT one")); }
    Result<void> release_mark() { return change(prepared(release_, "RELEASE one")); }
    Result<void> run(const char* sql);
    const std::string& database() const { return identity_.name; }
    bool in_transaction() const { return sqlite3_get_autocommit(sqlite_.get()) == 0; }

private:
    Statement& prepared(Statement& statement, const char* sql);
    Result<void> change(Statement& statement);
    Result<DatabaseEntry> entry_of(Statement& statement);
    Result<std::int64_t> number_of(const char* pragma);
    Result<void> make_tables_of_terms();
    Result<void> add_terms(ByteView key, ByteView sealed);
    Result<void> erase_terms(ByteView key);
    Result<void> erase_note(ByteView name);
    Result<void> make_room_for_note(ByteView owner);
    Result<std::uint64_t> notes_of(ByteView owner);
    Result<void> count_note(ByteView owner, std::int64_t more);
    Result<bool> has_entries(ByteView owner, std::uint64_t wanted);

    const DatabaseIdentity& identity_;
    Aead aead_;
    Sqlite sqlite_;  // before the statements, which go first
    Statement find_, find_at_or_behind_, find_behind_, keys_, entries_, count_, walk_, insert_, replace_,
        erase_;
    Statement begin_, commit_, mark_, release_;
    Statement add_term_, erase_term_, find_by_, last_term_;
    Statement note_, add_note_, set_note_, erase_note_, owner_of_note_, notes_of_, count_note_, has_entries_,
        has_entries_of_owner_;
};

}  // namespace cs2sim
