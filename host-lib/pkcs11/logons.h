// Who is logged on to a token: the same users on every connection to its device.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "host-lib/cards/key_source.h"
#include "host-lib/pkcs11/locked_secret.h"

namespace cs2sim::p11 {

// One user with what they log on with.
class Logon {
public:
    // With a password.
    Logon(std::string user, ByteView password);
    // `secret` as C_Login with CKU_CS_GENERIC gives it (pkcs11-facts.md, section 3): a key file that is
    // there, with or without "#passphrase", a card ":cs2:…", or else a password. Errors: those of
    // open_key_source().
    static Result<std::shared_ptr<Logon>> generic(std::string user, ByteView secret);

    const std::string& user() const { return user_; }
    // Logs this user on. Errors: those of Device::logon(), refused().
    template <class Device>
    Result<void> log_on(Device& device) {
        if (refused_ != 0) return fail(refused_);
        const auto source = key_ ? nullptr : host::password_source(secret_.view());
        const auto done = device.logon(user_, key_ ? *key_ : *source);
        if (done) accept();
        if (!done && accepted_ && is_refusal(done.error().code)) refused_ = done.error().code;
        return done;
    }

    // The device has taken this for the user's secret.
    void accept() { accepted_ = true; }
    // Why it did so no longer (somebody has changed the PIN, or deleted the user), or 0. It is not asked
    // again: each try would count as a wrong PIN, until the user is locked.
    std::uint32_t refused() const { return refused_; }

private:
    static bool is_refusal(std::uint32_t code);

    std::string user_;
    LockedSecret secret_;
    std::unique_ptr<host::KeySource> key_;
    std::atomic<bool> accepted_{false};
    std::atomic<std::uint32_t> refused_{0};
};

// Used by several threads at once.
class Logons {
public:
    struct State {
        std::uint64_t epoch = 0;  // counts the changes after which connections must begin anew
        std::vector<std::shared_ptr<Logon>> users;
    };
    State state() const;
    void add(std::shared_ptr<Logon> logon);  // replaces one of the same user
    void clear();
    bool empty() const;
    std::uint64_t epoch() const;
    bool refused() const;  // one of them is: the application is no longer logged on as it was

private:
    mutable std::mutex mutex_;
    State state_;
};

}  // namespace cs2sim::p11
