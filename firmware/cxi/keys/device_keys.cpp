#include "firmware/cxi/keys/device_keys.h"

#include <algorithm>

#include "firmware/crypto/digest.h"
#include "firmware/cxi/keys/key_specs.h"
#include "firmware/smos/flash/memory_reserve.h"
#include "firmware/smos/smos.h"

namespace cs2sim {
// The cache goes when the database is another one, as after Clear.
Result<std::shared_ptr<Database>> DeviceKeys::database() {
    auto opened = databases_.open(kKeyDatabase);
    if (!opened && opened.error().code == E_OS_FILE_NO_SUCH_FILE)
        opened = databases_.create(kKeyDatabase, database_policy(kKeyDatabase)->info);
    CS2SIM_TRY(opened);
    const std::lock_guard lock(mutex_);
    if (database_ != *opened) {
        cache_.clear();
        database_ = *opened;
    }
    return opened;
}

SharedKey DeviceKeys::cached(ByteView index, std::uint64_t changes) {
    const std::lock_guard lock(mutex_);
    const Cached* found = cache_.find(as_text(index));
    return found && found->changes == changes ? found->key : nullptr;
}

SharedKey DeviceKeys::confirmed(ByteView index, ByteView record_hash, std::uint64_t changes) {
    const std::lock_guard lock(mutex_);
    Cached* found = cache_.find(as_text(index));
    if (!found || !std::ranges::equal(found->record_hash, record_hash)) return nullptr;
    found->changes = changes;
    return found->key;
}

void DeviceKeys::remember(ByteView index, Cached entry, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    cache_.put(as_text(index), std::move(entry), bytes);
}

std::size_t DeviceKeys::cached_bytes() const {
    const std::lock_guard lock(mutex_);
    return cache_.cost();
}

void DeviceKeys::forget(ByteView index) {
    const std::lock_guard lock(mutex_);
    cache_.erase(as_text(index));
}

Result<SharedKey> DeviceKeys::find(ByteView index) {
    if (index.size() != CXI_INDEX_LENGTH) return fail(E_CXI_INVALID_PARAM_LEN);
    if (auto key = volatile_key(index)) return key;
    CS2SIM_TRY_LET(keys, database());
    // The number first: a change that comes between makes it old, and the next command reads again.
    const std::uint64_t changes = keys->changes(index);
    if (smos_.master_key.present())
        if (SharedKey known = cached(index, changes)) return known;
    CS2SIM_TRY_LET(record, keys->find(index));
    Bytes hash = sha256(record);
    if (SharedKey known = confirmed(index, hash, changes)) return known;

    CS2SIM_TRY_LET(object, decode_key(record));
    CS2SIM_TRY_LET(loaded, load_key(std::move(object)));
    if (!std::ranges::equal(loaded.index, index)) return fail(E_DB_NOT_FOUND);
    auto key = std::make_shared<const LoadedKey>(std::move(loaded));
    remember(index, {key, std::move(hash), changes}, record.size());
    return key;
}

Result<void> DeviceKeys::insert(std::initializer_list<KeyObject*> objects, bool overwrite,
                                Lifetime lifetime) {
    CS2SIM_TRY_LET(keys, database());
    if (lifetime.is_volatile) return insert_volatile(*keys, objects, overwrite, lifetime);
    const auto unnumbered = those_without_spec(objects);
    // Made outside the transaction, which others wait for, unless the specifier is known only there.
    std::vector<std::pair<Bytes, SecretBytes>> records;
    const auto encode_all = [&] {
        records.clear();
        for (const KeyObject* key : objects) records.emplace_back(key_index(*key), encode_key(*key));
    };
    if (unnumbered.empty()) encode_all();
    if (!overwrite) {
        const std::lock_guard lock(mutex_);
        for (const auto& each : records)
            if (volatile_.contains(each.first)) return fail(E_DB_EXISTS);
    }
    CS2SIM_TRY(keys->change([&](Batch& batch) -> Result<void> {
        if (!unnumbered.empty()) {
            CS2SIM_TRY(give_specs(batch, unnumbered));
            encode_all();
        }
        for (const KeyObject* key : objects) CS2SIM_TRY(retire_spec(batch, *key));
        for (const auto& [index, record] : records)
            CS2SIM_TRY(overwrite ? batch.update(index, record) : batch.insert(index, record));
        return {};
    }));
    const std::lock_guard lock(mutex_);
    for (const auto& each : records)
        if (const auto held = volatile_.find(each.first); held != volatile_.end()) release(held);
    return {};
}

Result<void> DeviceKeys::modify(ByteView index, const std::function<Result<void>(KeyObject&)>& change,
                                const KeyObject* if_absent) {
    if (const auto done = modify_volatile(index, change); done || done.error().code != E_DB_NOT_FOUND)
        return done;
    CS2SIM_TRY_LET(keys, database());
    return keys->change([&](Batch& batch) -> Result<void> {
        const auto record = batch.find(index);
        if (!record && (record.error().code != E_DB_NOT_FOUND || !if_absent)) return fail(record.error());
        CS2SIM_TRY_LET(object, record ? decode_key(*record) : Result<KeyObject>(*if_absent));
        CS2SIM_TRY(change(object));
        return batch.update(index, encode_key(object));
    });
}

Result<void> DeviceKeys::erase(ByteView index) {
    {
        const std::lock_guard lock(mutex_);
        if (const auto held = volatile_.find(index); held != volatile_.end()) {
            release(held);
            CommandMemory::stored();
            return {};
        }
    }
    CS2SIM_TRY_LET(keys, database());
    CS2SIM_TRY(keys->change([&](Batch& batch) -> Result<void> {
        const auto record = batch.find(index);
        if (!record && record.error().code != E_DB_REC_CRC) return fail(record.error());
        if (record)
            if (const auto object = decode_key(*record)) CS2SIM_TRY(retire_spec(batch, *object));
        return batch.erase(index);
    }));
    forget(index);
    return {};
}

Result<std::uint64_t> DeviceKeys::count() {
    CS2SIM_TRY_LET(keys, database());
    return keys->count();
}

Result<std::uint32_t> DeviceKeys::erase_group(std::string_view group) {
    const Bytes prefix = group_prefix(group);
    CS2SIM_TRY_LET(keys, database());
    std::uint32_t erased = 0;
    const auto wipe = [&](Batch& batch) -> Result<void> {
        erased = 0;
        Bytes at = prefix;
        at.resize(CXI_INDEX_LENGTH);
        while (true) {
            auto entry = batch.find(at, Find::greater_or_equal);
            if (!entry && entry.error().code != E_DB_NOT_FOUND) return fail(entry.error());
            if (!entry || !starts_with(entry->key, prefix)) return {};
            at = std::move(entry->key);
            const auto object = decode_key(entry->record);
            if (object && object->group() == group && object->type() != CXI_KEY_TYPE_CONFIG) {
                CS2SIM_TRY(retire_spec(batch, *object));
                CS2SIM_TRY(batch.erase(at));
                ++erased;
            }
            increment(at);  // go on behind it
        }
    };
    CS2SIM_TRY(keys->change(wipe));
    const std::lock_guard lock(mutex_);
    cache_.erase_if([&](const Cached& entry) { return entry.key->object.group() == group; });
    for (auto at = volatile_.begin(); at != volatile_.end();)
        if (const auto held = at++; held->second.key->object.group() == group) {
            release(held);
            ++erased;
        }
    return erased;
}

Result<std::uint64_t> DeviceKeys::changes(std::initializer_list<ByteView> indices) {
    CS2SIM_TRY_LET(keys, database());
    std::uint64_t sum = 0;
    for (const ByteView index : indices) sum += keys->changes(index);
    return sum;
}

}  // namespace cs2sim
