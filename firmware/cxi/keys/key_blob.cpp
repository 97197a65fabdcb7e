#include "firmware/cxi/keys/key_blob.h"

#include <algorithm>

#include "firmware/protocol/block.h"
#include "firmware/protocol/cxi/sealed_key.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {
namespace {

constexpr std::size_t kMostCiphers = 2;  // one a slot

}  // namespace

Result<std::string_view> sealed_group(ByteView blob) {
    return parse_sealed_key(blob).map([](const SealedKey& key) { return key.group; });
}

Result<Aead*> KeySeal::cipher_for(const ResidentMbk& resident) {
    const auto& hash = resident.info().hash;
    const auto known = std::ranges::find(ciphers_, hash, &Cipher::mbk_hash);
    if (known != ciphers_.end()) return &known->aead;
    CS2SIM_TRY_LET(key, resident.derive("cs2sim key backup", hash, 32));
    if (ciphers_.size() >= kMostCiphers) ciphers_.pop_front();
    ciphers_.push_back({hash, Aead(key)});
    return &ciphers_.back().aead;
}

void KeySeal::forget() {
    const std::lock_guard lock(mutex_);
    ciphers_.clear();
}

Result<Bytes> KeySeal::seal(const KeyObject& key) {
    CS2SIM_TRY_LET(resident, mbk_.resident(kMbkSlotAes));
    const MbkKeyInfo& info = resident.info();
    CS2SIM_TRY_LET(blob, compose(LAYOUT_CXI_SEALED_KEY,
                                 {CXI_SEALED_MAGIC, CXI_SEALED_VERSION, info.type, ByteView(info.hash),
                                  key.group(), key.name(), key.spec(), ByteView()}));
    const SecretBytes record = encode_key(key);
    const std::lock_guard lock(mutex_);
    CS2SIM_TRY_LET(cipher, cipher_for(resident));
    append(blob, cipher->seal(record, {blob}));
    return blob;
}

Result<KeyObject> KeySeal::open(ByteView blob) {
    const auto outer = parse_sealed_key(blob);
    if (!outer || outer->sealed.size() < Aead::kOverhead) return fail(E_CXI_KEY_BLOB_FORMAT);
    CS2SIM_TRY_LET(resident, mbk_.that_sealed(outer->mbk_type, outer->mbk_hash));
    if (!resident) return fail(E_CXI_BB_WRONG_MBK);

    Result<SecretBytes> record = SecretBytes();
    {
        const std::lock_guard lock(mutex_);
        CS2SIM_TRY_LET(cipher, cipher_for(*resident));
        record = cipher->open(outer->sealed, {outer->clear});
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
    CS2SIM_TRY_LET(info, mbk_.info(kMbkSlotAes));
    const auto outer = parse_sealed_key(blob);
    if (outer->version == CXI_SEALED_VERSION && std::ranges::equal(outer->mbk_hash, info.hash))
        return to_bytes(blob);
    return seal(key);
}

}  // namespace cs2sim
