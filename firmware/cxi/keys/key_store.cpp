#include "firmware/cxi/keys/key_store.h"

#include <algorithm>

#include "firmware/crypto/digest.h"
#include "firmware/smos/smos.h"

namespace cs2sim {
namespace {

// Cursors: a byte that says in which part the listing is, then the last index seen.
constexpr std::uint8_t kInVolatile = 0;
constexpr std::uint8_t kInDatabase = 1;
constexpr std::uint8_t kInGroup = 2;  // then the specifier, before the index

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

Bytes group_cursor(std::uint32_t spec, ByteView index) {
    Bytes cursor{kInGroup};
    append(cursor, big_endian_bytes<4>(spec));
    append(cursor, index);
    return cursor;
}

bool wants_spec(const KeyObject& key) { return key.name().empty() && key.spec() == 0; }

// The highest specifier that a group gave is a note under its term. It becomes `least` when it is lower.
Result<std::uint32_t> raise_given(Batch& batch, ByteView group, std::uint32_t least) {
    const auto note = batch.note(group);
    if (!note) return fail(note.error());
    const std::uint32_t given = note->empty() ? 0 : static_cast<std::uint32_t>(big_endian(*note));
    if (given >= least) return given;
    CS2SIM_TRY(batch.set_note(group, big_endian_bytes<4>(least)));
    return least;
}

// The specifier after the highest that the group has or ever gave.
Result<std::uint32_t> next_spec(Batch& batch, std::string_view group) {
    const Bytes prefix = group_term(group);
    const auto last = batch.last_term(prefix);
    if (!last && last.error().code != E_DB_NOT_FOUND) return fail(last.error());
    const auto given = raise_given(batch, prefix, last ? spec_of_term(*last) : 0);
    if (!given) return fail(given.error());
    if (*given >= 0xFFFFFFFE) return fail(E_DB_NO_SPACE);
    return raise_given(batch, prefix, *given + 1);
}

Result<void> give_specs(Batch& batch, const std::vector<KeyObject*>& objects) {
    for (KeyObject* object : objects) {
        const auto spec = next_spec(batch, object->group());
        if (!spec) return fail(spec.error());
        object->properties.set_number(CXI_PROP_KEY_SPEC, *spec);
    }
    return {};
}

std::vector<KeyObject*> those_without_spec(std::initializer_list<KeyObject*> objects) {
    std::vector<KeyObject*> chosen;
    std::ranges::copy_if(objects, std::back_inserter(chosen),
                         [](const KeyObject* object) { return wants_spec(*object); });
    return chosen;
}

// A specifier that goes with its key is not given again.
Result<void> retire_spec(Batch& batch, const KeyObject& key) {
    if (!key.name().empty()) return {};
    return raise_given(batch, group_term(key.group()), key.spec()).map([](std::uint32_t) {});
}

}  // namespace

// The cache goes when the database is another one, as after Clear.
Result<std::shared_ptr<Database>> KeyStore::database() {
    auto opened = databases_.open(kKeyDatabase);
    if (!opened && opened.error().code == E_OS_FILE_NO_SUCH_FILE)
        opened = databases_.create(kKeyDatabase, database_policy(kKeyDatabase)->info);
    if (!opened) return opened;
    const std::lock_guard lock(mutex_);
    if (database_ != *opened) {
        cache_.clear();
        lately_.clear();
        database_ = *opened;
    }
    return opened;
}

SharedKey KeyStore::cached(ByteView index, std::uint64_t changes) {
    const std::lock_guard lock(mutex_);
    const auto found = cache_.find(as_text(index));
    if (found == cache_.end() || found->second->second.changes != changes) return nullptr;
    lately_.splice(lately_.begin(), lately_, found->second);
    return found->second->second.key;
}

SharedKey KeyStore::confirmed(ByteView index, ByteView record_hash, std::uint64_t changes) {
    const std::lock_guard lock(mutex_);
    const auto found = cache_.find(as_text(index));
    if (found == cache_.end() || !std::ranges::equal(found->second->second.record_hash, record_hash))
        return nullptr;
    lately_.splice(lately_.begin(), lately_, found->second);
    found->second->second.changes = changes;
    return found->second->second.key;
}

void KeyStore::remember(ByteView index, Cached entry) {
    const std::lock_guard lock(mutex_);
    const std::string key(as_text(index));
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
    const auto found = cache_.find(as_text(index));
    if (found == cache_.end()) return;
    lately_.erase(found->second);
    cache_.erase(found);
}

Result<SharedKey> KeyStore::find(ByteView index) {
    if (index.size() != CXI_INDEX_LENGTH) return fail(E_CXI_INVALID_PARAM_LEN);
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = volatile_.find(index); found != volatile_.end()) return found->second;
    }
    const auto keys = database();
    if (!keys) return fail(keys.error());
    // The number first: a change that comes between makes it old, and the next command reads again.
    const std::uint64_t changes = (*keys)->changes(index);
    if (smos_.master_key.present())
        if (SharedKey known = cached(index, changes)) return known;
    const auto record = (*keys)->find(index);
    if (!record) return fail(record.error());
    Bytes hash = sha256(*record);
    if (SharedKey known = confirmed(index, hash, changes)) return known;

    auto object = decode_key(*record);
    if (!object) return fail(object.error());
    auto loaded = load_key(*std::move(object));
    if (!loaded) return fail(loaded.error());
    if (!std::ranges::equal(loaded->index, index)) return fail(E_DB_NOT_FOUND);
    auto key = std::make_shared<const LoadedKey>(*std::move(loaded));
    remember(index, {key, std::move(hash), changes});
    return key;
}

