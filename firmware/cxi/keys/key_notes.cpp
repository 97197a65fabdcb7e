// What the device remembers of the bytes of keys.
#include <openssl/core_names.h>

#include <algorithm>

#include "firmware/crypto/digest.h"
#include "firmware/crypto/secret.h"
#include "firmware/cxi/keys/device_keys.h"
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

// What is remembered of bytes at once: the roles that they have, and as what they were wrapped. The note is a
// byte a side and then the policy.
struct Remembered {
    std::array<std::uint8_t, kSeparationCount> roles{};  // of a KeyRole each
    Bytes policy;
};

constexpr std::uint8_t kRemembered = 6;
// Notes of the form before had a part each.
constexpr std::uint8_t kOldRoles[kSeparationCount] = {1, 5};
constexpr std::uint8_t kOldPolicy = 2;

Bytes encode(const Remembered& known) {
    Bytes note(known.roles.begin(), known.roles.end());
    append(note, known.policy);
    return note;
}

// Names of notes of one thing, by kind: hashes that only this device can compute, so that a short key cannot
// be guessed by its notes.
class NoteNames {
public:
    NoteNames(ByteView secret, const Noted& of) : secret_(secret), of_(of) {}
    Bytes name(std::uint8_t kind) const {
        const std::uint8_t kinds[] = {kind, static_cast<std::uint8_t>(of_.open)};
        Bytes name = digest("SHA256", {secret_, kinds, of_.bytes});
        name.resize(20);
        return name;
    }

private:
    const ByteView secret_;
    const Noted& of_;
};

// `notes`: a database, or a batch.
template <class Notes>
Result<Remembered> recall(Notes& notes, const NoteNames& names) {
    Remembered known;
    CS2SIM_TRY_LET(note, notes.note(names.name(kRemembered)));
    if (note.size() >= known.roles.size()) {
        const auto policy = note.begin() + static_cast<std::ptrdiff_t>(known.roles.size());
        std::copy(note.begin(), policy, known.roles.begin());
        known.policy.assign(policy, note.end());
    }
    for (std::size_t side = 0; side < kSeparationCount; ++side) {
        if (known.roles[side] != ROLE_OPEN) continue;
        CS2SIM_TRY_LET(old, notes.note(names.name(kOldRoles[side])));
        if (!old.empty()) known.roles[side] = old.front();
    }
    if (known.policy.empty()) {
        CS2SIM_TRY_LET(old, notes.note(names.name(kOldPolicy)));
        known.policy = std::move(old);
    }
    return known;
}

// In the form of today.
Result<void> write_down(Batch& batch, const NoteNames& names, ByteView owner, const Remembered& known) {
    for (const std::uint8_t kind : kOldRoles) CS2SIM_TRY(batch.set_note(names.name(kind), {}));
    CS2SIM_TRY(batch.set_note(names.name(kOldPolicy), {}));
    return batch.set_note_of(owner, names.name(kRemembered), encode(known));
}

// What is noted of a key as what was wrapped: of the key, of the encoding of a pair, which is what leaves,
// and of the bytes `came`. A public half that is unwrapped is no key that was.
std::vector<Noted> wrapped_forms(const LoadedKey& key, ByteView came) {
    std::vector<Noted> forms;
    const auto add = [&](Noted form) {
        const auto same = [&](const Noted& each) {
            return each.open == form.open && equal_in_constant_time(each.bytes, form.bytes);
        };
        if (std::ranges::none_of(forms, same)) forms.push_back(std::move(form));
    };
    if (!key.object.is_public()) add(identity(key));
    if (key.pkey) add({bare(key.secret())});
    if (!came.empty()) add({bare(came)});
    return forms;
}

Result<SecretBytes> secret_of_names(const Smos& smos) {
    auto secret = smos.master_key.derive("notes of keys");
    if (!secret) return fail(E_DB_BAD_MKEY);
    return secret;
}

}  // namespace

