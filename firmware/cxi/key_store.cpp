#include "firmware/cxi/key_store.h"

#include <algorithm>

#include "firmware/crypto/digest.h"
#include "firmware/db/catalogue.h"
#include "firmware/smos/smos.h"

namespace cs2sim {
namespace {

constexpr std::string_view kDatabase = "CXIKEY.db";

// Cursors: a byte that says in which part the listing is, then the last index seen.
constexpr std::uint8_t kInVolatile = 0;
constexpr std::uint8_t kInDatabase = 1;

std::string as_key(ByteView index) { return std::string(as_text(index)); }

Bytes make_cursor(std::uint8_t part, ByteView index) {
    Bytes cursor{part};
    append(cursor, index);
    return cursor;
}

bool starts_with(ByteView bytes, ByteView prefix) {
    return bytes.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

// The index just before the first that begins with `prefix`; empty when there is none before it.
Bytes before(ByteView prefix) {
    if (std::ranges::all_of(prefix, [](std::uint8_t byte) { return byte == 0; })) return {};
    Bytes index = to_bytes(prefix);
    std::size_t at = index.size();
    while (index[--at]-- == 0) {
    }
    index.resize(CXI_INDEX_LENGTH, 0xFF);
    return index;
}

}  // namespace

Result<std::shared_ptr<Database>> KeyStore::database() {
    return databases_.create(kDatabase, database_policy(kDatabase)->info);
}

SharedKey KeyStore::cached(ByteView index, ByteView record_hash) {
    const std::lock_guard lock(mutex_);
    const auto found = cache_.find(as_key(index));
    if (found == cache_.end() || !std::ranges::equal(found->second->second.record_hash, record_hash))
        return nullptr;
    lately_.splice(lately_.begin(), lately_, found->second);
    return found->second->second.key;
}

void KeyStore::remember(ByteView index, Cached entry) {
    const std::lock_guard lock(mutex_);
    const std::string key = as_key(index);
    if (const auto found = cache_.find(key); found != cache_.end()) {
        lately_.erase(found->second);
        cache_.erase(found);
    }
    lately_.emplace_front(key, std::move(entry));
    cache_[key] = lately_.begin();
    if (lately_.size() > kMostCached) {
        cache_.erase(lately_.back().first);
        lately_.pop_back();
    }
}

void KeyStore::forget(ByteView index) {
    const std::lock_guard lock(mutex_);
    const auto found = cache_.find(as_key(index));
    if (found == cache_.end()) return;
    lately_.erase(found->second);
    cache_.erase(found);
}

Result<SharedKey> KeyStore::find(ByteView index) {
    if (index.size() != CXI_INDEX_LENGTH) return fail(E_CXI_INVALID_PARAM_LEN);
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = volatile_.find(to_bytes(index)); found != volatile_.end())
            return found->second;
    }
    const auto keys = database();
    if (!keys) return fail(keys.error());
    const auto record = (*keys)->find(index);
    if (!record) return fail(record.error());
    Bytes hash = sha256(*record);
    if (SharedKey known = cached(index, hash)) return known;

    auto object = decode_key(*record);
    if (!object) return fail(object.error());
    auto loaded = load_key(*std::move(object));
    if (!loaded) return fail(loaded.error());
    if (!std::ranges::equal(loaded->index, index)) return fail(E_DB_NOT_FOUND);
    auto key = std::make_shared<const LoadedKey>(*std::move(loaded));
    remember(index, {key, std::move(hash)});
    return key;
}

Result<Bytes> KeyStore::insert(const KeyObject& key, bool overwrite, bool is_volatile) {
    const Bytes index = key_index(key.group(), key.name(), key.spec());
    if (is_volatile) {
        auto loaded = load_key(key);
        if (!loaded) return fail(loaded.error());
        const std::lock_guard lock(mutex_);
        if (!overwrite && volatile_.contains(index)) return fail(E_DB_EXISTS);
        if (volatile_.size() >= kMostVolatile && !volatile_.contains(index)) return fail(E_CXI_MALLOC);
        volatile_[index] = std::make_shared<const LoadedKey>(*std::move(loaded));
        return index;
    }
    const auto keys = database();
    if (!keys) return fail(keys.error());
    const SecretBytes record = encode_key(key);
    if (overwrite)
        CS2SIM_TRY((*keys)->update(index, record));
    else
        CS2SIM_TRY((*keys)->insert(index, record));
    return index;
}

