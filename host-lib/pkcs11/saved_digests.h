// Digests that C_GetOperationState put aside. Used by several threads at once.
#pragma once

#include <deque>
#include <mutex>
#include <optional>

#include "firmware/crypto/openssl.h"
#include "host-lib/pkcs11/mechanisms.h"

namespace cs2sim::p11 {

struct SavedDigest {
    Prepared prepared;
    Handle<EVP_MD_CTX> hash;
};

class SavedDigests {
public:
    static constexpr std::size_t kNameSize = 16;
    static constexpr std::size_t kMost = 1024;  // the oldest is dropped then

    Bytes put(SavedDigest digest);  // a name that nobody can guess
    std::optional<SavedDigest> copy(ByteView name);

private:
    struct Entry {
        Bytes name;
        SavedDigest digest;
    };
    std::mutex mutex_;
    std::deque<Entry> entries_;
};

}  // namespace cs2sim::p11