Result<Bytes> DeviceKeys::note_name(std::uint8_t kind, const LoadedKey& key) const {
    CS2SIM_TRY_LET(secret, secret_of_names(smos_));
    const Noted of = identity(key);
    return NoteNames(secret, of).name(kind);
}

// Those that volatile keys with the same bytes share, or null. `make`: there are none, as the bytes are new.
Result<std::shared_ptr<KeyRoles>> DeviceKeys::volatile_roles(const LoadedKey& key, bool make) {
    if (!key.roles) return nullptr;
    CS2SIM_TRY_LET(name, note_name(kRemembered, key));
    const std::lock_guard lock(mutex_);
    const auto found = volatile_roles_.find(name);
    auto shared = found == volatile_roles_.end() ? nullptr : found->second.lock();
    if (shared || !make) return shared;
    // Many are swept at once, so that each costs a look or two.
    if (volatile_roles_.size() > 2 * volatile_.size() + 16)
        std::erase_if(volatile_roles_, [](const auto& each) { return each.second.expired(); });
    key.roles->only_here = true;
    volatile_roles_.insert_or_assign(std::move(name), key.roles);
    return key.roles;
}

namespace {

// Of an RSA pair the private half's role counts everywhere; which public halves move keys is noted by groups,
// as anybody brings one into another group. Each looks at what the other does.
struct MovingHalves {
    Bytes name;  // of their note; empty for a key that has none
    Bytes own;
    Bytes holders;  // of the private half
    Bytes noted;    // the groups of those that move keys
    bool is_one = false;

    // What another role than its own bars of a private half, or ROLE_OPEN: what it moved first, to where it
    // had done other work, too.
    KeyRole barring(std::uint8_t role, KeyRole wanted) const {
        if (name.empty() || is_one) return ROLE_OPEN;
        if (role == ROLE_OPEN)
            return wanted != ROLE_WRAPS && DeviceKeys::names_any(noted, holders) ? ROLE_WRAPS : ROLE_OPEN;
        if (role != ROLE_WORKS || !DeviceKeys::names_any(noted, own)) return ROLE_OPEN;
        return wanted == ROLE_WORKS ? ROLE_WRAPS : ROLE_WORKS;
    }
};

bool has_moving_halves(const LoadedKey& key, Separation side) {
    return side == Separation::moving && key.pkey && is_rsa(*key.pkey);
}

// Of a public half. `noted`: of the pair, under the lock of `shared`.
Result<KeyRole> role_of_half(const LoadedKey& key, KeyRoles& shared, const MovingHalves& halves,
                             Database& keys, const NoteNames& names, bool noting) {
    if (DeviceKeys::names_any(halves.noted, halves.own)) return ROLE_WRAPS;
    if (!noting) return ROLE_OPEN;
    if (key.is_volatile && shared.only_here) {
        CS2SIM_TRY_LET(groups, DeviceKeys::with_groups(shared.moving_halves, halves.own));
        shared.moving_halves = std::move(groups);
        return ROLE_WRAPS;
    }
    KeyRole role = ROLE_WRAPS;
    CS2SIM_TRY(keys.change([&](Batch& batch) -> Result<void> {
        CS2SIM_TRY_LET(pair, recall(batch, names));
        if (const auto fixed = pair.roles[static_cast<std::size_t>(Separation::moving)]; fixed != ROLE_OPEN) {
            role = static_cast<KeyRole>(fixed);
            return {};
        }
        CS2SIM_TRY_LET(before, batch.note(halves.name));
        CS2SIM_TRY_LET(after, DeviceKeys::with_groups(before, halves.own));
        return batch.set_note_of(group_term(key.object.group()), halves.name, after);
    }));
    return role;
}

}  // namespace

