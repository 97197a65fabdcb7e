// External keys in a database: the door to all back ends.
//
// A row is one key, sealed under an MBK (KEY_GENERATE with CXI_FLAG_KEY_EXTERNAL makes the blob), under its
// group, name and specifier, with what it is found by in clear. The database is never trusted: who opens the
// blob on a device compares the row with what the seal confirms.
//
// The vendor's interface (pkcs11-facts.md, section 7) is find (EQUAL, GTEQ, GREATER), get, insert, delete of
// blobs under an index; versions, changes, specifiers and the audit are ours. One suite of tests that every
// back end passes states the contract (test/unit/keystore/conformance.h).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/protocol/bytes.h"
#include "firmware/protocol/error.h"
#include "host-lib/keystore/key_storage.h"

namespace cs2sim::keystore {

inline constexpr std::uint32_t kSchemaVersion = 1;
inline constexpr std::size_t kLongestName = 255;  // bytes of a group or name
inline constexpr std::size_t kLongestAttribute =
    2048;  // bytes of a label or id: what an index of PostgreSQL takes
inline constexpr std::size_t kLongestBlob = 512 * 1024;
inline constexpr std::size_t kMostRows = 500;  // of one page, one batch

// What a key is told by. Groups and names compare as byte strings; they hold no zero byte and are UTF-8.
// Order of indexes: group, name, specifier. A key without a specifier has kNoSpec.
inline constexpr std::uint32_t kNoSpec = 0;
struct KeyIndex {
    std::string group;
    std::string name;  // empty for PKCS#11 objects
    std::uint32_t spec = kNoSpec;
    auto operator<=>(const KeyIndex&) const = default;
};

using MbkHash = std::array<std::uint8_t, 16>;  // ISO hash of the MBK that the blob is sealed under
using OperationId =
    std::array<std::uint8_t, 16>;  // random; names one change, so that its outcome can be asked
using Version = std::uint64_t;     // 1 when inserted, one more with each update

struct StoredKey {
    KeyIndex index;
    MbkHash mbk{};
    std::uint32_t key_class = 0;  // CKO_…
    std::uint32_t key_type = 0;   // CKK_…; 0 for objects that have none
    Bytes label;
    Bytes id;
    bool is_private = true;  // CKA_PRIVATE
    Bytes blob;
    // Set by the store; ignored on the way in.
    Version version = 0;
    std::string created;  // "2026-11-26 16:05:00.123", UTC
    std::string changed;
    std::string host;  // that wrote it last
};

enum class Match : std::uint8_t { equal, greater_or_equal, greater };  // EQUAL, GTEQ, GREATER

// What a key must be like to be listed; what is absent does not matter.
struct Filter {
    std::optional<std::string> group{};
    std::optional<std::string> name{};
    std::optional<Bytes> label{};
    std::optional<Bytes> id{};
    std::optional<std::uint32_t> key_class{};
    std::optional<std::uint32_t> key_type{};
    std::optional<bool> is_private{};
    std::optional<MbkHash> mbk{};      // sealed under this one
    std::optional<MbkHash> not_mbk{};  // sealed under another than this one
    bool operator==(const Filter&) const = default;
};

struct Page {
    std::vector<StoredKey> keys;   // ascending by index
    std::vector<KeyIndex> bad;     // rows that are no keys; what of their index cannot be read is empty
    bool more = false;             // further ones may follow `last`, which is there then
    std::optional<KeyIndex> last;  // where the next page goes on: of a row, which may be bad
};

// What others did since the last time it was asked. Rows that were only added are not told: nobody has read
// them yet.
struct Changes {
    bool anything = false;  // true: any row may have changed; ask version_of() before a cached one is used
    std::vector<KeyIndex> keys;  // else: these rows were changed or deleted
};

struct AuditRow {
    std::string at;  // UTC
    std::string host;
    OperationId operation{};
    std::string act;  // insert, update, delete, recrypt, copy
    KeyIndex index;
    Version version = 0;
};

// One key sealed anew: `version` is that which the blob was read with.
struct Recrypted {
    KeyIndex index;
    Version version = 0;
    MbkHash mbk{};
    Bytes blob;
};

struct Stats {
    std::uint64_t keys = 0;
    std::uint64_t groups = 0;
    std::uint64_t bytes = 0;  // of blobs
    std::vector<std::pair<MbkHash, std::uint64_t>> by_mbk;
    std::uint32_t schema = 0;
    std::string created;
    std::string server;  // "PostgreSQL 15.18", "SQLite 3.40.1"
};

// Safe to use from several threads at once; each call takes a connection of the pool, which is opened when
// first needed and never survives a fork. Calls wait at most command_timeout. A change that returned without
// error is durable; one that ended with E_CSA_STORE_TIMEOUT or E_CSA_STORE_CONNECT may have happened or not,
// unless the store could find out by its operation id, which it tries.
//
// Errors of every call:
//   E_CSA_STORE_CONNECT    no connection: host unknown, refused, none free at the server, gone and not back
//                          after `reconnect` tries
//   E_CSA_STORE_LOGON      user or password refused
//   E_CSA_STORE_TLS        the server's certificate is not trusted
//   E_CSA_STORE_CONFIG     the connection string cannot be used: driver missing, file on a network file
//   system,
//                          a real product's .pks, PgBouncer in transaction mode
//   E_CSA_STORE_SCHEMA     no schema, or one of another version
//   E_CSA_STORE_READ_ONLY  the user, or the file, may only read (SQLSTATE 42501, 25006, SQLITE_READONLY)
//   E_CSA_STORE_FULL       disk full (53100, SQLITE_FULL)
//   E_CSA_STORE_TIMEOUT    no answer within command_timeout, or busy after 5 tries (40001, 40P01,
//   SQLITE_BUSY) E_CSA_STORE_FAILED     anything else that the database says; a row that cannot be understood
// What was meant is said in words through `say`. Further errors stand at each call.
class KeyStore {
public:
    virtual ~KeyStore() = default;