Result<void> KeyStore::update(ByteView index, const KeyObject& key) {
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = volatile_.find(to_bytes(index)); found != volatile_.end()) {
            auto loaded = load_key(key);
            if (!loaded) return fail(loaded.error());
            found->second = std::make_shared<const LoadedKey>(*std::move(loaded));
            return {};
        }
    }
    const auto keys = database();
    if (!keys) return fail(keys.error());
    const SecretBytes record = encode_key(key);
    return (*keys)->change([&](Batch& batch) -> Result<void> {
        CS2SIM_TRY(batch.find(index));  // a key deleted meanwhile stays deleted
        return batch.update(index, record);
    });
}

Result<void> KeyStore::erase(ByteView index) {
    {
        const std::lock_guard lock(mutex_);
        if (volatile_.erase(to_bytes(index)) != 0) return {};
    }
    const auto keys = database();
    if (!keys) return fail(keys.error());
    CS2SIM_TRY((*keys)->erase(index));
    forget(index);
    return {};
}

Result<std::uint64_t> KeyStore::count() {
    const auto keys = database();
    if (!keys) return fail(keys.error());
    return (*keys)->count();
}

Result<KeyStore::Page> KeyStore::list_volatile(ByteView prefix, ByteView after, std::size_t limit,
                                               const std::function<bool(const KeyObject&)>& wanted) {
    const std::lock_guard lock(mutex_);
    Page page;
    auto at = after.empty() ? volatile_.begin() : volatile_.upper_bound(to_bytes(after));
    page.cursor = make_cursor(kInVolatile, after);
    for (; at != volatile_.end() && page.keys.size() < limit; ++at) {
        page.cursor = make_cursor(kInVolatile, at->first);
        if (starts_with(at->first, prefix) && wanted(at->second->object))
            page.keys.push_back(at->second->object);
    }
    if (at == volatile_.end()) page.cursor = make_cursor(kInDatabase, {});
    page.more = true;
    return page;
}

Result<KeyStore::Page> KeyStore::list(ByteView prefix, ByteView cursor, std::size_t limit,
                                      const std::function<bool(const KeyObject&)>& wanted) {
    if (!cursor.empty() && cursor.size() != 1 && cursor.size() != 1 + CXI_INDEX_LENGTH)
        return fail(E_CXI_INVALID_PARAM_LEN);
    const std::uint8_t part = cursor.empty() ? kInVolatile : cursor[0];
    if (part > kInDatabase) return fail(E_CXI_INVALID_PARAM_VAL);
    ByteView after = cursor.empty() ? cursor : cursor.subspan(1);
    if (part == kInVolatile) {
        auto page = list_volatile(prefix, after, limit, wanted);
        if (!page || page->cursor[0] == kInVolatile || page->keys.size() >= limit) return page;
        auto rest = list(prefix, page->cursor, limit - page->keys.size(), wanted);
        if (!rest) return rest;
        rest->keys.insert(rest->keys.begin(), page->keys.begin(), page->keys.end());
        return rest;
    }

    const auto keys = database();
    if (!keys) return fail(keys.error());
    Page page;
    Bytes at = after.empty() ? before(prefix) : to_bytes(after);
    page.more = true;
    for (std::size_t scanned = 0; scanned < kScanPerPage && page.keys.size() < limit; ++scanned) {
        auto entry = at.empty() ? (*keys)->find(Bytes(CXI_INDEX_LENGTH, 0), Find::greater_or_equal)
                                : (*keys)->find(at, Find::greater);
        if (!entry && entry.error().code != E_DB_NOT_FOUND) return fail(entry.error());
        if (!entry || !starts_with(entry->key, prefix)) {
            page.more = false;
            break;
        }
        at = std::move(entry->key);
        auto object = decode_key(entry->record);
        if (object && wanted(*object)) page.keys.push_back(*std::move(object));
    }
    page.cursor = make_cursor(kInDatabase, at);
    return page;
}

}  // namespace cs2sim
