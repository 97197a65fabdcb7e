// OpenSSL's long searches for primes: ended when nobody waits any more, or when their time is up.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "firmware/crypto/openssl.h"
#include "firmware/protocol/abandonment.h"

namespace cs2sim {

struct GenCbFree {
    void operator()(BN_GENCB* callback) const { BN_GENCB_free(callback); }
};
using OwnedCallback = std::unique_ptr<BN_GENCB, GenCbFree>;

class PrimeSearch {
public:
    explicit PrimeSearch(const Abandonment* abandonment,
                         std::optional<std::chrono::seconds> most = std::nullopt)
        : abandonment_(abandonment) {
        if (most) until_ = std::chrono::steady_clock::now() + *most;
    }
    PrimeSearch(const PrimeSearch&) = delete;

    bool goes_on() const {
        if (abandonment_ && abandonment_->abandoned()) return false;
        return !until_ || std::chrono::steady_clock::now() < *until_;
    }

    // Asked for each candidate and each round of its test. Precondition: this outlives the search.
    void watch(EVP_PKEY_CTX* context) const {
        EVP_PKEY_CTX_set_app_data(context, const_cast<PrimeSearch*>(this));
        EVP_PKEY_CTX_set_cb(context, [](EVP_PKEY_CTX* running) {
            return static_cast<const PrimeSearch*>(EVP_PKEY_CTX_get_app_data(running))->goes_on() ? 1 : 0;
        });
    }
    void watch(BN_GENCB* callback) const {
        BN_GENCB_set(
            callback,
            [](int, int, BN_GENCB* running) {
                return static_cast<const PrimeSearch*>(BN_GENCB_get_arg(running))->goes_on() ? 1 : 0;
            },
            const_cast<PrimeSearch*>(this));
    }

    // E_OS_PCI_CANCEL when nobody waits any more.
    Result<void> check() const { return abandonment_ ? abandonment_->check() : Result<void>(); }

private:
    const Abandonment* abandonment_;
    std::optional<std::chrono::steady_clock::time_point> until_;
};

}  // namespace cs2sim
