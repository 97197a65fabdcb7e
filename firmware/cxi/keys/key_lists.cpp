// Lists of keys in pages: of all by index, of one group by specifier.
#include <algorithm>

#include "firmware/cxi/keys/device_keys.h"

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

}  // namespace

Result<DeviceKeys::Page> DeviceKeys::list_volatile(ByteView prefix, ByteView after, std::size_t limit,
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

Result<DeviceKeys::Page> DeviceKeys::list(ByteView prefix, ByteView cursor, std::size_t limit,
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
        CS2SIM_TRY(rest);
        rest->keys.insert(rest->keys.begin(), page->keys.begin(), page->keys.end());
        return rest;
    }

    CS2SIM_TRY_LET(keys, database());
    Page page;
    Bytes at = after.empty() ? before(prefix) : to_bytes(after);
    page.more = true;
    for (std::size_t scanned = 0; scanned < kScanPerPage && page.keys.size() < limit; ++scanned) {
        auto entry = at.empty() ? keys->find(Bytes(CXI_INDEX_LENGTH, 0), Find::greater_or_equal)
                                : keys->find(at, Find::greater);
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

std::vector<SharedKey> DeviceKeys::volatile_of_group(std::string_view group, std::uint32_t spec,
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

Result<DeviceKeys::Page> DeviceKeys::list_group(std::string_view group, const PropertyList& filter,
                                                ByteView cursor, std::size_t limit,
                                                const std::function<bool(const KeyObject&)>& wanted,
                                                std::size_t most_read) {
    constexpr std::size_t kAtATime = 256;
    if (!cursor.empty() && cursor.size() != 5 + CXI_INDEX_LENGTH) return fail(E_CXI_INVALID_PARAM_LEN);
    if (!cursor.empty() && cursor[0] != kInGroup) return fail(E_CXI_INVALID_PARAM_VAL);
    CS2SIM_TRY_LET(keys, database());

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
    while (more && page.keys.size() < limit && scanned < most_read) {
        const std::size_t batch = std::min(limit - page.keys.size(), kAtATime);
        const auto found =
            keys->find_by(prefix, index.empty() ? Bytes() : term_with_spec(prefix, spec), index, batch);
        CS2SIM_TRY(found);
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
