// A PKCS#11 library with a token in it, loaded into this process: cs2sim's or SoftHSM2's. One a process.
#pragma once

#include <functional>
#include <string>

#include "host-lib/pkcs11/cryptoki/cryptoki.h"

namespace cs2sim::bench {

struct Subject {
    std::string name;
    std::string library;
    std::string pin;
    std::string variable, config;  // of the environment, for the library
};

// Ends the program when a call fails.
class Token {
public:
    explicit Token(const Subject& subject);  // loads, initialises, opens a session, logs on
    ~Token();

    CK_FUNCTION_LIST& functions() const { return *functions_; }
    CK_SLOT_ID slot() const { return slot_; }
    CK_SESSION_HANDLE session() const { return session_; }
    CK_SESSION_HANDLE open_session() const;
    double start_seconds() const { return start_seconds_; }  // C_Initialize to the session

    CK_OBJECT_HANDLE make_aes(CK_SESSION_HANDLE session, bool token, const std::string& label = {}) const;
    CK_OBJECT_HANDLE make_rsa(CK_SESSION_HANDLE session) const;  // session keys: the private one
    CK_OBJECT_HANDLE make_p256(CK_SESSION_HANDLE session) const;
    void destroy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object) const;
    void sign(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE mechanism, CK_OBJECT_HANDLE key) const;
    void encrypt_gcm(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, std::size_t length) const;
    void find(CK_SESSION_HANDLE session, const std::string& label) const;  // exactly one

    void good(CK_RV code, const char* what) const;

private:
    CK_OBJECT_HANDLE make_pair(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type,
                               CK_ATTRIBUTE parameter) const;

    std::string name_;
    CK_FUNCTION_LIST* functions_ = nullptr;
    CK_SLOT_ID slot_ = 0;
    CK_SESSION_HANDLE session_ = 0;
    double start_seconds_ = 0;
};

}  // namespace cs2sim::bench
