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
        if (const auto found = objects_.find(handle);
            place.first == slot && found != objects_.end() && found->second->stored)
            all.push_back(found->second);
    return all;
}

SharedObject ObjectTable::put(Object object) {
    const std::lock_guard lock(mutex_);
    if (object.is_token()) {
        auto [known, added] = token_objects_.try_emplace(place_of(object), CK_INVALID_HANDLE);
        if (added) known->second = next_handle++;
        object.handle = known->second;
    } else {
        object.handle = next_handle++;
        of_session_[object.session].push_back(object.handle);
    }
    auto shared = std::make_shared<const Object>(std::move(object));
    objects_[shared->handle] = shared;
    return shared;
}

void ObjectTable::replace(CK_OBJECT_HANDLE handle, Bytes reference, PropertyList properties) {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(handle);
    if (found == objects_.end()) return;
    Object changed = *found->second;
    changed.reference = std::move(reference);
    changed.properties = std::move(properties);
    found->second = std::make_shared<const Object>(std::move(changed));
}

SharedObject ObjectTable::find(CK_OBJECT_HANDLE handle) const {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(handle);
    return found == objects_.end() ? nullptr : found->second;
}

void ObjectTable::take_out(CK_OBJECT_HANDLE handle) {
    const auto found = objects_.find(handle);
    if (found == objects_.end()) return;
    const Object& object = *found->second;
    if (object.is_token())
        token_objects_.erase(place_of(object));
    else if (const auto list = of_session_.find(object.session); list != of_session_.end())
        std::erase(list->second, handle);
    objects_.erase(found);
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
                found != objects_.end() && found->second->slot == slot)
                all.push_back(found->second);
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
            taken.push_back(std::move(found->second));
            objects_.erase(found);
        }
    of_session_.erase(list);
    return taken;
}

std::vector<SharedObject> ObjectTable::erase_private(CK_SLOT_ID slot) {
    const std::lock_guard lock(mutex_);
    std::vector<SharedObject> session_objects;
    std::vector<CK_OBJECT_HANDLE> handles;
    for (const auto& [handle, object] : objects_) {
        if (object->slot != slot || !object->properties.flag_or(CXI_PROP_PRIVATE, true)) continue;
        handles.push_back(handle);
        if (!object->is_token()) session_objects.push_back(object);
    }
    for (const CK_OBJECT_HANDLE handle : handles) take_out(handle);
    return session_objects;
}

void ObjectTable::erase_of_slot(CK_SLOT_ID slot) {
    const std::lock_guard lock(mutex_);
    for (auto place = token_objects_.begin(); place != token_objects_.end();) {
        if (place->first.first != slot) {
            ++place;
            continue;
        }
        objects_.erase(place->second);
        place = token_objects_.erase(place);
    }
}

}  // namespace cs2sim::p11
