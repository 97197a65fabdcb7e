// The objects that the application has handles of. Handles are process-wide and never reused.
#pragma once

#include <atomic>
#include <chrono>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "firmware/protocol/cxi/property_list.h"
#include "host-lib/keystore/key_store.h"
#include "host-lib/pkcs11/cryptoki/cryptoki.h"

namespace cs2sim::p11 {

// Where a token object is that lives in a key store, and of what version of its row this is.
struct StoredAt {
    keystore::KeyIndex index;
    keystore::Version version = 0;
    std::shared_ptr<std::atomic<std::uint64_t>> seen;  // ExternalStore::watch() when it was last looked up
};

struct Object {
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    CK_SLOT_ID slot = 0;
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;  // of a session object; none: token object
    Bytes reference;          // as commands name it (firmware/protocol/cxi/constants.h, CxiKeyTag)
    PropertyList properties;  // as they were when it was found, made or changed
    std::optional<StoredAt> stored{};
    bool bare = false;  // its properties are not kept any more, and have to be read again
    std::chrono::steady_clock::time_point read{};  // when its properties were so

    bool is_token() const { return session == CK_INVALID_HANDLE; }
};
using SharedObject = std::shared_ptr<const Object>;

// Used by several threads at once. Objects do not change: a change puts another one in its place.
//
// A token may have more objects than memory: of those that live on the device only so many keep their
// properties, those that were used last. The handle of an object without a name says its slot and specifier
// (what applications make have none), so that of such others nothing is kept; of the rest the table knows
// what they are called. Session objects beyond that number are kept in a form that takes a third of the
// memory.
class ObjectTable {
public:
    explicit ObjectTable(std::size_t most_whole) : most_whole_(most_whole) {}

    // The object, with the handle that it has: a token object that is known keeps its handle.
    SharedObject put(Object object);
    // The same object with other properties or another reference, when it is still there.
    void replace(const Object& object, Bytes reference, PropertyList properties);
    // Null: unknown. A bare one without a reference is called by its group and number_in().
    SharedObject find(CK_OBJECT_HANDLE handle);
    // The specifier that a handle says; nothing for handles of other objects.
    static std::optional<std::uint32_t> number_in(CK_OBJECT_HANDLE handle);
    // An object that find() gave, with its properties as they are now; null: it is not there any more.
    SharedObject make_whole(const Object& known, PropertyList properties);
    void erase(CK_OBJECT_HANDLE handle);
    std::vector<SharedObject> of_slot(CK_SLOT_ID slot) const;         // session objects only
    std::vector<SharedObject> stored_of_slot(CK_SLOT_ID slot) const;  // those that live in a key store
    // Both give back, by reference, those of the session objects that they took away of which there is
    // something on the device.
    std::vector<SharedObject> erase_of_session(CK_SESSION_HANDLE session);
    std::vector<SharedObject> erase_private(CK_SLOT_ID slot);  // what only those who are logged on see
    void erase_of_slot(CK_SLOT_ID slot);                       // token objects: the token is made anew

private:
    using Place = std::pair<CK_SLOT_ID, Bytes>;
    // A session object that was not used lately, in one piece of memory: most of the time that an end of many
    // sessions takes is spent on giving back pieces.
    class Packed {
    public:
        Packed() = default;
        explicit Packed(const Object& object);
        explicit operator bool() const { return !bytes_.empty(); }
        CK_SLOT_ID slot() const { return number(0); }
        CK_SESSION_HANDLE session() const { return number(8); }
        ByteView reference() const { return ByteView(bytes_).subspan(kHead, number(16)); }
        ByteView properties() const { return ByteView(bytes_).subspan(kHead + number(16)); }

    private:
        static constexpr std::size_t kHead = 24;
        std::uint64_t number(std::size_t at) const { return big_endian(ByteView(bytes_).subspan(at, 8)); }
        Bytes bytes_;
    };
    struct Entry {
        SharedObject object;  // null: bare, or packed
        Packed packed;
        const Place* place = nullptr;  // its key in token_objects_, of those that are there
        bool is_private = true;
        bool on_device = false;                                    // its reference is no blob of our own
        std::optional<std::list<CK_OBJECT_HANDLE>::iterator> use;  // in used_, of those that may become so
        bool is_token() const { return place || (object && object->is_token()); }
        CK_SLOT_ID slot() const { return place ? place->first : object ? object->slot : packed.slot(); }
    };
    static Place place_of(const Object& object);
    static void tell_if_on_device(CK_OBJECT_HANDLE handle, const Entry& entry,
                                  std::vector<SharedObject>& told);
    static SharedObject whole(CK_OBJECT_HANDLE handle, const Entry& entry);
    void keep(Entry& entry, SharedObject object);
    void put_away(CK_OBJECT_HANDLE handle);
    void used(Entry& entry);
    std::optional<CK_SESSION_HANDLE> drop(CK_OBJECT_HANDLE handle);  // the session that still lists it
    void take_out(CK_OBJECT_HANDLE handle);

    const std::size_t most_whole_;
    mutable std::mutex mutex_;
    std::unordered_map<CK_OBJECT_HANDLE, Entry> objects_;
    std::list<CK_OBJECT_HANDLE> used_;  // whole objects, but those of stores: the one used last in front
    std::map<Place, CK_OBJECT_HANDLE> token_objects_;  // whose handles say nothing
    std::unordered_map<CK_SESSION_HANDLE, std::vector<CK_OBJECT_HANDLE>> of_session_;
};

}  // namespace cs2sim::p11
