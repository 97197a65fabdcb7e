// The HSM authentication key: with it the device proves itself in mutual authentication, and hosts keep its
// public half (GetHSMAuthKey, CS_AUTH_KEYS). RSA, 4096 bits (device-formats.md, section 5; keys of earlier
// versions: 2048); kept in flash, sealed under the device master key.
//
// Whoever asks for either has not logged on. So neither is work that callers can heap up:
// - a device that has no key makes it once, on a thread of its own, shortly after it has started. Who comes
//   before waits for that thread, which is all that one can bring about;
// - one signature is computed at a time, whoever waits: it takes 4 ms of a processor, which is what such a
//   session costs (the rest of its opening is below one).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "firmware/crypto/pkey.h"
#include "firmware/protocol/abandonment.h"
#include "firmware/smos/smos.h"

namespace cs2sim {

// Safe to use from several threads at once, but for make_soon() and stop(), which are for who boots.
class HsmAuthKey {
public:
    explicit HsmAuthKey(Smos& smos);
    ~HsmAuthKey() { stop(); }
    HsmAuthKey(const HsmAuthKey&) = delete;
    HsmAuthKey& operator=(const HsmAuthKey&) = delete;

    // Has the key made when there is none, a second from now: what ends before has searched for nothing. What
    // goes wrong is told to who asks.
    void make_soon();
    // Ends a search that runs; nothing is stored afterwards. Precondition: nobody is in one of those below.
    void stop();

    // DER. `caller`, who may be null, waits no longer when abandoned. Errors: E_OS_PCI_CANCEL then,
    // E_OS_CRYPT_NO_MK, E_OS_CRYPT_MK_CORR (the stored key does not open), E_CMDS_NO_MEM, those of Flash.
    Result<Bytes> public_key(const Abandonment* caller);
    // RSA PKCS#1 v1.5 over SHA-256 (sign_sha256). Errors: as above.
    Result<Bytes> sign(ByteView message, const Abandonment* caller);

    unsigned most_signatures_at_once();  // since the start

private:
    using Key = std::shared_ptr<EVP_PKEY>;
    struct Opened {
        SecretBytes sealing_key;
        Bytes sealed;
        Key key;
    };
    Result<Key> await(const Abandonment* caller);
    Result<Key> stored();
    Result<void> start_thread();
    void run();
    Result<void> make();
    void forget();
    class Turn;

    Smos& smos_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<Opened> opened_;  // what was read last, for as long as it is what is stored
    std::thread maker_;
    Abandonment halt_;
    bool running_ = false;    // the thread has not come to its end
    bool asked_for_ = false;  // somebody waits
    std::uint32_t ends_ = 0;  // of the thread, so far; `outcome_` is that of the last
    Result<void> outcome_;
    Key unstored_;  // found, but the flash did not take it: no second search for it
    unsigned signing_ = 0, most_at_once_ = 0;
};

}  // namespace cs2sim
