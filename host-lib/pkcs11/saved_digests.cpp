#include "host-lib/pkcs11/saved_digests.h"

#include <algorithm>

#include "firmware/crypto/random.h"

namespace cs2sim::p11 {

Bytes SavedDigests::put(SavedDigest digest) {
    Bytes name = random_bytes(kNameSize);
    const std::lock_guard lock(mutex_);
    if (entries_.size() == kMost) entries_.pop_front();
    entries_.push_back({name, std::move(digest)});
    return name;
}

std::optional<SavedDigest> SavedDigests::copy(ByteView name) {
    const std::lock_guard lock(mutex_);
    for (const Entry& entry : entries_) {
        if (!std::ranges::equal(entry.name, name)) continue;
        SavedDigest copy{entry.digest.prepared, Handle<EVP_MD_CTX>(EVP_MD_CTX_new())};
        if (!copy.hash || EVP_MD_CTX_copy_ex(copy.hash.get(), entry.digest.hash.get()) != 1)
            return std::nullopt;
        return copy;
    }
    return std::nullopt;
}

}  // namespace cs2sim::p11
