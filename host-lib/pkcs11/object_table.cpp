#include "host-lib/pkcs11/object_table.h"

#include <algorithm>
#include <atomic>

namespace cs2sim::p11 {
namespace {

constinit std::atomic<CK_OBJECT_HANDLE> next_handle{1};

// Handles that say slot and specifier lie between those that are given one by one and the fixed ones of
// settings (config_objects.h).
constexpr CK_OBJECT_HANDLE kNumbered = 0x40000000;
constexpr unsigned kSpecBits = 22, kSlotBits = 8;

CK_OBJECT_HANDLE numbered(CK_SLOT_ID slot, std::uint32_t spec) {
    return kNumbered | slot << kSpecBits | spec;
}
// Given one by one, over 32 bits after those below.
CK_OBJECT_HANDLE new_handle() {
    constexpr CK_OBJECT_HANDLE kBehind = CK_OBJECT_HANDLE{1} << 32;
    const CK_OBJECT_HANDLE handle = next_handle++;
    if (handle < kNumbered || handle >= kBehind) return handle;
    next_handle.store(kBehind + 1);
    return kBehind;
}
bool is_numbered(CK_OBJECT_HANDLE handle) { return handle >> (kSpecBits + kSlotBits) == 1; }
CK_SLOT_ID slot_in(CK_OBJECT_HANDLE handle) { return (handle & ~kNumbered) >> kSpecBits; }

std::optional<CK_OBJECT_HANDLE> number_of(const Object& object) {
    const auto spec = object.properties.number(CXI_PROP_KEY_SPEC);
    const bool fits = spec && *spec >> kSpecBits == 0 && object.slot >> kSlotBits == 0;
    if (object.stored || !fits || !object.properties.bytes(CXI_PROP_KEY_NAME).empty()) return std::nullopt;
    return numbered(object.slot, *spec);
}

}  // namespace

ObjectTable::Packed::Packed(const Object& object) {
    const Bytes properties = object.properties.encode();
    bytes_.reserve(kHead + object.reference.size() + properties.size());
    append_big_endian(bytes_, object.slot, 8);
    append_big_endian(bytes_, object.session, 8);
    append_big_endian(bytes_, object.reference.size(), 8);
    append(bytes_, object.reference);
    append(bytes_, properties);
}

// A row keeps its place whatever becomes of its blob.
ObjectTable::Place ObjectTable::place_of(const Object& object) {
    if (!object.stored) return {object.slot, object.reference};
    const keystore::KeyIndex& index = object.stored->index;
    const std::string row = std::string(1, '\0') + index.group + '\0' + index.name + '\0';
    Bytes place = to_bytes(as_bytes(row));
    append(place, big_endian_bytes<4>(index.spec));
    return {object.slot, std::move(place)};
}

std::vector<SharedObject> ObjectTable::stored_of_slot(CK_SLOT_ID slot) const {
    const std::lock_guard lock(mutex_);
    std::vector<SharedObject> all;
    for (const auto& [place, handle] : token_objects_)
        if (const auto found = objects_.find(handle); place.first == slot && found != objects_.end() &&
                                                      found->second.object && found->second.object->stored)
            all.push_back(found->second.object);
    return all;
}

void ObjectTable::used(Entry& entry) {
    if (entry.use) used_.splice(used_.begin(), used_, *entry.use);
}

// A session object that is no blob of our own.
void ObjectTable::tell_if_on_device(CK_OBJECT_HANDLE handle, const Entry& entry,
                                    std::vector<SharedObject>& told) {
    if (!entry.on_device) return;
    Object object;
    object.handle = handle;
    object.slot = entry.slot();
    object.session = entry.object ? entry.object->session : entry.packed.session();
    object.reference = entry.object ? entry.object->reference : to_bytes(entry.packed.reference());
    told.push_back(std::make_shared<const Object>(std::move(object)));
}

SharedObject ObjectTable::whole(CK_OBJECT_HANDLE handle, const Entry& entry) {
    if (entry.object) return entry.object;
    Object object;
    object.handle = handle;
    object.slot = entry.packed.slot();
    object.session = entry.packed.session();
    object.reference = to_bytes(entry.packed.reference());
    object.properties = PropertyList::decode(entry.packed.properties()).value();  // as encode() made it
    return std::make_shared<const Object>(std::move(object));
}

// Puts a whole object into its entry; another one may be put away for it.
void ObjectTable::keep(Entry& entry, SharedObject object) {
    entry.is_private = object->properties.flag_or(CXI_PROP_PRIVATE, true);
    entry.on_device = !object->reference.empty() && object->reference[0] != CXI_TAG_EXTERNAL;
    if (!object->stored && !entry.use) entry.use = used_.insert(used_.begin(), object->handle);
    used(entry);
    entry.object = std::move(object);
    entry.packed = {};
    while (used_.size() > most_whole_) {
        const CK_OBJECT_HANDLE oldest = used_.back();
        used_.pop_back();
        put_away(oldest);
    }
}

void ObjectTable::put_away(CK_OBJECT_HANDLE handle) {
    const auto found = objects_.find(handle);
    Entry& entry = found->second;
    if (!entry.place && entry.is_token()) {
        objects_.erase(found);  // its handle says what it is
        return;
    }
    if (!entry.place) entry.packed = Packed(*entry.object);
    entry.object.reset();
    entry.use.reset();
}

SharedObject ObjectTable::put(Object object) {
    const std::lock_guard lock(mutex_);
    const Place* place = nullptr;
    if (const auto number = number_of(object); number && object.is_token()) {
        object.handle = *number;
    } else if (object.is_token()) {
        auto [known, added] = token_objects_.try_emplace(place_of(object), CK_INVALID_HANDLE);
        if (added) known->second = new_handle();
        object.handle = known->second;
        place = &known->first;
    } else {
        object.handle = new_handle();
        of_session_[object.session].push_back(object.handle);
        // Blobs without a name all have the same, of which CKA_UNIQUE_ID is made.
        if (Bytes unique = to_bytes(object.properties.bytes(CXI_PROP_KEY_UNAME)); !unique.empty()) {
            append_big_endian(unique, object.handle, 8);
            object.properties.set(CXI_PROP_KEY_UNAME, unique);
        }
    }
    object.read = std::chrono::steady_clock::now();
    auto shared = std::make_shared<const Object>(std::move(object));
    Entry& entry = objects_[shared->handle];
    entry.place = place;
    keep(entry, shared);
    return shared;
}

void ObjectTable::replace(const Object& object, Bytes reference, PropertyList properties) {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(object.handle);
    if (found == objects_.end()) return;
    Object changed = object;
    changed.reference = std::move(reference);
    changed.properties = std::move(properties);
    if (!object.is_token() && object.properties.has(CXI_PROP_KEY_UNAME))
        changed.properties.set(CXI_PROP_KEY_UNAME, object.properties.bytes(CXI_PROP_KEY_UNAME));
    changed.read = std::chrono::steady_clock::now();
    keep(found->second, std::make_shared<const Object>(std::move(changed)));
}

SharedObject ObjectTable::find(CK_OBJECT_HANDLE handle) {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(handle);
    Object bare;
    bare.handle = handle;
    bare.bare = true;
    if (found == objects_.end()) {
        if (!is_numbered(handle)) return nullptr;
        bare.slot = slot_in(handle);
        return std::make_shared<const Object>(std::move(bare));
    }
    Entry& entry = found->second;
    used(entry);
    if (entry.packed) {
        SharedObject object = whole(handle, entry);
        keep(entry, object);
        return object;
    }
    if (entry.object) return entry.object;
    bare.slot = entry.place->first;
    bare.reference = entry.place->second;
    return std::make_shared<const Object>(std::move(bare));
}

std::optional<std::uint32_t> ObjectTable::number_in(CK_OBJECT_HANDLE handle) {
    if (!is_numbered(handle)) return std::nullopt;
    return static_cast<std::uint32_t>(handle & ((CK_OBJECT_HANDLE{1} << kSpecBits) - 1));
}

SharedObject ObjectTable::make_whole(const Object& known, PropertyList properties) {
    const std::lock_guard lock(mutex_);
    if (!objects_.contains(known.handle) && !is_numbered(known.handle)) return nullptr;
    Object whole = known;
    whole.properties = std::move(properties);
    whole.bare = false;
    whole.read = std::chrono::steady_clock::now();
    auto shared = std::make_shared<const Object>(std::move(whole));
    keep(objects_[shared->handle], shared);
    return shared;
}

std::optional<CK_SESSION_HANDLE> ObjectTable::drop(CK_OBJECT_HANDLE handle) {
    const auto found = objects_.find(handle);
    if (found == objects_.end()) return std::nullopt;
    const Entry entry = std::move(found->second);
    objects_.erase(found);
    if (entry.use) used_.erase(*entry.use);
    if (entry.place) token_objects_.erase(token_objects_.find(*entry.place));
    if (entry.is_token()) return std::nullopt;
    return entry.object ? entry.object->session : entry.packed.session();
}

void ObjectTable::take_out(CK_OBJECT_HANDLE handle) {
    const auto session = drop(handle);
    if (!session) return;
    if (const auto list = of_session_.find(*session); list != of_session_.end())
        std::erase(list->second, handle);
}

void ObjectTable::erase(CK_OBJECT_HANDLE handle) {
    const std::lock_guard lock(mutex_);
    take_out(handle);
}

std::vector<SharedObject> ObjectTable::of_slot(CK_SLOT_ID slot) const {
    const std::lock_guard lock(mutex_);
    std::vector<SharedObject> all;
    for (const auto& [session, handles] : of_session_)
        for (const CK_OBJECT_HANDLE handle : handles)
            if (const auto found = objects_.find(handle);
                found != objects_.end() && found->second.slot() == slot)
                all.push_back(whole(handle, found->second));
    std::ranges::sort(all, {}, [](const SharedObject& object) { return object->handle; });
    return all;
}

std::vector<SharedObject> ObjectTable::erase_of_session(CK_SESSION_HANDLE session) {
    const std::lock_guard lock(mutex_);
    std::vector<SharedObject> taken;
    const auto list = of_session_.find(session);
    if (list == of_session_.end()) return taken;
    for (const CK_OBJECT_HANDLE handle : list->second)
        if (const auto found = objects_.find(handle); found != objects_.end()) {
            tell_if_on_device(handle, found->second, taken);
            if (found->second.use) used_.erase(*found->second.use);
            objects_.erase(found);
        }
    of_session_.erase(list);
    return taken;
}

std::vector<SharedObject> ObjectTable::erase_private(CK_SLOT_ID slot) {
    const std::lock_guard lock(mutex_);
    std::vector<SharedObject> session_objects;
    std::vector<CK_OBJECT_HANDLE> handles;
    for (const auto& [handle, entry] : objects_) {
        if (entry.slot() != slot || !entry.is_private) continue;
        handles.push_back(handle);
        if (!entry.is_token()) tell_if_on_device(handle, entry, session_objects);
    }
    for (const CK_OBJECT_HANDLE handle : handles) drop(handle);
    for (auto& [session, list] : of_session_)
        std::erase_if(list, [&](CK_OBJECT_HANDLE handle) { return !objects_.contains(handle); });
    return session_objects;
}

void ObjectTable::erase_of_slot(CK_SLOT_ID slot) {
    const std::lock_guard lock(mutex_);
    std::vector<CK_OBJECT_HANDLE> handles;
    for (const auto& [handle, entry] : objects_)
        if (entry.is_token() && entry.slot() == slot) handles.push_back(handle);
    for (const CK_OBJECT_HANDLE handle : handles) take_out(handle);
}

}  // namespace cs2sim::p11
