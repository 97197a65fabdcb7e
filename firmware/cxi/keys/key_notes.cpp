// What the device remembers of the bytes of keys.
#include "firmware/crypto/digest.h"
#include "firmware/crypto/secret.h"
#include "firmware/cxi/keys/key_store.h"
#include "firmware/smos/smos.h"

namespace cs2sim {

// By a hash that only this device can compute, so that a short key cannot be guessed by its notes.
Result<Bytes> KeyStore::note_name(NoteKind kind, const LoadedKey& key) {
    const auto secret = smos_.master_key.derive("notes of keys");
    if (!secret) return fail(E_DB_BAD_MKEY);
    const std::uint8_t number = static_cast<std::uint8_t>(kind);
    const bool shared = key.pkey && (kind == NoteKind::role || kind == NoteKind::kak);
    Bytes name = digest("SHA256", {*secret, ByteView(&number, 1),
                                   shared ? ByteView(public_key_der(*key.pkey)) : key.secret()});
    name.resize(20);
    return name;
}

Result<Bytes> KeyStore::note(NoteKind kind, const LoadedKey& key) {
    const auto keys = database();
    if (!keys) return fail(keys.error());
    CS2SIM_TRY_LET(name, note_name(kind, key));
    return (*keys)->note(name);
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

Result<void> KeyStore::modify_noted(NoteKind kind, ByteView index, const NotedChange& change) {
    if (const SharedKey key = volatile_key(index)) return modify_volatile_noted(kind, *key, change);
    const auto keys = database();
    if (!keys) return fail(keys.error());
    return (*keys)->change([&](Batch& batch) -> Result<void> {
        const auto record = batch.find(index);
        if (!record) return fail(record.error());
        auto object = decode_key(*record);
        if (!object) return fail(object.error());
        const auto loaded = load_key(*object);
        if (!loaded) return fail(loaded.error());
        const auto name = note_name(kind, *loaded);
        if (!name) return fail(name.error());
        auto note = batch.note(*name);
        if (!note) return fail(note.error());
        CS2SIM_TRY(change(*object, *note));
        CS2SIM_TRY(batch.set_note(*name, *note));
        return batch.update(index, encode_key(*object));
    });
}

Result<void> KeyStore::modify_volatile_noted(NoteKind kind, const LoadedKey& key, const NotedChange& change) {
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
