// External keys that were used lately, opened and ready: without it every command would open its blob and
// make OpenSSL's key of it anew, which costs far more than a signature by P-256.
//
// A blob is found again by the SHA-256 of all its bytes, under the MBKs and in the modes in which it was
// opened: whatever changes one of these, and an alarm or Clear, ends all that is kept.
#pragma once

#include "firmware/cxi/keys/device_keys.h"
#include "firmware/cxi/keys/key_blob.h"
#include "firmware/cxi/keys/lately_used.h"

namespace cs2sim {

// Used by several threads at once.
class ExternalKeys {
public:
    static constexpr std::size_t kMostCached = DeviceKeys::kMostCached;

    ExternalKeys(Smos& smos, MbkStore& mbk);

    KeySeal seal;

    // The key in `blob`. `modes`: of the device now. Errors: those of KeySeal::open() and load_key().
    Result<SharedKey> find(ByteView blob, std::uint16_t modes);

    void forget();
    std::size_t cached() const;
    std::size_t cached_bytes() const;  // of blobs; DeviceKeys::kMostCachedBytes at most

private:
    struct Circumstance {
        std::uint64_t mbks = 0;  // MbkStore::changes()
        std::uint16_t modes = 0;
        friend bool operator==(const Circumstance&, const Circumstance&) = default;
    };
    SharedKey known(std::string_view digest, const Circumstance& now);
    void remember(std::string_view digest, const Circumstance& then, const SharedKey& key, std::size_t bytes);

    Smos& smos_;
    MbkStore& mbk_;
    mutable std::mutex mutex_;  // of both below
    Circumstance kept_under_;
    LatelyUsed<SharedKey> kept_{kMostCached, DeviceKeys::kMostCachedBytes};
};

}  // namespace cs2sim
