// What the device remembers of the bytes of keys.
#include "firmware/crypto/digest.h"
#include "firmware/crypto/secret.h"
#include "firmware/cxi/keys/key_store.h"
#include "firmware/smos/smos.h"

namespace cs2sim {

// The same bytes for keys that do the same: DES keys without their parity, two keys as the three that they
// stand for; HMAC fills a key up with zeros, so that those at its end make no other key.
static SecretBytes canonical(const LoadedKey& key) {
    SecretBytes bytes = to_secret(key.secret());
    if (key.pkey) return bytes;
    if (key.object.algorithm() == CXI_KEY_ALGO_DES) {
        constexpr std::size_t kTwo = 16;
        if (bytes.size() == 8) bytes.insert(bytes.end(), bytes.begin(), bytes.begin() + 8);
        if (bytes.size() == kTwo) bytes.insert(bytes.end(), bytes.begin(), bytes.begin() + 8);
        for (std::uint8_t& byte : bytes) byte &= 0xFE;
    } else if (key.object.algorithm() != CXI_KEY_ALGO_AES) {
        while (!bytes.empty() && bytes.back() == 0) bytes.pop_back();
    }
    return bytes;
}

// By a hash that only this device can compute, so that a short key cannot be guessed by its notes.
Result<Bytes> KeyStore::note_name(NoteKind kind, const LoadedKey& key) {
    const auto secret = smos_.master_key.derive("notes of keys");
    if (!secret) return fail(E_DB_BAD_MKEY);
    const std::uint8_t number = static_cast<std::uint8_t>(kind);
    const bool shared = key.pkey && (kind == NoteKind::role || kind == NoteKind::kak);
    const SecretBytes bytes = shared ? to_secret(public_key_der(*key.pkey)) : canonical(key);
    Bytes name = digest("SHA256", {*secret, ByteView(&number, 1), bytes});
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
