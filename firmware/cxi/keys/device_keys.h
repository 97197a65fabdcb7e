// The keys of the device: CXIKEY.db, volatile keys, and a bounded cache of keys that are ready for use.
//
// Nothing is kept in memory for a stored key unless it was used lately. A cached key is served only while the
// record in the database is the one that it was made from, so that a restore of the whole database, or
// another session's change, is seen by the next command.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "firmware/cxi/keys/key_terms.h"
#include "firmware/cxi/keys/lately_used.h"
#include "firmware/db/database.h"

namespace cs2sim {

struct Smos;

using SharedKey = std::shared_ptr<const LoadedKey>;

class DeviceKeys;

// Volatile keys end with it. Made by DeviceKeys::owner().
class VolatileOwner {
public:
    VolatileOwner(std::weak_ptr<DeviceKeys*> store, std::uint64_t number)
        : store_(std::move(store)), number_(number) {}
    VolatileOwner(const VolatileOwner&) = delete;
    ~VolatileOwner();
    std::uint64_t number() const { return number_; }

private:
    std::weak_ptr<DeviceKeys*> store_;  // which may be gone
    std::uint64_t number_;
};

// Where a new key goes: into the database, or into memory, until the owner of that number or the device ends.
struct Lifetime {
    bool is_volatile = false;
    std::uint64_t owner = 0;     // 0: the device
    bool has_new_bytes = false;  // the device has just chosen them: they are nowhere else
};

// Of all volatile keys together.
struct VolatileLimits {
    std::size_t keys = 4096;
    std::size_t bytes = std::size_t{16} << 20;
};

class DeviceKeys {
public:
    static constexpr std::size_t kMostCached = 2048;  // at some 10 KB an RSA key: 20 MB
    // Of the records of cached keys together: users may hang 250 KB of labels and the like on a key.
    static constexpr std::size_t kMostCachedBytes = std::size_t{16} << 20;
    static constexpr std::size_t kScanPerPage = 4096;  // records read for one page at most

    DeviceKeys(Smos& smos, DatabaseStore& databases, VolatileLimits limits = {})
        : smos_(smos), databases_(databases), limits_(limits) {
        databases_.index(kKeyDatabase, key_terms);
    }

    // Errors: E_DB_NOT_FOUND; E_CXI_KEY_INVALID_COMP, E_CXI_KEY_BLOB_FORMAT for a record that is no key;
    // the database's.
    Result<SharedKey> find(ByteView index);

    // Stores under key_index(), all of them in one change, or none. Those without name and specifier get the
    // next specifier of their group, in this order; one that was given never comes again while the database
    // lives. A volatile key never takes the place of a stored one. Errors: E_DB_EXISTS without `overwrite`,
    // and with it E_CXI_OVERWRITE for a volatile key where a stored one is; E_CXI_MALLOC when there are too
    // many volatile keys; the database's.
    Result<void> insert(std::initializer_list<KeyObject*> objects, bool overwrite, Lifetime lifetime = {});

    // Changes the object there as it is at that moment; nothing is written when `change` fails. It may run on
    // another thread that changes the database, and must not use this store. Without an object there:
    // E_DB_NOT_FOUND, or `change` has `if_absent` to begin with.
    Result<void> modify(ByteView index, const std::function<Result<void>(KeyObject&)>& change,
                        const KeyObject* if_absent = nullptr);
    Result<void> erase(ByteView index);  // E_DB_NOT_FOUND
    Result<std::uint64_t> count();
    std::size_t cached_bytes() const;  // of records; kMostCachedBytes at most
    std::shared_ptr<VolatileOwner> owner();
    void forget_volatile();
    void forget_volatile(std::uint64_t owner);

    // Erases every stored and volatile key of the group, whole or not at all; returns how many.
    Result<std::uint32_t> erase_group(std::string_view group);

    // Moves on with every change of one of the stored objects there; for what others derive from them.
    Result<std::uint64_t> changes(std::initializer_list<ByteView> indices);

