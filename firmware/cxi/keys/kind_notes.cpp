// Notes of one kind each: those that change with an object, and those that name groups, as where the bytes of
// a key guard others and who has a pair.
#include <algorithm>
#include <atomic>

#include "firmware/cxi/keys/device_keys.h"

namespace cs2sim {
namespace {

constexpr std::size_t kGroupBytes = 8;  // of group_prefix()
constexpr std::size_t kMostGroups = 512;

// Of all stores of the process: a change in one lets the keys of another be looked up once more.
std::atomic<std::uint64_t> guard_changes = 1;

bool has_group(ByteView groups, ByteView prefix) {
    for (ByteView rest = groups; rest.size() >= kGroupBytes; rest = rest.subspan(kGroupBytes))
        if (starts_with(rest, prefix)) return true;
    return false;
}

}  // namespace

// A form before, of guards, was one byte, and of all groups.
bool DeviceKeys::names_any(ByteView note, ByteView groups) {
    if (note.size() % kGroupBytes != 0) return true;
    for (ByteView rest = groups; rest.size() >= kGroupBytes; rest = rest.subspan(kGroupBytes))
        if (has_group(note, rest.first(kGroupBytes))) return true;
    return false;
}

Result<Bytes> DeviceKeys::with_groups(ByteView note, ByteView groups) {
    Bytes after = to_bytes(note);
    if (note.size() % kGroupBytes != 0) return after;
    for (ByteView rest = groups; rest.size() >= kGroupBytes; rest = rest.subspan(kGroupBytes))
        if (!has_group(after, rest.first(kGroupBytes))) append(after, rest.first(kGroupBytes));
    if (after.size() > kMostGroups * kGroupBytes) return fail(E_DB_NO_SPACE);
    return after;
}

Result<bool> DeviceKeys::note_groups(NoteKind kind, const LoadedKey& key, ByteView groups) {
    CS2SIM_TRY_LET(known, note(kind, key));
    CS2SIM_TRY_LET(wanted, with_groups(known, groups));
    if (wanted == known) return false;
    CS2SIM_TRY(change_note(kind, key, [&](ByteView before) { return with_groups(before, groups); }));
    return true;
}

Result<void> DeviceKeys::keep_guards(const LoadedKey& wrapping) {
    CS2SIM_TRY_LET(is_new, note_groups(NoteKind::guards, wrapping, group_prefix(wrapping.object.group())));
    if (is_new) ++guard_changes;
    return {};
}

Result<void> DeviceKeys::keep_trusted(const LoadedKey& key) {
    CS2SIM_TRY(note_groups(NoteKind::trusted, key, group_prefix(key.object.group())));
    return {};
}

Result<void> DeviceKeys::keep_holders(const LoadedKey& key, ByteView groups) {
    CS2SIM_TRY(note_groups(NoteKind::holders, key, groups));
    return {};
}

// The number first: a note that comes between makes it old.
Result<Bytes> DeviceKeys::guards(const LoadedKey& key) {
    const std::uint64_t changes = guard_changes;
    if (key.roles->unguarding == changes) return Bytes();
    CS2SIM_TRY_LET(known, note(NoteKind::guards, key));
    if (known.empty()) key.roles->unguarding = changes;
    return known;
}

Result<Bytes> DeviceKeys::holders(const LoadedKey& key) {
    Bytes own = group_prefix(key.object.group());
    CS2SIM_TRY_LET(together, note(NoteKind::holders, key));
    return has_group(together, own) ? together : own;
}

Result<void> DeviceKeys::modify_noted(NoteKind kind, ByteView index, const NotedChange& change) {
    if (const SharedKey key = volatile_key(index)) return modify_volatile_noted(kind, *key, change);
    CS2SIM_TRY_LET(keys, database());
    return keys->change([&](Batch& batch) -> Result<void> {
        CS2SIM_TRY_LET(record, batch.find(index));
        CS2SIM_TRY_LET(object, decode_key(record));
        CS2SIM_TRY_LET(loaded, load_key(object));
        CS2SIM_TRY_LET(name, note_name(static_cast<std::uint8_t>(kind), loaded));
        CS2SIM_TRY_LET(note, batch.note(name));
        CS2SIM_TRY(change(object, note));
        CS2SIM_TRY(batch.set_note_of(group_term(object.group()), name, note));
        return batch.update(index, encode_key(object));
    });
}

Result<void> DeviceKeys::modify_volatile_noted(NoteKind kind, const LoadedKey& key,
                                               const NotedChange& change) {
    Bytes note;
    CS2SIM_TRY(change_note(kind, key, [&](ByteView before) -> Result<Bytes> {
        note = to_bytes(before);
        KeyObject object = key.object;
        CS2SIM_TRY(change(object, note));
        return note;
    }));
    return modify_volatile(key.index, [&](KeyObject& object) -> Result<void> {
        if (!equal_in_constant_time(object.material, key.object.material)) return fail(E_DB_NOT_FOUND);
        return change(object, note);
    });
}

}  // namespace cs2sim
