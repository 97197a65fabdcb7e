// Who is logged on to a token: the same users on every connection to its device.
#pragma once

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
    // Logs this user on. Errors: those of Device::logon().
    template <class Device>
    Result<void> log_on(Device& device) {
        if (key_) return device.logon(user_, *key_);
        const auto source = host::password_source(secret_.view());
        return device.logon(user_, *source);
    }

private:
    std::string user_;
    LockedSecret secret_;
    std::unique_ptr<host::KeySource> key_;
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

private:
    mutable std::mutex mutex_;
    State state_;
};

}  // namespace cs2sim::p11