Result<KeyRole> DeviceKeys::role(const LoadedKey& key, Separation side, KeyRole wanted, bool noting) {
    const auto place = static_cast<std::size_t>(side);
    if (const std::uint8_t known = key.roles->known[place]; known != ROLE_OPEN)
        return static_cast<KeyRole>(known);
    CS2SIM_TRY_LET(shared, volatile_roles(key, false));
    if (!shared) shared = key.roles;
    CS2SIM_TRY_LET(secret, secret_of_names(smos_));
    const Noted of = identity(key);
    const NoteNames names(secret, of);
    MovingHalves halves;
    if (has_moving_halves(key, side)) {
        CS2SIM_TRY_LET(groups, holders(key));
        halves = {names.name(static_cast<std::uint8_t>(NoteKind::moving_halves)),
                  group_prefix(key.object.group()),
                  std::move(groups),
                  {},
                  key.object.is_public()};
    }
    CS2SIM_TRY_LET(keys, database());

    const std::lock_guard lock(shared->mutex);
    std::uint8_t role = shared->known[place];
    if (role == ROLE_OPEN) {
        CS2SIM_TRY_LET(noted, recall(*keys, names));
        role = noted.roles[place];
    }
    const auto read_halves = [&](auto& notes) -> Result<void> {
        if (halves.name.empty()) return {};
        CS2SIM_TRY_LET(noted, notes.note(halves.name));
        halves.noted = std::move(noted);
        append(halves.noted, shared->moving_halves);
        return {};
    };
    CS2SIM_TRY(read_halves(*keys));
    if (halves.is_one)
        return role != ROLE_OPEN ? static_cast<KeyRole>(role)
                                 : role_of_half(key, *shared, halves, *keys, names, noting);
    if (const KeyRole barring = halves.barring(role, wanted); barring != ROLE_OPEN) return barring;
    if (role == ROLE_OPEN && !noting) return ROLE_OPEN;
    if (role == ROLE_OPEN && key.is_volatile && shared->only_here) role = wanted;
    if (role == ROLE_OPEN) {
        KeyRole barring = ROLE_OPEN;
        CS2SIM_TRY(keys->change([&](Batch& batch) -> Result<void> {
            CS2SIM_TRY_LET(noted, recall(batch, names));
            role = noted.roles[place];
            CS2SIM_TRY(read_halves(batch));
            if (barring = halves.barring(role, wanted); barring != ROLE_OPEN || role != ROLE_OPEN) return {};
            noted.roles[place] = role = wanted;
            return write_down(batch, names, group_term(key.object.group()), noted);
        }));
        if (barring != ROLE_OPEN) return barring;
    }
    shared->known[place] = role;
    key.roles->known[place] = role;
    return static_cast<KeyRole>(role);
}

// One byte in a note of its own.
Result<std::uint32_t> DeviceKeys::note_purpose(const LoadedKey& key, std::uint32_t wanted) {
    Bytes kept;
    CS2SIM_TRY(change_note(NoteKind::purpose, key, [&](ByteView before) -> Result<Bytes> {
        return kept = before.empty() ? Bytes{static_cast<std::uint8_t>(wanted)} : to_bytes(before);
    }));
    return std::uint32_t{kept.front()};
}

Result<std::uint32_t> DeviceKeys::purpose(const LoadedKey& key, std::uint32_t wanted, bool noting) {
    if (const std::uint32_t known = key.roles->purpose; known != KeyRoles::kNoPurpose) return known;
    CS2SIM_TRY_LET(shared, volatile_roles(key, false));
    if (!shared) shared = key.roles;
    const std::lock_guard lock(shared->mutex);
    std::uint32_t fixed = shared->purpose;
    if (fixed == KeyRoles::kNoPurpose) {
        CS2SIM_TRY_LET(noted, note(NoteKind::purpose, key));
        if (!noted.empty()) fixed = noted.front();
    }
    if (fixed == KeyRoles::kNoPurpose && !noting) return fixed;
    if (fixed == KeyRoles::kNoPurpose && key.is_volatile && shared->only_here) fixed = wanted;
    if (fixed == KeyRoles::kNoPurpose) {
        CS2SIM_TRY_LET(noted, note_purpose(key, wanted));
        fixed = noted;
    }
    shared->purpose = fixed;
    key.roles->purpose = fixed;
    return fixed;
}

