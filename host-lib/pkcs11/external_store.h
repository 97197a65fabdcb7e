// The key store of slots with KeysExternal, as this process has it: opened when first needed, and what is
// known of its state.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>

#include "host-lib/keystore/key_store.h"
#include "host-lib/pkcs11/config.h"
#include "host-lib/pkcs11/log.h"
#include "host-lib/pkcs11/spec_blocks.h"

namespace cs2sim::p11 {

// Used by several threads at once.
class ExternalStore {
public:
    ExternalStore(KeyStorageSettings settings, std::chrono::milliseconds connection_timeout,
                  std::chrono::milliseconds command_timeout, Log& log);

    const KeyStorageSettings settings;

    // Errors: those of parse_key_storage() and open_key_store(), until what is wrong is put right.
    Result<keystore::KeyStore*> store();

    // The first of `count` specifiers in a row, which nobody else gets.
    Result<std::uint32_t> reserve_specs(const std::string& group, std::uint32_t count);
    // The store refused a key of this group, or the connection was lost: what was reserved ahead may not be
    // free.
    void forget_specs(const std::string& group) { specs_.forget(group); }

    // A number that moves on whenever somebody may have changed a row, known within a second. An object that
    // was looked up under it is as the store has it. While the store cannot be reached it stays for
    // KeyStorageOffline seconds, with a warning; afterwards: the store's error.
    Result<std::uint64_t> watch();

    // What a call to the store failed with: when it is away, what holds then, as watch() says; else the
    // error.
    Result<std::uint64_t> failed(Error error);

    // The code that the store was lost by, not longer ago than KeyStorageOffline allows; 0: it is there.
    std::uint32_t offline_by();

    // Writes a line about a row; `code` says what is wrong with it.
    void report(const keystore::KeyIndex& index, std::uint32_t code);

private:
    using Clock = std::chrono::steady_clock;
    Result<std::uint64_t> while_away(Error error);

    const std::chrono::milliseconds connection_timeout_, command_timeout_;
    Log& log_;
    SpecBlocks specs_;
    std::mutex mutex_;  // of all below
    std::unique_ptr<keystore::KeyStore> store_;
    std::uint64_t epoch_ = 1;
    bool was_there_ = false;  // once
    Clock::time_point next_try_;
    std::uint32_t away_ = 0;        // the code that it was lost by; 0: it is there
    Clock::time_point away_since_;  // when that was noticed
};

}  // namespace cs2sim::p11