// All or none.
Result<void> KeyStore::keep_volatile(std::initializer_list<KeyObject*> objects, bool overwrite) {
    std::vector<SharedKey> ready;
    for (const KeyObject* object : objects) {
        auto loaded = load_key(*object);
        if (!loaded) return fail(loaded.error());
        ready.push_back(std::make_shared<const LoadedKey>(*std::move(loaded)));
    }
    const std::lock_guard lock(mutex_);
    std::size_t more = 0;
    for (const SharedKey& key : ready) {
        const bool there = volatile_.contains(key->index);
        if (there && !overwrite) return fail(E_DB_EXISTS);
        if (!there) ++more;
    }
    if (more != 0 && volatile_.size() + more > kMostVolatile) return fail(E_CXI_MALLOC);
    for (SharedKey& key : ready) volatile_[key->index] = key;
    return {};
}

Result<void> KeyStore::insert_volatile(Database& stored, std::initializer_list<KeyObject*> objects,
                                       bool overwrite) {
    const auto unnumbered = those_without_spec(objects);
    if (!unnumbered.empty())
        CS2SIM_TRY(stored.change([&](Batch& batch) { return give_specs(batch, unnumbered); }));
    for (const KeyObject* key : objects) {
        const auto found = stored.find(key_index(*key));
        if (found) return fail(overwrite ? E_CXI_OVERWRITE : E_DB_EXISTS);
        if (found.error().code != E_DB_NOT_FOUND) return fail(found.error());
    }
    return keep_volatile(objects, overwrite);
}

Result<void> KeyStore::insert(std::initializer_list<KeyObject*> objects, bool overwrite, bool is_volatile) {
    const auto keys = database();
    if (!keys) return fail(keys.error());
    if (is_volatile) return insert_volatile(**keys, objects, overwrite);
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
    CS2SIM_TRY((*keys)->change([&](Batch& batch) -> Result<void> {
        if (!unnumbered.empty()) {
            CS2SIM_TRY(give_specs(batch, unnumbered));
            encode_all();
        }
        for (const auto& [index, record] : records)
            CS2SIM_TRY(overwrite ? batch.update(index, record) : batch.insert(index, record));
        return {};
    }));
    const std::lock_guard lock(mutex_);
    for (const auto& each : records) volatile_.erase(each.first);
    return {};
}

