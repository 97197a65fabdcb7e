// The device master key, under which databases are encrypted at rest. It lives in battery-backed RAM: an
// alarm, or both batteries empty, erases it, and with it everything that the flash holds.
#pragma once

#include <filesystem>
#include <functional>
#include <shared_mutex>
#include <string_view>
#include <vector>

#include "firmware/crypto/secret.h"
#include "firmware/protocol/error.h"
#include "firmware/smos/state_file.h"

namespace cs2sim {

class MasterKey {
public:
    explicit MasterKey(std::filesystem::path file);

    bool exists() const;  // its file

    // Reads the key, or makes one when the file has never existed. Error: E_OS_CRYPT_MK_CORR.
    Result<void> load_or_create();

    // A 32-byte key for `purpose` (SP 800-108 under the master key). Error: E_OS_CRYPT_NO_MK when erased.
    Result<SecretBytes> derive(std::string_view purpose) const;

    bool present() const;
    // Durable; the key is gone, from memory even when the file cannot be written. Needs no room on the disk
    // and no descriptor. A file that is not there is made, as an erased key.
    Result<void> erase();
    Result<void> regenerate();  // a new key, as after Clear

    // `then` runs whenever the key was erased or replaced, on the thread that did it, for as long as this
    // lives. To be called before other threads are here.
    void when_lost(std::function<void()> then) { when_lost_.push_back(std::move(then)); }

private:
    std::filesystem::path file_;
    StateFile open_;  // always, so that an erasure needs no descriptor
    mutable std::shared_mutex mutex_;
    SecretBytes key_;
    std::vector<std::function<void()>> when_lost_;
};

}  // namespace cs2sim
