// The front door of DB: named databases of (search key, record).
//
// Search keys have a fixed length a database and sort as byte strings. What keeps the databases is a backend
// (db/backend.h); the device's own is SQLite, one file a database (WAL, synchronous FULL): records are
// encrypted at rest under the device master key, bound to database and search key; a change that returned is
// durable; changes of threads that arrive together share one commit. Safe to use from several threads at
// once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/crypto/secret.h"
#include "firmware/protocol/databases.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

struct Smos;

inline constexpr std::uint32_t kLongestKey = 255;
inline constexpr std::size_t kLongestRecord =
    256 * 1024;  // an entry travels in one frame when it is backed up
inline constexpr std::uint64_t kNotesOfEntry = 8;
inline constexpr std::uint64_t kSpareNotes = std::uint64_t{1} << 20;  // some 100 MB
inline constexpr std::uint64_t kSpareNotesOfOwner = std::uint64_t{1} << 17;

struct DatabaseEntry {
    Bytes key;
    SecretBytes record;
    bool damaged = false;  // the record at rest was changed: nothing is in `record`
};

// What an entry can be found by beside its search key: byte strings that a module makes of the record. They
// stand beside the entries, change in the same transaction as these, and say nothing that the module would
// keep from who reads the file at rest (hashes, say). An entry may have several terms, a term several
// entries.
using TermsOf = std::vector<Bytes> (*)(ByteView key, ByteView record);

struct FoundByTerm {
    Bytes term;
    DatabaseEntry entry;
};

enum class Find : std::uint8_t {
    equal = 0,
    greater_or_equal = 1,
    greater = 2
};  // DB_EQUAL, DB_GTEQ, DB_GREATER

// A view of the database as it was when the snapshot was made, read in order of search keys.
class Snapshot {
public:
    virtual ~Snapshot() = default;
    // The next entry, damaged ones too; E_DB_NOT_FOUND behind the last. E_DB_NO_SPACE when the view had to
    // make room for changes and found no place of its own.
    virtual Result<DatabaseEntry> next() = 0;
};

// Entries collected beside the database; nothing of them shows before commit(), which inserts or
// replaces all of them in one transaction. Memory does not grow with their number (they wait in a
// temporary file, encrypted as in the database). Dropped uncommitted, it leaves no trace.
class Staging {
public:
    virtual ~Staging() = default;
    // Errors: E_DB_LENGTH (of key or record), E_DB_EXISTS (key staged before).
    virtual Result<void> add(ByteView key, ByteView record) = 0;
    // The number of entries applied. Precondition: called once. Error: E_DB_NO_SPACE, E_DB_COR_FILE; then
    // the database is as before.
    virtual Result<std::uint32_t> commit() = 0;
};

// A change inside Database::change(): sees its own earlier changes.
class Batch {
public:
    virtual ~Batch() = default;
    virtual Result<SecretBytes> find(ByteView key) = 0;
    virtual Result<void> insert(ByteView key, ByteView record) = 0;
    virtual Result<void> update(ByteView key, ByteView record) = 0;
    virtual Result<void> erase(ByteView key) = 0;
    virtual Result<DatabaseEntry> find(ByteView key, Find mode) = 0;

    // The last term that begins with `prefix`. Error: E_DB_NOT_FOUND.
    virtual Result<Bytes> last_term(ByteView prefix) = 0;
    // Notes that a module takes for itself: they live as long as the database, beside its entries, and are in
    // no backup. Empty when there is none of that name; one that becomes empty is gone. Error:
    // E_DB_BAD_PARAM when the database has no terms.
    virtual Result<Bytes> note(ByteView name) = 0;
    // `owner`: the beginning of the terms of those entries that a new note is counted with; one that is there
    // keeps its own. Errors besides: E_DB_NO_SPACE for a new one where there are kNotesOfEntry for each entry
    // and kSpareNotes besides, so that those whose entries are gone do not fill the disk; or of this owner
    // for each of its entries and kSpareNotesOfOwner besides, so that it leaves room to others. Those for its
    // entries an owner always has.
    virtual Result<void> set_note_of(ByteView owner, ByteView name, ByteView note) = 0;
    // One that is counted with no entries but all.
    Result<void> set_note(ByteView name, ByteView note) { return set_note_of({}, name, note); }
};

class Database {
public:
    virtual ~Database() = default;
    virtual const std::string& name() const = 0;  // e.g. "user.db"
    virtual DatabaseInfo info() const = 0;

