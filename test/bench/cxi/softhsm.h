// SoftHSM2, the well-known software token (PKCS#11, files as backend), as the measure of keys at work.
#pragma once

#include <filesystem>
#include <string>

#include "firmware/protocol/bytes.h"

namespace cs2sim::bench {

// False when this program was built without PKCS#11's header or there is no SoftHSM2.
bool softhsm_present();

// A token in `folder`; call before any of the others.
void softhsm_prepare(const std::filesystem::path& folder);

// A session with SoftHSM2 in this very process. One a process.
class SoftHsm {
public:
    SoftHsm();
    void make_aes_key(const std::string& label);  // persistent
    void use_aes_key();                           // one of the session, for encrypt()
    void use_rsa_key();                           // RSA-2048, for sign()
    void encrypt(ByteView data);                  // AES-GCM
    void sign(ByteView digest_info);              // PKCS#1 v1.5
    void find(const std::string& label);

private:
    unsigned long session_ = 0, aes_ = 0, rsa_ = 0;
    Bytes out_;
};

}  // namespace cs2sim::bench