Result<void> DeviceKeys::keep_roles(const LoadedKey& key) {
    if (!key.is_volatile || !key.roles) return {};
    const std::lock_guard lock(key.roles->mutex);
    if (!key.roles->only_here) return {};
    const auto& known = key.roles->known;
    if (!key.roles->moving_halves.empty())
        CS2SIM_TRY(note_groups(NoteKind::moving_halves, key, key.roles->moving_halves));
    if (const std::uint32_t purpose = key.roles->purpose; purpose != KeyRoles::kNoPurpose)
        CS2SIM_TRY(note_purpose(key, purpose));
    if (std::ranges::any_of(known, [](const auto& role) { return role != ROLE_OPEN; })) {
        CS2SIM_TRY_LET(secret, secret_of_names(smos_));
        const Noted of = identity(key);
        const NoteNames names(secret, of);
        CS2SIM_TRY_LET(keys, database());
        CS2SIM_TRY(keys->change([&](Batch& batch) -> Result<void> {
            CS2SIM_TRY_LET(noted, recall(batch, names));
            for (std::size_t side = 0; side < kSeparationCount; ++side)
                if (noted.roles[side] == ROLE_OPEN) noted.roles[side] = known[side];
            return write_down(batch, names, group_term(key.object.group()), noted);
        }));
    }
    key.roles->only_here = false;
    return {};
}

Result<std::vector<Bytes>> DeviceKeys::policies(const LoadedKey& key, ByteView came) {
    CS2SIM_TRY_LET(secret, secret_of_names(smos_));
    CS2SIM_TRY_LET(keys, database());
    std::vector<Bytes> all;
    for (const Noted& form : wrapped_forms(key, came)) {
        CS2SIM_TRY_LET(known, recall(*keys, NoteNames(secret, form)));
        all.push_back(std::move(known.policy));
    }
    return all;
}

Result<void> DeviceKeys::change_policies(const LoadedKey& key,
                                         const std::function<Result<Bytes>(ByteView)>& change) {
    CS2SIM_TRY_LET(secret, secret_of_names(smos_));
    CS2SIM_TRY_LET(keys, database());
    const std::vector<Noted> forms = wrapped_forms(key, {});
    return keys->change([&](Batch& batch) -> Result<void> {
        for (const Noted& form : forms) {
            const NoteNames names(secret, form);
            CS2SIM_TRY_LET(known, recall(batch, names));
            CS2SIM_TRY_LET(after, change(known.policy));
            if (after == known.policy) continue;
            known.policy = std::move(after);
            CS2SIM_TRY(write_down(batch, names, group_term(key.object.group()), known));
        }
        return {};
    });
}

Result<Bytes> DeviceKeys::note(NoteKind kind, const LoadedKey& key) {
    CS2SIM_TRY_LET(name, note_name(static_cast<std::uint8_t>(kind), key));
    CS2SIM_TRY_LET(keys, database());
    return keys->note(name);
}

Result<void> DeviceKeys::change_note(NoteKind kind, const LoadedKey& key,
                                     const std::function<Result<Bytes>(ByteView)>& change) {
    CS2SIM_TRY_LET(keys, database());
    CS2SIM_TRY_LET(name, note_name(static_cast<std::uint8_t>(kind), key));
    return keys->change([&](Batch& batch) -> Result<void> {
        CS2SIM_TRY_LET(before, batch.note(name));
        CS2SIM_TRY_LET(after, change(before));
        if (after == before) return {};
        return batch.set_note_of(group_term(key.object.group()), name, after);
    });
}

}  // namespace cs2sim
