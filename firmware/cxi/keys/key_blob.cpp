#include "firmware/cxi/keys/key_blob.h"

#include <algorithm>

#include "firmware/protocol/block.h"
#include "firmware/protocol/cxi/sealed_key.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {
Result<std::string_view> sealed_group(ByteView blob) {
    return parse_sealed_key(blob).map([](const SealedKey& key) { return key.group; });
}

// The number first: a change that comes after it makes it old, and what is made under it.
void KeySeal::leave_old_ciphers() {
    const std::uint64_t changes = mbk_.changes();
    if (changes == 0 || changes != made_under_) clear();
    made_under_ = changes;
}

void KeySeal::clear() {
    sealing_ = nullptr;
    ciphers_.clear();
}

KeySeal::Cipher* KeySeal::known(std::uint8_t type, ByteView hash) {
    const auto found = std::ranges::find_if(ciphers_, [&](const Cipher& one) {
        return one.mbk.type == type && std::ranges::equal(one.mbk.hash, hash);
    });
    return found == ciphers_.end() ? nullptr : &*found;
}

Result<KeySeal::Cipher*> KeySeal::cipher_of(const ResidentMbk& resident) {
    const MbkKeyInfo& info = resident.info();
    if (Cipher* there = known(info.type, info.hash)) return there;
    CS2SIM_TRY_LET(key, resident.derive("cs2sim key backup", info.hash, 32));
    ciphers_.push_back({info, Aead(key)});
    return &ciphers_.back();
}

Result<KeySeal::Cipher*> KeySeal::that_seals() {
    leave_old_ciphers();
    if (sealing_) return sealing_;
    CS2SIM_TRY_LET(resident, mbk_.resident(kMbkSlotAes));
    CS2SIM_TRY_LET(cipher, cipher_of(resident));
    return sealing_ = cipher;
}

Result<KeySeal::Cipher*> KeySeal::that_sealed(std::uint8_t type, ByteView hash) {
    leave_old_ciphers();
    if (Cipher* there = known(type, hash)) return there;
    CS2SIM_TRY_LET(resident, mbk_.that_sealed(type, hash));
    if (!resident) return fail(E_CXI_BB_WRONG_MBK);
    return cipher_of(*resident);
}

void KeySeal::forget() {
    const std::lock_guard lock(mutex_);
    clear();
}

Result<Bytes> KeySeal::seal(const KeyObject& key) {
    const SecretBytes record = encode_key(key);
    const std::lock_guard lock(mutex_);
    CS2SIM_TRY_LET(cipher, that_seals());
    CS2SIM_TRY_LET(blob, compose(LAYOUT_CXI_SEALED_KEY,
                                 {CXI_SEALED_MAGIC, CXI_SEALED_VERSION, cipher->mbk.type, cipher->mbk.hash,
                                  key.group(), key.name(), key.spec(), ByteView()}));
    append(blob, cipher->aead.seal(record, {blob}));
    return blob;
}

Result<KeyObject> KeySeal::open(ByteView blob) {
    const auto outer = parse_sealed_key(blob);
    if (!outer || outer->sealed.size() < Aead::kOverhead) return fail(E_CXI_KEY_BLOB_FORMAT);
    Result<SecretBytes> record = SecretBytes();
    {
        const std::lock_guard lock(mutex_);
        CS2SIM_TRY_LET(cipher, that_sealed(outer->mbk_type, outer->mbk_hash));
        record = cipher->aead.open(outer->sealed, {outer->clear});
    }
    if (!record) return fail(E_CXI_KEY_BLOB_MAC);
    auto key = decode_key(*record);
    CS2SIM_TRY(key);
    const bool as_labelled =
        key->group() == outer->group && key->name() == outer->name && key->spec() == outer->spec;
    if (!as_labelled) return fail(E_CXI_KEY_BLOB_FORMAT);
    return key;
}

Result<Bytes> KeySeal::seal_anew(ByteView blob) {
    CS2SIM_TRY_LET(key, open(blob));
    const auto outer = parse_sealed_key(blob);
    {
        const std::lock_guard lock(mutex_);
        CS2SIM_TRY_LET(now, that_seals());
        if (outer->version == CXI_SEALED_VERSION && std::ranges::equal(outer->mbk_hash, now->mbk.hash))
            return to_bytes(blob);
    }
    return seal(key);
}

}  // namespace cs2sim