Result<void> KeyStore::modify(ByteView index, const std::function<Result<void>(KeyObject&)>& change,
                              const KeyObject* if_absent) {
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = volatile_.find(index); found != volatile_.end()) {
            KeyObject object = found->second->object;
            CS2SIM_TRY(change(object));
            auto loaded = load_key(std::move(object));
            if (!loaded) return fail(loaded.error());
            found->second = std::make_shared<const LoadedKey>(*std::move(loaded));
            return {};
        }
    }
    const auto keys = database();
    if (!keys) return fail(keys.error());
    return (*keys)->change([&](Batch& batch) -> Result<void> {
        const auto record = batch.find(index);
        if (!record && (record.error().code != E_DB_NOT_FOUND || !if_absent)) return fail(record.error());
        auto object = record ? decode_key(*record) : Result<KeyObject>(*if_absent);
        if (!object) return fail(object.error());
        CS2SIM_TRY(change(*object));
        return batch.update(index, encode_key(*object));
    });
}

Result<void> KeyStore::erase(ByteView index) {
    {
        const std::lock_guard lock(mutex_);
        if (volatile_.erase(to_bytes(index)) != 0) return {};
    }
    const auto keys = database();
    if (!keys) return fail(keys.error());
    CS2SIM_TRY((*keys)->change([&](Batch& batch) -> Result<void> {
        const auto record = batch.find(index);
        if (!record && record.error().code != E_DB_REC_CRC) return fail(record.error());
        if (record)
            if (const auto object = decode_key(*record)) CS2SIM_TRY(retire_spec(batch, *object));
        return batch.erase(index);
    }));
    forget(index);
    return {};
}

Result<std::uint64_t> KeyStore::count() {
    const auto keys = database();
    if (!keys) return fail(keys.error());
    return (*keys)->count();
}

void KeyStore::forget_volatile() {
    const std::lock_guard lock(mutex_);
    volatile_.clear();
}

Result<std::uint32_t> KeyStore::erase_group(std::string_view group) {
    const Bytes prefix = group_prefix(group);
    const auto keys = database();
    if (!keys) return fail(keys.error());
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
    CS2SIM_TRY((*keys)->change(wipe));
    const std::lock_guard lock(mutex_);
    std::erase_if(cache_, [&](const auto& entry) {
        if (entry.second->second.key->object.group() != group) return false;
        lately_.erase(entry.second);
        return true;
    });
    erased += static_cast<std::uint32_t>(
        std::erase_if(volatile_, [&](const auto& held) { return held.second->object.group() == group; }));
    return erased;
}

Result<std::uint64_t> KeyStore::changes(std::initializer_list<ByteView> indices) {
    const auto keys = database();
    if (!keys) return fail(keys.error());
    std::uint64_t sum = 0;
    for (const ByteView index : indices) sum += (*keys)->changes(index);
    return sum;
}

Result<KeyStore::Page> KeyStore::list_volatile(ByteView prefix, ByteView after, std::size_t limit,
                                               const std::function<bool(const KeyObject&)>& wanted) {
    std::vector<std::pair<Bytes, SharedKey>> held;  // `wanted` may ask this store again: outside the lock
    {
        const std::lock_guard lock(mutex_);
        const Bytes first = to_bytes(prefix), behind = to_bytes(after);
        auto at = behind < first ? volatile_.lower_bound(first) : volatile_.upper_bound(behind);
        for (; at != volatile_.end() && starts_with(at->first, prefix); ++at) held.push_back(*at);
    }
    Page page;
    page.more = true;
    page.cursor = make_cursor(kInDatabase, {});
    for (const auto& [index, key] : held) {
        if (page.keys.size() == limit) break;
        if (wanted(key->object)) page.keys.push_back({key->object, make_cursor(kInVolatile, index)});
    }
    if (page.keys.size() == limit) page.cursor = page.keys.back().cursor;
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
        if (object && wanted(*object))
            page.keys.push_back({*std::move(object), make_cursor(kInDatabase, at)});
    }
    page.cursor = make_cursor(kInDatabase, at);
    return page;
}

