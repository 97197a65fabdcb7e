// What the device remembers of the bytes of keys.
#include <openssl/core_names.h>

#include <algorithm>

#include "firmware/crypto/digest.h"
#include "firmware/crypto/secret.h"
#include "firmware/cxi/keys/key_store.h"
#include "firmware/smos/smos.h"

namespace cs2sim {
namespace {

// One form of bytes, whatever they are said to be a key of: whoever has a wrapped key says so when it is
// unwrapped. DES keys have parity bits, and two of them stand for three; HMAC fills a key up with zeros.
SecretBytes bare(ByteView bytes) {
    constexpr std::size_t kOne = 8, kTwo = 16, kThree = 24;
    SecretBytes form = to_secret(bytes);
    for (std::uint8_t& byte : form) byte &= 0xFE;
    const auto strip = [&] {
        while (!form.empty() && form.back() == 0) form.pop_back();
    };
    strip();
    if (form.size() > kTwo && form.size() <= kThree) {
        form.resize(kThree);
        if (std::equal(form.begin(), form.begin() + kOne, form.begin() + kTwo)) form.resize(kTwo);
        strip();
    }
    return form;
}

// The secret of a pair, however its key is written: PKCS#8 leaves much to the writer. Empty when OpenSSL has
// no such number.
SecretBytes private_number(const EVP_PKEY& key) {
    BIGNUM* found = nullptr;
    if (EVP_PKEY_get_bn_param(&key, OSSL_PKEY_PARAM_PRIV_KEY, &found) == 1) {
        const Handle<BIGNUM> number(found);
        SecretBytes bytes(static_cast<std::size_t>(BN_num_bytes(number.get())));
        BN_bn2bin(number.get(), bytes.data());
        return bytes;
    }
    std::size_t size = 0;
    if (EVP_PKEY_get_raw_private_key(&key, nullptr, &size) != 1) return {};
    SecretBytes bytes(size);
    if (EVP_PKEY_get_raw_private_key(&key, bytes.data(), &size) != 1) return {};
    return bytes;
}

// What a note is of: something secret, or of an RSA pair, whose halves share the notes, its modulus.
struct Noted {
    SecretBytes bytes;
    bool open = false;
};

Noted identity(const LoadedKey& key) {
    if (!key.pkey) return {bare(key.secret())};
    if (is_rsa(*key.pkey))
        if (const auto modulus = key_number(*key.pkey, OSSL_PKEY_PARAM_RSA_N))
            return {to_secret(*modulus), true};
    if (key.object.is_private())
        if (const SecretBytes number = private_number(*key.pkey); !number.empty()) return {bare(number)};
    return {to_secret(public_key_der(*key.pkey)), true};
}

}  // namespace

// By a hash that only this device can compute, so that a short key cannot be guessed by its notes.
Result<std::vector<Bytes>> KeyStore::note_names(NoteKind kind, const LoadedKey& key, ByteView came) {
    const auto secret = smos_.master_key.derive("notes of keys");
    if (!secret) return fail(E_DB_BAD_MKEY);
    std::vector<Bytes> names;
    const auto add = [&](const Noted& noted) {
        const std::uint8_t kinds[] = {static_cast<std::uint8_t>(kind), static_cast<std::uint8_t>(noted.open)};
        Bytes name = digest("SHA256", {*secret, kinds, noted.bytes});
        name.resize(20);
        if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
    };
    // A public half that is unwrapped is no key that was.
    if (kind != NoteKind::wrapped || !key.object.is_public()) add(identity(key));
    if (kind == NoteKind::wrapped && key.pkey) add({bare(key.secret())});
    if (!came.empty()) add({bare(came)});
    return names;
}

Result<Bytes> KeyStore::note(NoteKind kind, const LoadedKey& key) {
    CS2SIM_TRY_LET(all, notes(kind, key));
    return std::move(all.front());
}

Result<std::vector<Bytes>> KeyStore::notes(NoteKind kind, const LoadedKey& key, ByteView came) {
    CS2SIM_TRY_LET(keys, database());
    CS2SIM_TRY_LET(names, note_names(kind, key, came));
    std::vector<Bytes> all;
    for (const Bytes& name : names) {
        CS2SIM_TRY_LET(note, keys->note(name));
        all.push_back(std::move(note));
    }
    return all;
}

Result<void> KeyStore::change_note(NoteKind kind, const LoadedKey& key,
                                   const std::function<Result<Bytes>(ByteView)>& change) {
    CS2SIM_TRY_LET(keys, database());
    CS2SIM_TRY_LET(names, note_names(kind, key));
    return keys->change([&](Batch& batch) -> Result<void> {
        for (const Bytes& name : names) {
            CS2SIM_TRY_LET(before, batch.note(name));
            CS2SIM_TRY_LET(after, change(before));
            if (after != before) CS2SIM_TRY(batch.set_note(name, after));
        }
        return {};
    });
}

Result<void> KeyStore::modify_noted(NoteKind kind, ByteView index, const NotedChange& change) {
    if (const SharedKey key = volatile_key(index)) return modify_volatile_noted(kind, *key, change);
    CS2SIM_TRY_LET(keys, database());
    return keys->change([&](Batch& batch) -> Result<void> {
        CS2SIM_TRY_LET(record, batch.find(index));
        CS2SIM_TRY_LET(object, decode_key(record));
        CS2SIM_TRY_LET(loaded, load_key(object));
        CS2SIM_TRY_LET(names, note_names(kind, loaded));
        CS2SIM_TRY_LET(note, batch.note(names.front()));
        CS2SIM_TRY(change(object, note));
        CS2SIM_TRY(batch.set_note(names.front(), note));
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
