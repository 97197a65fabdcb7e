// Volatile keys: in memory, bounded, ending with who made them.
#include "firmware/cxi/keys/device_keys.h"
#include "firmware/cxi/keys/key_specs.h"
#include "firmware/smos/flash/memory_reserve.h"

namespace cs2sim {
namespace {

// About what a volatile key takes.
std::size_t bytes_in_memory(const KeyObject& key) {
    constexpr std::size_t kObject = 512, kProperty = 64, kPerByteOfKey = 4;
    std::size_t bytes = kObject + kPerByteOfKey * key.material.size();
    for (const Property& property : key.properties) bytes += kProperty + property.value().size();
    return bytes;
}

}  // namespace

VolatileOwner::~VolatileOwner() {
    if (const auto store = store_.lock()) (*store)->forget_volatile(number_);
}

std::shared_ptr<VolatileOwner> DeviceKeys::owner() {
    const std::lock_guard lock(mutex_);
    return std::make_shared<VolatileOwner>(self_, ++last_owner_);
}

void DeviceKeys::release(std::map<Bytes, Held, ByBytes>::iterator held) {
    volatile_bytes_ -= held->second.bytes;
    volatile_.erase(held);
}

// All or none.
Result<void> DeviceKeys::keep_volatile(std::initializer_list<KeyObject*> objects, bool overwrite,
                                       const Lifetime& lifetime) {
    std::map<Bytes, Held, ByBytes> ready;  // moves over without memory
    for (const KeyObject* object : objects) {
        CS2SIM_TRY_LET(loaded, load_key(*object));
        loaded.is_volatile = true;
        CS2SIM_TRY_LET(shared, volatile_roles(loaded, lifetime.has_new_bytes));
        if (shared) loaded.roles = std::move(shared);
        Bytes index = loaded.index;
        ready.insert_or_assign(std::move(index), Held{std::make_shared<const LoadedKey>(std::move(loaded)),
                                                      lifetime.owner, bytes_in_memory(*object)});
    }
    const std::lock_guard lock(mutex_);
    std::size_t count = volatile_.size(), bytes = volatile_bytes_;
    for (const auto& [index, held] : ready) {
        const auto there = volatile_.find(index);
        if (there != volatile_.end() && !overwrite) return fail(E_DB_EXISTS);
        count += there == volatile_.end() ? 1 : 0;
        bytes += held.bytes - (there == volatile_.end() ? 0 : there->second.bytes);
    }
    if (count > limits_.keys || bytes > limits_.bytes) return fail(E_CXI_MALLOC);
    volatile_bytes_ = bytes;
    for (const auto& [index, held] : ready) volatile_.erase(index);
    volatile_.merge(ready);
    CommandMemory::stored();
    return {};
}

Result<void> DeviceKeys::insert_volatile(Database& stored, std::initializer_list<KeyObject*> objects,
                                         bool overwrite, const Lifetime& lifetime) {
    const auto unnumbered = those_without_spec(objects);
    if (!unnumbered.empty())
        CS2SIM_TRY(stored.change([&](Batch& batch) { return give_specs(batch, unnumbered); }));
    for (const KeyObject* key : objects) {
        const auto found = stored.find(key_index(*key));
        if (found) return fail(overwrite ? E_CXI_OVERWRITE : E_DB_EXISTS);
        if (found.error().code != E_DB_NOT_FOUND) return fail(found.error());
    }
    return keep_volatile(objects, overwrite, lifetime);
}

SharedKey DeviceKeys::volatile_key(ByteView index) {
    const std::lock_guard lock(mutex_);
    const auto found = volatile_.find(index);
    return found == volatile_.end() ? nullptr : found->second.key;
}

// E_DB_NOT_FOUND when there is no volatile key of that index.
Result<void> DeviceKeys::modify_volatile(ByteView index,
                                         const std::function<Result<void>(KeyObject&)>& change) {
    const std::lock_guard lock(mutex_);
    const auto found = volatile_.find(index);
    if (found == volatile_.end()) return fail(E_DB_NOT_FOUND);
    KeyObject object = found->second.key->object;
    CS2SIM_TRY(change(object));
    const std::size_t bytes = bytes_in_memory(object);
    if (volatile_bytes_ - found->second.bytes + bytes > limits_.bytes) return fail(E_CXI_MALLOC);
    CS2SIM_TRY_LET(loaded, load_key(std::move(object)));
    loaded.is_volatile = true;
    if (equal_in_constant_time(loaded.secret(), found->second.key->secret()))
        loaded.roles = found->second.key->roles;
    found->second.key = std::make_shared<const LoadedKey>(std::move(loaded));
    volatile_bytes_ += bytes - found->second.bytes;
    found->second.bytes = bytes;
    CommandMemory::stored();
    return {};
}

void DeviceKeys::forget_volatile() {
    const std::lock_guard lock(mutex_);
    volatile_.clear();
    volatile_bytes_ = 0;
}

void DeviceKeys::forget_volatile(std::uint64_t owner) {
    const std::lock_guard lock(mutex_);
    for (auto at = volatile_.begin(); at != volatile_.end();)
        if (const auto held = at++; held->second.owner == owner) release(held);
}

}  // namespace cs2sim
