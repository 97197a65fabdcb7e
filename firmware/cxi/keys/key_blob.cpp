#include "firmware/cxi/keys/key_blob.h"

#include <algorithm>

#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {
namespace {

constexpr std::uint8_t kBlobVersion = 1;

}  // namespace

Result<std::string_view> sealed_group(ByteView blob) {
    const auto parsed = parse(LAYOUT_CXI_SEALED_KEY, blob);
    if (!parsed || parsed->u8("version") != kBlobVersion) return fail(E_CXI_KEY_BLOB_FORMAT);
    return parsed->text("group");
}

Result<Aead*> KeySeal::cipher_for(const ResidentMbk& resident) {
    const auto& hash = resident.info().hash;
    if (!cipher_ || hash_ != hash) {
        const auto key = resident.derive("cs2sim key backup", hash, 32);
        if (!key) return fail(key.error());
        cipher_.emplace(*key);
        hash_ = hash;
    }
    return &*cipher_;
}

Result<Bytes> KeySeal::seal(const KeyObject& key) {
    const auto resident = mbk_.resident(kMbkSlotAes);
    if (!resident) return fail(resident.error());
    const MbkKeyInfo& info = resident->info();
    CS2SIM_TRY_LET(blob, compose(LAYOUT_CXI_SEALED_KEY, {kBlobVersion, info.type, ByteView(info.hash),
                                                         key.group(), key.name(), key.spec(), ByteView()}));
    const SecretBytes record = encode_key(key);
    const std::lock_guard lock(mutex_);
    const auto cipher = cipher_for(*resident);
    if (!cipher) return fail(cipher.error());
    append(blob, (*cipher)->seal(record, {blob}));
    return blob;
}

Result<KeyObject> KeySeal::open(ByteView blob) {
    const auto parsed = parse(LAYOUT_CXI_SEALED_KEY, blob);
    if (!parsed || parsed->u8("version") != kBlobVersion) return fail(E_CXI_KEY_BLOB_FORMAT);
    const ByteView sealed = parsed->bytes("sealed");
    if (sealed.size() < Aead::kOverhead) return fail(E_CXI_KEY_BLOB_FORMAT);
    const auto resident = mbk_.resident(kMbkSlotAes);
    if (!resident) return fail(resident.error());
    const MbkKeyInfo& info = resident->info();
    if (!std::ranges::equal(parsed->bytes("mbkhash"), info.hash) || parsed->u8("mbktype") != info.type)
        return fail(E_CXI_BB_WRONG_MBK);

    const std::lock_guard lock(mutex_);
    const auto cipher = cipher_for(*resident);
    if (!cipher) return fail(cipher.error());
    const auto record = (*cipher)->open(sealed, {blob.first(blob.size() - sealed.size())});
    if (!record) return fail(E_CXI_KEY_BLOB_MAC);
    auto key = decode_key(*record);
    if (!key) return fail(key.error());
    const bool as_labelled = key->group() == parsed->text("group") && key->name() == parsed->text("name") &&
                             key->spec() == parsed->u32("spec");
    if (!as_labelled) return fail(E_CXI_KEY_BLOB_FORMAT);
    return key;
}

}  // namespace cs2sim
