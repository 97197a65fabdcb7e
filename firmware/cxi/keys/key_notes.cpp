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
    CS2SIM_TRY_LET(keys, database());
    CS2SIM_TRY_LET(name, note_name(kind, key));
    return keys->note(name);
}

Result<void> KeyStore::change_note(NoteKind kind, const LoadedKey& key,
                                   const std::function<Result<Bytes>(ByteView)>& change) {
    CS2SIM_TRY_LET(keys, database());
    CS2SIM_TRY_LET(name, note_name(kind, key));
    return keys->change([&](Batch& batch) -> Result<void> {
        CS2SIM_TRY_LET(before, batch.note(name));
        CS2SIM_TRY_LET(after, change(before));
        return after == before ? Result<void>() : batch.set_note(name, after);
    });
}

Result<void> KeyStore::modify_noted(NoteKind kind, ByteView index, const NotedChange& change) {
    if (const SharedKey key = volatile_key(index)) return modify_volatile_noted(kind, *key, change);
    CS2SIM_TRY_LET(keys, database());
    return keys->change([&](Batch& batch) -> Result<void> {
        CS2SIM_TRY_LET(record, batch.find(index));
        CS2SIM_TRY_LET(object, decode_key(record));
        CS2SIM_TRY_LET(loaded, load_key(object));
        CS2SIM_TRY_LET(name, note_name(kind, loaded));
        CS2SIM_TRY_LET(note, batch.note(name));
        CS2SIM_TRY(change(object, note));
        CS2SIM_TRY(batch.set_note(name, note));
        return batch.update(index, encode_key(object));
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