    // EQUAL: the key of this index; GTEQ, GREATER: the first at or behind, or behind it, that `filter` lets
    // through. With the blob. Error: E_DB_NOT_FOUND.
    virtual Result<StoredKey> find(const KeyIndex& index, Match match = Match::equal,
                                   const Filter& filter = {}) = 0;

    // The first `limit` (at most kMostRows) keys behind `after` (null: from the start). `blobs` false leaves
    // the blobs out. By (group, label), (group, id) and mbk through an index. Error: E_CSA_STORE_FAILED also
    // when rows are in the way that no page can go on behind (specifiers that are none).
    virtual Result<Page> list(const Filter& filter, const KeyIndex* after, std::size_t limit, bool blobs) = 0;

    virtual Result<std::uint64_t> count(const Filter& filter) = 0;

    // The version that the row has now. Error: E_DB_NOT_FOUND.
    virtual Result<Version> version_of(const KeyIndex& index) = 0;

    // `count` specifiers of the group, the first of which is returned; nobody else gets them, whatever
    // becomes of them. Begins with 1 in a new group.
    virtual Result<std::uint32_t> reserve_specs(const std::string& group, std::uint32_t count = 1) = 0;

    // Errors: E_DB_EXISTS, E_CSA_PARAM (a name, label or blob that is too long, a name that is no UTF-8).
    virtual Result<Version> insert(const StoredKey& key) = 0;
    // Up to kMostRows keys, in one transaction: all of them or, with the same errors, none.
    virtual Result<void> insert_all(const std::vector<StoredKey>& keys) = 0;

    // Replaces all of the row but its index, when its version is still `expected`. Returns the new version.
    // Errors: E_DB_NOT_FOUND, E_CSA_STORE_CHANGED (another version), E_CSA_PARAM.
    virtual Result<Version> update(const StoredKey& key, Version expected) = 0;

    // Errors: E_DB_NOT_FOUND, E_CSA_STORE_CHANGED when `expected` is given and is not the version.
    virtual Result<void> erase(const KeyIndex& index, std::optional<Version> expected = {}) = 0;

    // Deletes up to kMostRows keys in one transaction, each when its version is still the key's; the others
    // stay. How many went.
    virtual Result<std::size_t> erase_all(const std::vector<StoredKey>& keys) = 0;

    // Inserts up to kMostRows keys in one transaction; those that are there already are left as they are. How
    // many were inserted. `act` of their audit rows: "copy". Also raises the groups' next specifier above
    // those of the keys.
    virtual Result<std::size_t> copy_in(const std::vector<StoredKey>& keys) = 0;

    // Replaces blob and mbk of up to kMostRows rows in one transaction, each when its version is still the
    // one given; the others are left for the next round. How many were replaced. `act`: "recrypt".
    virtual Result<std::size_t> recrypt(const std::vector<Recrypted>& rows) = 0;

    // What changed since the last call, within a second of the change. The first call after a connection was
    // lost answers `anything`. No round trip with PostgreSQL (LISTEN) but when 500 ms have passed.
    virtual Result<Changes> changes() = 0;

    // The newest `limit` audit rows, newest first.
    virtual Result<std::vector<AuditRow>> audit(std::size_t limit) = 0;

    virtual Result<Stats> stats() = 0;

    // False when the role or the file may only read. CKF_WRITE_PROTECTED.
    virtual Result<bool> writable() = 0;

    // Makes schema and, with PostgreSQL, roles that are not there yet; what is there stays. init of a store
    // that has a newer schema: E_CSA_STORE_SCHEMA.
    virtual Result<void> init() = 0;
    // Brings an older schema to kSchemaVersion; nothing to do is no error.
    virtual Result<void> migrate() = 0;
};

// The store, nothing is connected yet. Loads the module of the back end (libcs2sim-keystore-KIND.so beside
// this library), and that its SOCI back end and driver: a process that uses no store loads none. Error:
// E_CSA_STORE_CONFIG when it is not installed.
Result<std::unique_ptr<KeyStore>> open_key_store(const KeyStorage& storage, const Say& say = {});

}  // namespace cs2sim::keystore
