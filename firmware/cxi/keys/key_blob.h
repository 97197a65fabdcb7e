// Keys outside the device: single-key backups and external keys, sealed under the MBK (guide G14 to G16,
// G21).
//
// LAYOUT_CXI_SEALED_KEY: in clear the version, the MBK's type and ISO hash, and what the key is called; then
// the key object under AES-256-GCM with a key derived from the MBK. All that stands in clear is bound as
// associated data, so a blob cannot be passed off as another group's or another name's.
#pragma once

#include <mutex>
#include <optional>

#include "firmware/crypto/aead.h"
#include "firmware/cxi/keys/key_object.h"
#include "firmware/mbk/mbk.h"

namespace cs2sim {

// The group that stands in clear in a sealed key, which opening it confirms. Error: E_CXI_KEY_BLOB_FORMAT.
Result<std::string_view> sealed_group(ByteView blob);

class KeySeal {
public:
    explicit KeySeal(MbkStore& mbk) : mbk_(mbk) {}

    // Error: E_MBK_SLOT_EMPTY when the device has no MBK.
    Result<Bytes> seal(const KeyObject& key);

    // Errors: E_CXI_KEY_BLOB_FORMAT, E_CXI_BB_WRONG_MBK, E_CXI_KEY_BLOB_MAC when anything was changed.
    Result<KeyObject> open(ByteView blob);

private:
    Result<Aead*> cipher_for(const ResidentMbk& resident);

    MbkStore& mbk_;
    std::mutex mutex_;  // the cipher is one thread's at a time
    std::array<std::uint8_t, 16> hash_{};
    std::optional<Aead> cipher_;
};

}  // namespace cs2sim
