#include "firmware/cxi/keys/external_keys.h"

#include "firmware/crypto/digest.h"
#include "firmware/smos/smos.h"

namespace cs2sim {

ExternalKeys::ExternalKeys(Smos& smos, MbkStore& mbk) : seal(mbk), smos_(smos), mbk_(mbk) {
    // At once, not with the next command: what was opened does not outlive what it was sealed under.
    mbk.when_changed([this] { forget(); });
    smos.master_key.when_lost([this] { forget(); });
}

void ExternalKeys::forget() {
    seal.forget();
    const std::lock_guard lock(mutex_);
    kept_.clear();
}

std::size_t ExternalKeys::cached() const {
    const std::lock_guard lock(mutex_);
    return kept_.size();
}

SharedKey ExternalKeys::known(std::string_view digest, const Circumstance& now) {
    const std::lock_guard lock(mutex_);
    if (kept_under_ != now) {
        kept_.clear();
        kept_under_ = now;
    }
    const SharedKey* key = kept_.find(digest);
    return key ? *key : nullptr;
}

// Not what was opened before a change that has come since.
void ExternalKeys::remember(std::string_view digest, const Circumstance& then, const SharedKey& key) {
    const std::lock_guard lock(mutex_);
    if (kept_under_ == then && mbk_.changes() == then.mbks && smos_.master_key.present())
        kept_.put(digest, key);
}

Result<SharedKey> ExternalKeys::find(ByteView blob, std::uint16_t modes) {
    const Bytes digest = sha256(blob);
    // The number first: a change that comes between makes it old, and nothing is kept.
    const Circumstance now{mbk_.changes(), modes};
    if (smos_.master_key.present())
        if (SharedKey key = known(as_text(digest), now)) return key;
    CS2SIM_TRY_LET(object, seal.open(blob));
    CS2SIM_TRY_LET(loaded, load_key(std::move(object)));
    loaded.external = true;
    auto key = std::make_shared<const LoadedKey>(std::move(loaded));
    remember(as_text(digest), now, key);
    return key;
}

}  // namespace cs2sim
