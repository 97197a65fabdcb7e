// Keys outside the device: single-key backups and external keys, sealed under the MBK (guide G14 to G16,
// G21).
//
// LAYOUT_CXI_SEALED_KEY: in clear the version, the MBK's type and ISO hash, and what the key is called; then
// the key object under AES-256-GCM with a key derived from the MBK. All that stands in clear is bound as
// associated data, so a blob cannot be passed off as another group's or another name's.
#pragma once

#include <list>
#include <mutex>

#include "firmware/crypto/aead.h"
#include "firmware/cxi/keys/key_object.h"
#include "firmware/mbk/mbk.h"

namespace cs2sim {

// The group that stands in clear in a sealed key, which opening it confirms. Error: E_CXI_KEY_BLOB_FORMAT.
Result<std::string_view> sealed_group(ByteView blob);

class KeySeal {
public:
    explicit KeySeal(MbkStore& mbk) : mbk_(mbk) {}

    // Always by slot 3. Error: E_MBK_SLOT_EMPTY when it has no MBK.
    Result<Bytes> seal(const KeyObject& key);

    // By the MBK of slot 3 or the temporary one of slot 1, whichever the blob names. Errors:
    // E_CXI_KEY_BLOB_FORMAT, E_CXI_BB_WRONG_MBK when neither is it, E_CXI_KEY_BLOB_MAC when anything was
    // changed, E_MBK_SLOT_EMPTY when both slots are.
    Result<KeyObject> open(ByteView blob);

    // The same key sealed as seal() does; the same bytes when they are so already. Errors: those of both.
    Result<Bytes> seal_anew(ByteView blob);

    void forget();  // the keys derived from MBKs

private:
    struct Cipher {
        MbkKeyInfo mbk;
        Aead aead;
    };

    // All with the lock held.
    void leave_old_ciphers();
    void clear();
    Cipher* known(std::uint8_t type, ByteView hash);
    Result<Cipher*> cipher_of(const ResidentMbk& resident);
    Result<Cipher*> that_seals();
    Result<Cipher*> that_sealed(std::uint8_t type, ByteView hash);

    MbkStore& mbk_;
    std::mutex mutex_;              // of all below: the ciphers are one thread's at a time
    std::uint64_t made_under_ = 0;  // MbkStore::changes()
    std::list<Cipher> ciphers_;     // of the slots' MBKs, as far as they were needed
    Cipher* sealing_ = nullptr;     // that of slot 3 among them
};

}  // namespace cs2sim