std::vector<SharedKey> KeyStore::volatile_of_group(std::string_view group, std::uint32_t spec,
                                                   ByteView index) {
    const auto place = [](const LoadedKey& key) { return std::pair(key.object.spec(), as_text(key.index)); };
    std::vector<SharedKey> keys;
    {
        const std::lock_guard lock(mutex_);
        const Bytes prefix = group_prefix(group);
        for (auto at = volatile_.lower_bound(prefix); at != volatile_.end() && starts_with(at->first, prefix);
             ++at)
            if (at->second->object.group() == group && place(*at->second) > std::pair(spec, as_text(index)))
                keys.push_back(at->second);
    }
    std::ranges::sort(keys, {}, [&](const SharedKey& key) { return place(*key); });
    return keys;
}

Result<KeyStore::Page> KeyStore::list_group(std::string_view group, const PropertyList& filter,
                                            ByteView cursor, std::size_t limit,
                                            const std::function<bool(const KeyObject&)>& wanted) {
    constexpr std::size_t kAtATime = 256;
    if (!cursor.empty() && cursor.size() != 5 + CXI_INDEX_LENGTH) return fail(E_CXI_INVALID_PARAM_LEN);
    if (!cursor.empty() && cursor[0] != kInGroup) return fail(E_CXI_INVALID_PARAM_VAL);
    const auto keys = database();
    if (!keys) return fail(keys.error());

    std::uint32_t spec = cursor.empty() ? 0 : static_cast<std::uint32_t>(big_endian(cursor.subspan(1, 4)));
    Bytes index = cursor.empty() ? Bytes() : to_bytes(cursor.subspan(5));
    const std::vector<SharedKey> held = volatile_of_group(group, spec, index);
    auto next_held = held.begin();
    Page page;
    const auto take = [&](const KeyObject& key, ByteView at) {
        if (wanted(key)) page.keys.push_back({key, group_cursor(key.spec(), at)});
    };
    const auto take_held_before = [&](std::uint32_t number, ByteView at) {
        for (; next_held != held.end() && page.keys.size() < limit &&
               std::pair((*next_held)->object.spec(), as_text((*next_held)->index)) <
                   std::pair(number, as_text(at));
             ++next_held)
            take((*next_held)->object, (*next_held)->index);
    };
    const Bytes prefix = term_for(group, filter);
    bool more = true;
    std::size_t scanned = 0;
    while (more && page.keys.size() < limit && scanned < kScanPerPage) {
        const std::size_t batch = std::min(limit - page.keys.size(), kAtATime);
        const auto found =
            (*keys)->find_by(prefix, index.empty() ? Bytes() : term_with_spec(prefix, spec), index, batch);
        if (!found) return fail(found.error());
        more = found->size() == batch;
        scanned += found->size();
        for (const FoundByTerm& each : *found) {
            take_held_before(spec_of_term(each.term), each.entry.key);
            if (page.keys.size() == limit) break;
            spec = spec_of_term(each.term);
            index = each.entry.key;
            if (const auto object = decode_key(each.entry.record); object && object->group() == group)
                take(*object, index);
        }
    }
    if (!more) take_held_before(0xFFFFFFFF, Bytes(CXI_INDEX_LENGTH, 0xFF));
    page.more = more || page.keys.size() == limit || next_held != held.end();
    page.cursor = page.keys.size() == limit ? page.keys.back().cursor : group_cursor(spec, index);
    return page;
}

}  // namespace cs2sim
