#include "host-lib/pkcs11/object_table.h"

#include <algorithm>
#include <atomic>

namespace cs2sim::p11 {
namespace {

constinit std::atomic<CK_OBJECT_HANDLE> next_handle{1};

}  // namespace

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

// Puts a whole object into its entry; another one may become bare for it.
void ObjectTable::keep(Entry& entry, SharedObject object) {
    entry.is_private = object->properties.flag_or(CXI_PROP_PRIVATE, true);
    const bool may_go = object->is_token() && !object->stored;
    if (may_go && !entry.use) entry.use = used_.insert(used_.begin(), object->handle);
    used(entry);
    entry.object = std::move(object);
    while (used_.size() > most_whole_) {
        Entry& oldest = objects_.at(used_.back());
        oldest.object.reset();
        oldest.use.reset();
        used_.pop_back();
    }
}

SharedObject ObjectTable::put(Object object) {
    const std::lock_guard lock(mutex_);
    const Place* place = nullptr;
    if (object.is_token()) {
        auto [known, added] = token_objects_.try_emplace(place_of(object), CK_INVALID_HANDLE);
        if (added) known->second = next_handle++;
        object.handle = known->second;
        place = &known->first;
    } else {
        object.handle = next_handle++;
        of_session_[object.session].push_back(object.handle);
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
    changed.read = std::chrono::steady_clock::now();
    keep(found->second, std::make_shared<const Object>(std::move(changed)));
}

SharedObject ObjectTable::find(CK_OBJECT_HANDLE handle) {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(handle);
    if (found == objects_.end()) return nullptr;
    Entry& entry = found->second;
    used(entry);
    if (entry.object) return entry.object;
    Object bare;
    bare.handle = handle;
    bare.slot = entry.place->first;
    bare.reference = entry.place->second;
    bare.bare = true;
    return std::make_shared<const Object>(std::move(bare));
}

SharedObject ObjectTable::make_whole(const Object& known, PropertyList properties) {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(known.handle);
    if (found == objects_.end()) return nullptr;
    Object whole = known;
    whole.properties = std::move(properties);
    whole.bare = false;
    whole.read = std::chrono::steady_clock::now();
    auto shared = std::make_shared<const Object>(std::move(whole));
    keep(found->second, shared);
    return shared;
}

void ObjectTable::take_out(CK_OBJECT_HANDLE handle) {
    const auto found = objects_.find(handle);
    if (found == objects_.end()) return;
    const Entry entry = std::move(found->second);
    objects_.erase(found);
    if (entry.use) used_.erase(*entry.use);
    if (entry.place)
        token_objects_.erase(token_objects_.find(*entry.place));
    else if (const auto list = of_session_.find(entry.object->session); list != of_session_.end())
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
                found != objects_.end() && found->second.object->slot == slot)
                all.push_back(found->second.object);
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
            taken.push_back(std::move(found->second.object));
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
        if ((entry.place ? entry.place->first : entry.object->slot) != slot || !entry.is_private) continue;
        handles.push_back(handle);
        if (!entry.place) session_objects.push_back(entry.object);
    }
    for (const CK_OBJECT_HANDLE handle : handles) take_out(handle);
    return session_objects;
}

void ObjectTable::erase_of_slot(CK_SLOT_ID slot) {
    const std::lock_guard lock(mutex_);
    std::vector<CK_OBJECT_HANDLE> handles;
    for (const auto& [place, handle] : token_objects_)
        if (place.first == slot) handles.push_back(handle);
    for (const CK_OBJECT_HANDLE handle : handles) take_out(handle);
}

}  // namespace cs2sim::p11