    // What the device remembers of a key's bytes, whichever objects hold them, of whichever algorithm, and
    // whether these are still there, in notes that are counted with the keys of its group: at its bound
    // (Batch::set_note_of()) what wants a new one answers E_DB_NO_SPACE. Those of a private key are of the
    // pair, however it is written.
    //
    // The role that they have on one side; when they have none `wanted`, from now on, or without `noting`
    // ROLE_OPEN. That of a public half of an RSA pair is of its own group, and bars a private half in the
    // groups that hold it (keep_holders()) alone: anybody brings it into another. Bytes that were made here
    // and are in volatile keys alone need no note: who has them goes, and they never come again.
    // Precondition: the key has `roles`.
    Result<KeyRole> role(const LoadedKey& key, Separation side, KeyRole wanted, bool noting = true);
    // The same for the purpose of a private key in FIPS mode (CxiFipsUsage), or KeyRoles::kNoPurpose.
    Result<std::uint32_t> purpose(const LoadedKey& key, std::uint32_t wanted, bool noting = true);
    // Before bytes of a volatile key go where they outlive it: what is known of them is noted, now and from
    // now on.
    Result<void> keep_roles(const LoadedKey& key);
    // As what they were wrapped: by encode_policies(), or empty. Those of the key, and that of the bytes
    // `came` of which it was made. `change` gets one after the other of the key's, of a pair also that of its
    // encoding, which is what leaves; it runs as that of modify().
    Result<std::vector<Bytes>> policies(const LoadedKey& key, ByteView came = {});
    Result<void> change_policies(const LoadedKey& key, const std::function<Result<Bytes>(ByteView)>& change);
    // Under bytes of `wrapping` a key with WRAP_WITH_TRUSTED is about to be wrapped, in its group. Error:
    // E_DB_NO_SPACE, also when that were too many groups.
    Result<void> keep_guards(const LoadedKey& wrapping);
    // Whether that has been done, in whatever group: empty, or what names_any() takes. Looked up once a key
    // while no other one is noted. Precondition: the key has `roles`.
    Result<Bytes> guards(const LoadedKey& key);
    // The same of bytes for which a security officer stands, as TRUSTED: of whatever objects with these
    // bytes.
    Result<void> keep_trusted(const LoadedKey& key);
    // A note of groups with this one more. Error: E_DB_NO_SPACE when these are too many.
    static Result<Bytes> with_groups(ByteView note, ByteView groups);
    // The private half of an RSA pair goes from one of these groups (group_prefix(), one after the other)
    // into another: what its public halves do in one counts in all. Errors: as keep_guards().
    Result<void> keep_holders(const LoadedKey& key, ByteView groups);
    // Those groups when the key's own is among them, else this one.
    Result<Bytes> holders(const LoadedKey& key);
    // Whether a note of groups names any of these.
    static bool names_any(ByteView note, ByteView groups);
    // Others, one a kind; empty when there is none. The last four are of groups.
    enum class NoteKind : std::uint8_t {
        failures = 3,
        kak = 4,
        purpose = 7,
        guards = 8,
        holders = 9,
        moving_halves = 10,
        trusted = 11,
    };
    Result<Bytes> note(NoteKind kind, const LoadedKey& key);
    Result<void> change_note(NoteKind kind, const LoadedKey& key,
                             const std::function<Result<Bytes>(ByteView)>& change);
    // As modify(), with the note of the bytes that the object has at that moment: both change, or neither.
    // For a volatile key `change` runs once more, with the note as it left it; the note is written first, so
    // that a key that is gone meanwhile (E_DB_NOT_FOUND) leaves its note.
    using NotedChange = std::function<Result<void>(KeyObject&, Bytes& note)>;
    Result<void> modify_noted(NoteKind kind, ByteView index, const NotedChange& change);