    // Errors of all: E_DB_BAD_HANDLE after close_all() or drop(); E_DB_LENGTH when the key has another length
    // than info() says or the record is longer than kLongestRecord; E_DB_REC_CRC when a record at rest was
    // changed; E_DB_BAD_MKEY when the master key is gone; E_DB_COR_FILE, E_DB_NO_SPACE, E_DB_NO_MEM;
    // E_DB_IN_USE when another program holds the file locked.
    virtual Result<SecretBytes> find(ByteView key) = 0;               // E_DB_NOT_FOUND
    virtual Result<DatabaseEntry> find(ByteView key, Find mode) = 0;  // E_DB_NOT_FOUND
    virtual Result<void> insert(ByteView key, ByteView record) = 0;   // E_DB_EXISTS
    virtual Result<void> update(ByteView key, ByteView record) = 0;   // insert or replace
    virtual Result<void> erase(ByteView key) = 0;                     // E_DB_NOT_FOUND
    virtual Result<std::uint64_t> count() = 0;
    // Up to `limit` search keys behind `after` (empty: from the first), ascending, records not read.
    virtual Result<std::vector<Bytes>> keys(ByteView after, std::size_t limit) = 0;
    // The same with their records, damaged ones too.
    virtual Result<std::vector<DatabaseEntry>> entries(ByteView after, std::size_t limit) = 0;

    // Up to `limit` entries with a term that begins with `prefix`, by terms and then search keys ascending,
    // behind (`term`, `key`); both empty: from the first. None when the database has no terms.
    virtual Result<std::vector<FoundByTerm>> find_by(ByteView prefix, ByteView term, ByteView key,
                                                     std::size_t limit) = 0;
    virtual Result<Bytes> note(ByteView name) = 0;  // as Batch::note()

    // Runs `work` as one transaction: all of its changes or, when it returns an error, none. It may run on
    // another thread that is in here at the same time, and must not use this database but through its Batch.
    virtual Result<void> change(const std::function<Result<void>(Batch&)>& work) = 0;

    // Errors of both besides: E_DB_NO_MEM when 64 of them are open.
    virtual Result<std::unique_ptr<Snapshot>> snapshot() = 0;
    virtual Result<std::unique_ptr<Staging>> stage() = 0;

    // Looks for damage in what keeps the entries (not in the records): time grows with the database.
    virtual Result<void> verify() = 0;

    // A number that has moved on whenever a change of this key's entry, by whomever, has returned (changes of
    // some other keys may move it too). What was read of the entry after asking for the number still holds
    // while it stays the same; for caches of decoded records. No other database has the same numbers.
    virtual std::uint64_t changes(ByteView key) const = 0;
};

struct DatabaseFile {
    std::string name;
    std::uint64_t size = 0;  // bytes at rest, without what its backend keeps beside
};

class DatabaseBackend;
struct BackendCapabilities;

class DatabaseStore {
public:
    explicit DatabaseStore(Smos& smos);  // with the backend "sqlite", the one for all that names no other
    ~DatabaseStore();

    // Precondition: before the first use of the store; no backend of that name is registered.
    void register_backend(std::unique_ptr<DatabaseBackend> backend);

    // `name` may carry the "FLASH\" prefix. One object a name is shared by all callers, opened at first use.
    // Errors: E_OS_FILE_ILL_NAME; E_OS_FILE_NO_SUCH_FILE (also for a name that does not end in ".db");
    // E_DB_FILE_TYPE when the file is no database.
    Result<std::shared_ptr<Database>> open(std::string_view name);

    // Gives the entries of `name` terms. Before the database is first opened; what is in it already gets its
    // terms then.
    void index(std::string_view name, TermsOf terms_of);

    // Opens, or makes when absent, in the backend of that name. Errors as open(); E_DB_BAD_INFO when info is
    // out of range or differs from an existing database's key length; E_DB_BAD_NAME when the name does not
    // end in ".db"; E_DB_BAD_PARAM when there is no such backend.
    Result<std::shared_ptr<Database>> create(std::string_view name, const DatabaseInfo& info,
                                             std::string_view backend = {});

    // Staging for a database that need not be there: its commit() makes one that holds the entries, or, when
    // there is one by then, inserts or replaces them (E_DB_BAD_INFO when its keys have another length).
    // Before, nothing of it shows. Errors as create().
    Result<std::unique_ptr<Staging>> stage(std::string_view name, const DatabaseInfo& info);

    bool exists(std::string_view plain_name) const;
    Result<void> drop(std::string_view name);  // E_DB_IN_USE while a snapshot or staging is open
    std::vector<DatabaseFile> list() const;    // all databases, by name
    // Error: E_OS_FILE_NO_SUCH_FILE.
    Result<BackendCapabilities> capabilities(std::string_view plain_name) const;
    void close_all();  // before Clear and restart

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace cs2sim
