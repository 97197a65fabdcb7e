#include "host-lib/pkcs11/external_store.h"

#include "host-lib/keystore/printed.h"

namespace cs2sim::p11 {
namespace {

constexpr const char* kWho = "KeyStorage";
constexpr std::chrono::seconds kBetweenTries{1};  // while it is away, so that no call waits for long

// What says that it cannot be reached, rather than what it was asked.
bool is_away(std::uint32_t code) {
    return code == E_CSA_STORE_CONNECT || code == E_CSA_STORE_TIMEOUT || code == E_CSA_STORE_LOGON ||
           code == E_CSA_STORE_TLS;
}

}  // namespace

ExternalStore::ExternalStore(KeyStorageSettings its_settings, std::chrono::milliseconds connection_timeout,
                             std::chrono::milliseconds command_timeout, Log& log)
    : settings(std::move(its_settings)),
      connection_timeout_(connection_timeout),
      command_timeout_(command_timeout),
      log_(log) {}

Result<keystore::KeyStore*> ExternalStore::store() {
    const std::lock_guard lock(mutex_);
    if (store_) return store_.get();
    const keystore::Say say = [this](std::string_view line) { log_.write(LogLevel::error, kWho, line); };
    CS2SIM_TRY_LET(storage, keystore::parse_key_storage(settings.type, settings.config, say));
    storage.reconnect = settings.reconnect;
    storage.pool = settings.pool;
    storage.connection_timeout = connection_timeout_;
    storage.command_timeout = command_timeout_;
    CS2SIM_TRY_LET(opened, keystore::open_key_store(storage, say));
    store_ = std::move(opened);
    log_.write(LogLevel::info, kWho, "external keys in " + keystore::shown(storage));
    return store_.get();
}

Result<std::uint32_t> ExternalStore::reserve_specs(const std::string& group, std::uint32_t count) {
    CS2SIM_TRY_LET(opened, store());
    if (const auto ahead = specs_.take(group, count)) return *ahead;
    const std::uint32_t size = specs_.size(group, count);
    CS2SIM_TRY_LET(first, opened->reserve_specs(group, size));
    specs_.add(group, first + count, first + size);
    return first;
}

Result<std::uint64_t> ExternalStore::watch() {
    CS2SIM_TRY_LET(opened, store());
    {
        const std::lock_guard lock(mutex_);
        if (away_ != 0 && Clock::now() < next_try_) return while_away({away_});
    }
    const auto changes = opened->changes();
    if (!changes) return failed(changes.error());
    const std::lock_guard lock(mutex_);
    if (away_ != 0) log_.write(LogLevel::warning, kWho, "the key store is back");
    if (away_ != 0 || changes->anything || !changes->keys.empty()) ++epoch_;
    away_ = 0;
    was_there_ = true;
    return epoch_;
}

Result<std::uint64_t> ExternalStore::failed(Error error) {
    if (!is_away(error.code)) return fail(error);
    const std::lock_guard lock(mutex_);
    next_try_ = Clock::now() + kBetweenTries;
    if (away_ == 0) {
        away_since_ = Clock::now();
        log_.write(LogLevel::warning, kWho,
                   "the key store cannot be reached; keys that are open stay usable for " +
                       std::to_string(settings.offline.count()) + " s");
    }
    away_ = error.code;
    return while_away(error);
}

// With the lock held.
Result<std::uint64_t> ExternalStore::while_away(Error error) {
    const bool usable = was_there_ && Clock::now() - away_since_ < settings.offline;
    if (!usable) return fail(error);
    return epoch_;
}

std::uint32_t ExternalStore::offline_by() {
    const std::lock_guard lock(mutex_);
    return away_ != 0 && while_away({away_}) ? away_ : 0;
}

void ExternalStore::report(const keystore::KeyIndex& index, std::uint32_t code) {
    log_.write(LogLevel::error, kWho,
               "row " + keystore::printable(index.group) + "/" + keystore::printable(index.name) + "/" +
                   std::to_string(index.spec) + " is refused: " + hex_code(code) + ", " +
                   std::string(error_text(code)));
}

}  // namespace cs2sim::p11
