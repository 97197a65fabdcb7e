#include "firmware/cmds/hsm_auth_key.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <new>

#include "firmware/crypto/aead.h"

namespace cs2sim {
namespace {

constexpr std::string_view kFile = "hsmauth.key";
constexpr unsigned kBits = 4096;
constexpr std::chrono::seconds kPause{1};         // between a start and the search for a key
constexpr std::chrono::milliseconds kGlance{50};  // at whether who waits has hung up
constexpr int kBehindCallers = 10;                // of the values of nice: a tenth of a caller's share
constexpr unsigned kMostSignatures = 1;

}  // namespace

HsmAuthKey::HsmAuthKey(Smos& smos) : smos_(smos) {
    smos.master_key.when_lost([this] { forget(); });
}

void HsmAuthKey::forget() {
    const std::lock_guard lock(mutex_);
    opened_.reset();
    unstored_.reset();
}

void HsmAuthKey::make_soon() {
    const std::lock_guard lock(mutex_);
    asked_for_ = false;
    if (!smos_.flash.exists(kFile) && smos_.master_key.present()) (void)start_thread();
}

void HsmAuthKey::stop() {
    {
        const std::lock_guard lock(mutex_);
        halt_.withdraw();
        changed_.notify_all();
    }
    if (maker_.joinable()) maker_.join();
    halt_.begin();
}

// Precondition: locked.
Result<void> HsmAuthKey::start_thread() {
    if (running_) return {};
    if (maker_.joinable()) maker_.join();  // it has come to its end
    try {
        maker_ = std::thread([this] { run(); });
    } catch (const std::exception&) {  // no thread, or no memory for one
        return fail(E_CMDS_NO_MEM);
    }
    running_ = true;
    return {};
}

void HsmAuthKey::run() {
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kBehindCallers);
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPause, [this] { return asked_for_ || halt_.abandoned(); });
    lock.unlock();
    Result<void> made;
    try {
        made = make();
    } catch (const std::bad_alloc&) {
        made = fail(E_CMDS_NO_MEM);
    }
    lock.lock();
    outcome_ = made;
    ++ends_;
    asked_for_ = false;
    running_ = false;
    changed_.notify_all();
}

Result<void> HsmAuthKey::make() {
    CS2SIM_TRY(halt_.check());
    Key key;
    {
        const std::lock_guard lock(mutex_);
        key = unstored_;
    }
    if (!key) {
        auto found = generate_rsa(kBits, {}, &halt_);
        CS2SIM_TRY(found);
        key = std::move(*found);
    }
    CS2SIM_TRY_LET(sealing_key, smos_.master_key.derive(kFile));
    Aead aead(sealing_key);
    const auto written = smos_.flash.write(kFile, aead.seal(private_key_der(*key), {as_bytes(kFile)}));
    const std::lock_guard lock(mutex_);
    unstored_ = written ? nullptr : key;
    return written;
}

// What is stored decides, whatever was read before: Clear and alarms change it. Precondition: locked.
Result<HsmAuthKey::Key> HsmAuthKey::stored() {
    CS2SIM_TRY_LET(sealing_key, smos_.master_key.derive(kFile));
    CS2SIM_TRY_LET(sealed, smos_.flash.read(kFile));
    const bool same =
        opened_ && opened_->sealed == sealed && equal_in_constant_time(opened_->sealing_key, sealing_key);
    if (same) return opened_->key;
    opened_.reset();
    Aead aead(sealing_key);
    const auto der = aead.open(sealed, {as_bytes(kFile)});
    if (!der) return fail(E_OS_CRYPT_MK_CORR);
    auto key = private_key_from_der(*der);
    CS2SIM_TRY(key);
    opened_.emplace(Opened{std::move(sealing_key), std::move(sealed), std::move(*key)});
    return opened_->key;
}

Result<HsmAuthKey::Key> HsmAuthKey::await(const Abandonment* caller) {
    std::unique_lock lock(mutex_);
    for (const std::uint32_t before = ends_; !smos_.flash.exists(kFile);) {
        CS2SIM_TRY(smos_.master_key.derive(kFile));  // without it none is made
        if (ends_ != before) return fail(outcome_ ? Error{E_OS_FILE_NO_SUCH_FILE} : outcome_.error());
        asked_for_ = true;
        CS2SIM_TRY(start_thread());
        changed_.notify_all();
        changed_.wait_for(lock, kGlance);
        if (caller) CS2SIM_TRY(caller->check());
    }
    return stored();
}

Result<Bytes> HsmAuthKey::public_key(const Abandonment* caller) {
    CS2SIM_TRY_LET(key, await(caller));
    return public_key_der(*key);
}

// To sign; given back however that ends.
class HsmAuthKey::Turn {
public:
    explicit Turn(HsmAuthKey& key) : key_(key) {}
    Turn(const Turn&) = delete;
    Result<void> await(const Abandonment* caller) {
        std::unique_lock lock(key_.mutex_);
        const auto is_free = [this] { return key_.signing_ < kMostSignatures; };
        while (!key_.changed_.wait_for(lock, kGlance, is_free))
            if (caller) CS2SIM_TRY(caller->check());
        key_.most_at_once_ = std::max(key_.most_at_once_, ++key_.signing_);
        has_ = true;
        return {};
    }
    ~Turn() {
        if (!has_) return;
        const std::lock_guard lock(key_.mutex_);
        --key_.signing_;
        key_.changed_.notify_all();
    }

private:
    HsmAuthKey& key_;
    bool has_ = false;
};

Result<Bytes> HsmAuthKey::sign(ByteView message, const Abandonment* caller) {
    CS2SIM_TRY_LET(key, await(caller));
    Turn turn(*this);
    CS2SIM_TRY(turn.await(caller));
    return sign_sha256(*key, message);
}

unsigned HsmAuthKey::most_signatures_at_once() {
    const std::lock_guard lock(mutex_);
    return most_at_once_;
}

}  // namespace cs2sim