    // One page of objects for which `wanted` is true, in the order of indices, volatile keys first. `prefix`
    // (of a group) narrows the scan. A page may be empty although more follow: a scan is bounded, so that
    // every page costs about the same.
    struct Listed {
        KeyObject key;
        Bytes cursor;  // the listing goes on behind this key with it
    };
    struct Page {
        std::vector<Listed> keys;
        Bytes cursor;  // for the next page
        bool more = false;
    };
    // Precondition of both: `limit` is not 0. Error: E_CXI_INVALID_PARAM_LEN, _VAL for a cursor of another
    // kind of list.
    Result<Page> list(ByteView prefix, ByteView cursor, std::size_t limit,
                      const std::function<bool(const KeyObject&)>& wanted);
    // The same for one group, by specifiers and then indices ascending, through the terms of `filter`,
    // whatever the number of keys. `wanted` must hold for no object that does not fit these. At most
    // `most_read` records are read for the page.
    Result<Page> list_group(std::string_view group, const PropertyList& filter, ByteView cursor,
                            std::size_t limit, const std::function<bool(const KeyObject&)>& wanted,
                            std::size_t most_read = kScanPerPage);

private:
    struct Cached {
        SharedKey key;
        Bytes record_hash;
        // Database::changes() when the record was last known to be the one that the key was made from.
        std::uint64_t changes = 0;
    };
    struct ByBytes {
        using is_transparent = void;
        bool operator()(ByteView a, ByteView b) const { return as_text(a) < as_text(b); }
    };

    Result<std::shared_ptr<Database>> database();
    Result<Bytes> note_name(std::uint8_t kind, const LoadedKey& key) const;
    Result<std::shared_ptr<KeyRoles>> volatile_roles(const LoadedKey& key, bool make);
    Result<std::uint32_t> note_purpose(const LoadedKey& key, std::uint32_t wanted);
    // Whether one of the groups was not noted before.
    Result<bool> note_groups(NoteKind kind, const LoadedKey& key, ByteView groups);
    SharedKey cached(ByteView index, std::uint64_t changes);
    SharedKey confirmed(ByteView index, ByteView record_hash, std::uint64_t changes);
    void remember(ByteView index, Cached entry, std::size_t bytes);
    void forget(ByteView index);
    Result<void> keep_volatile(std::initializer_list<KeyObject*> objects, bool overwrite,
                               const Lifetime& lifetime);
    Result<void> insert_volatile(Database& stored, std::initializer_list<KeyObject*> objects, bool overwrite,
                                 const Lifetime& lifetime);
    Result<void> modify_volatile(ByteView index, const std::function<Result<void>(KeyObject&)>& change);
    Result<void> modify_volatile_noted(NoteKind kind, const LoadedKey& key, const NotedChange& change);
    SharedKey volatile_key(ByteView index);  // null when there is none
    // Volatile keys behind (`spec`, `index`), in the order of list_group().
    std::vector<SharedKey> volatile_of_group(std::string_view group, std::uint32_t spec, ByteView index);
    Result<Page> list_volatile(ByteView prefix, ByteView after, std::size_t limit,
                               const std::function<bool(const KeyObject&)>& wanted);

    Smos& smos_;
    DatabaseStore& databases_;

    mutable std::mutex mutex_;                                 // of all below
    std::shared_ptr<Database> database_;                       // that the cache is of
    LatelyUsed<Cached> cache_{kMostCached, kMostCachedBytes};  // by index
    struct Held {
        SharedKey key;
        std::uint64_t owner = 0;
        std::size_t bytes = 0;
    };
    void release(std::map<Bytes, Held, ByBytes>::iterator held);

    VolatileLimits limits_;
    std::map<Bytes, Held, ByBytes> volatile_;
    std::size_t volatile_bytes_ = 0;
    // Those of keys that are, or were, in volatile objects alone, by the names of their notes.
    std::map<Bytes, std::weak_ptr<KeyRoles>, ByBytes> volatile_roles_;
    std::uint64_t last_owner_ = 0;
    std::shared_ptr<DeviceKeys*> self_ =
        std::make_shared<DeviceKeys*>(this);  // for owners that outlive the store
};

}  // namespace cs2sim
