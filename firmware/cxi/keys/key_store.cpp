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

// About what a volatile key takes.
std::size_t bytes_in_memory(const KeyObject& key) {
    constexpr std::size_t kObject = 512, kProperty = 64, kPerByteOfKey = 4;
    std::size_t bytes = kObject + kPerByteOfKey * key.material.size();
    for (const Property& property : key.properties) bytes += kProperty + property.value.size();
    return bytes;
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
        if (const auto found = volatile_.find(index); found != volatile_.end()) return found->second.key;
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

VolatileOwner::~VolatileOwner() {
    if (const auto store = store_.lock()) (*store)->forget_volatile(number_);
}

std::shared_ptr<VolatileOwner> KeyStore::owner() {
    const std::lock_guard lock(mutex_);
    return std::make_shared<VolatileOwner>(self_, ++last_owner_);
}

void KeyStore::release(std::map<Bytes, Held, ByBytes>::iterator held) {
    volatile_bytes_ -= held->second.bytes;
    volatile_.erase(held);
}

// All or none.
Result<void> KeyStore::keep_volatile(std::initializer_list<KeyObject*> objects, bool overwrite,
                                     std::uint64_t owner) {
    std::vector<Held> ready;
    for (const KeyObject* object : objects) {
        auto loaded = load_key(*object);
        if (!loaded) return fail(loaded.error());
        ready.push_back(
            {std::make_shared<const LoadedKey>(*std::move(loaded)), owner, bytes_in_memory(*object)});
    }
    const std::lock_guard lock(mutex_);
    std::size_t count = volatile_.size(), bytes = volatile_bytes_;
    for (const Held& held : ready) {
        const auto there = volatile_.find(held.key->index);
        if (there != volatile_.end() && !overwrite) return fail(E_DB_EXISTS);
        count += there == volatile_.end() ? 1 : 0;
        bytes += held.bytes - (there == volatile_.end() ? 0 : there->second.bytes);
    }
    if (count > limits_.keys || bytes > limits_.bytes) return fail(E_CXI_MALLOC);
    volatile_bytes_ = bytes;
    for (Held& held : ready) {
        Bytes index = held.key->index;
        volatile_.insert_or_assign(std::move(index), std::move(held));
    }
    return {};
}

Result<void> KeyStore::insert_volatile(Database& stored, std::initializer_list<KeyObject*> objects,
                                       bool overwrite, std::uint64_t owner) {
    const auto unnumbered = those_without_spec(objects);
    if (!unnumbered.empty())
        CS2SIM_TRY(stored.change([&](Batch& batch) { return give_specs(batch, unnumbered); }));
    for (const KeyObject* key : objects) {
        const auto found = stored.find(key_index(*key));
        if (found) return fail(overwrite ? E_CXI_OVERWRITE : E_DB_EXISTS);
        if (found.error().code != E_DB_NOT_FOUND) return fail(found.error());
    }
    return keep_volatile(objects, overwrite, owner);
}

Result<void> KeyStore::insert(std::initializer_list<KeyObject*> objects, bool overwrite, Lifetime lifetime) {
    const auto keys = database();
    if (!keys) return fail(keys.error());
    if (lifetime.is_volatile) return insert_volatile(**keys, objects, overwrite, lifetime.owner);
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
    for (const auto& each : records)
        if (const auto held = volatile_.find(each.first); held != volatile_.end()) release(held);
    return {};
}

// E_DB_NOT_FOUND when there is no volatile key of that index.
Result<void> KeyStore::modify_volatile(ByteView index,
                                       const std::function<Result<void>(KeyObject&)>& change) {
    const std::lock_guard lock(mutex_);
    const auto found = volatile_.find(index);
    if (found == volatile_.end()) return fail(E_DB_NOT_FOUND);
    KeyObject object = found->second.key->object;
    CS2SIM_TRY(change(object));
    const std::size_t bytes = bytes_in_memory(object);
    if (volatile_bytes_ - found->second.bytes + bytes > limits_.bytes) return fail(E_CXI_MALLOC);
    auto loaded = load_key(std::move(object));
    if (!loaded) return fail(loaded.error());
    volatile_bytes_ += bytes - found->second.bytes;
    found->second.bytes = bytes;
    found->second.key = std::make_shared<const LoadedKey>(*std::move(loaded));
    return {};
}

Result<void> KeyStore::modify(ByteView index, const std::function<Result<void>(KeyObject&)>& change,
                              const KeyObject* if_absent) {
    if (const auto done = modify_volatile(index, change); done || done.error().code != E_DB_NOT_FOUND)
        return done;
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
        if (const auto held = volatile_.find(index); held != volatile_.end()) {
            release(held);
            return {};
        }
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
    volatile_bytes_ = 0;
}

void KeyStore::forget_volatile(std::uint64_t owner) {
    const std::lock_guard lock(mutex_);
    for (auto at = volatile_.begin(); at != volatile_.end();)
        if (const auto held = at++; held->second.owner == owner) release(held);
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
    for (auto at = volatile_.begin(); at != volatile_.end();)
        if (const auto held = at++; held->second.key->object.group() == group) {
            release(held);
            ++erased;
        }
    return erased;
}

// By a hash that only this device can compute, so that a short key cannot be guessed by its notes.
Result<Bytes> KeyStore::note_name(NoteKind kind, const LoadedKey& key) {
    const auto secret = smos_.master_key.derive("notes of keys");
    if (!secret) return fail(E_DB_BAD_MKEY);
    const std::uint8_t number = static_cast<std::uint8_t>(kind);
    const bool shared = key.pkey && kind == NoteKind::role;
    Bytes name = digest("SHA256", {*secret, ByteView(&number, 1),
                                   shared ? ByteView(public_key_der(*key.pkey)) : key.secret()});
    name.resize(20);
    return name;
}

Result<Bytes> KeyStore::note(NoteKind kind, const LoadedKey& key) {
    const auto keys = database();
    if (!keys) return fail(keys.error());
    const auto name = note_name(kind, key);
    if (!name) return name;
    return (*keys)->note(*name);
}

Result<void> KeyStore::change_note(NoteKind kind, const LoadedKey& key,
                                   const std::function<Result<Bytes>(ByteView)>& change) {
    const auto keys = database();
    if (!keys) return fail(keys.error());
    const auto name = note_name(kind, key);
    if (!name) return fail(name.error());
    return (*keys)->change([&](Batch& batch) -> Result<void> {
        const auto before = batch.note(*name);
        if (!before) return fail(before.error());
        const auto after = change(*before);
        if (!after) return fail(after.error());
        return *after == *before ? Result<void>() : batch.set_note(*name, *after);
    });
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
        for (; at != volatile_.end() && starts_with(at->first, prefix); ++at)
            held.emplace_back(at->first, at->second.key);
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
            if (const SharedKey& key = at->second.key;
                key->object.group() == group && place(*key) > std::pair(spec, as_text(index)))
                keys.push_back(key);
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
