// What a kind of storage must do to keep databases. DatabaseStore opens every database through one; a suite
// of tests that every backend passes states the contract (test/unit/db/conformance_test.cpp).
#pragma once

#include "firmware/db/database.h"

namespace cs2sim {

enum class SyncPrice : std::uint8_t {
    none,      // a change is durable as soon as it is made, or never (storage that dies with the process)
    shared,    // one sync for all changes that arrive together
    each_own,  // one sync a change
};

struct BackendCapabilities {
    bool snapshots = false;       // without: Database::snapshot() answers E_DB_BAD_PARAM
    bool change_numbers = false;  // without: Database::changes() answers another number each time it is asked
    bool survives_process = false;
    SyncPrice sync_price = SyncPrice::each_own;
};

// A database as its backend and the store see it.
class StoredDatabase : public Database {
public:
    virtual bool in_use() const = 0;  // a snapshot or staging is open
    virtual void close() = 0;         // waits for changes under way; every later call answers E_DB_BAD_HANDLE
};

// Entries for a database that is not there yet, kept where nobody sees them.
class NewDatabase {
public:
    virtual ~NewDatabase() = default;                             // unpublished, it leaves no trace
    virtual Result<void> add(ByteView key, ByteView record) = 0;  // E_DB_LENGTH, E_DB_EXISTS (added before)
    // Makes the database, with all entries, durable but without its name. Called once, before publish().
    virtual Result<void> finish() = 0;
    // Gives it its name: wholly there or, killed, not at all. Precondition: no database has that name.
    virtual Result<void> publish() = 0;
    virtual Result<void> for_each(
        const std::function<Result<void>(ByteView key, ByteView record)>& visit) = 0;
};

// Names are plain ("user.db"), checked by the store. Safe to use from several threads at once, but for calls
// with the same name, which the store keeps apart. Errors besides those stated: E_DB_NO_SPACE, E_DB_COR_FILE;
// E_DB_BAD_MKEY without a device master key; E_OS_FILE_HDL_TOOMANY when the host has no descriptor left.
class DatabaseBackend {
public:
    virtual ~DatabaseBackend() = default;
    virtual std::string_view name() const = 0;  // "sqlite"
    virtual BackendCapabilities capabilities() const = 0;

    virtual bool exists(const std::string& name) const = 0;
    virtual std::vector<DatabaseFile> list() const = 0;  // by name
    // `terms_of` gives the entries terms (database.h); null: none. Errors: E_OS_FILE_NO_SUCH_FILE;
    // E_DB_FILE_TYPE when what lies there is no database.
    virtual Result<std::shared_ptr<StoredDatabase>> open(const std::string& name, TermsOf terms_of) = 0;
    // One with this info, to be filled and published; it will be opened with `terms_of`.
    virtual Result<std::unique_ptr<NewDatabase>> make(const std::string& name, const DatabaseInfo& info,
                                                      TermsOf terms_of) = 0;
    virtual Result<void> drop(const std::string& name) = 0;  // precondition: not open. E_OS_FILE_NO_SUCH_FILE
};

}  // namespace cs2sim
