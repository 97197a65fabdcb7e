// The HSM authentication key: with it the device proves itself in mutual authentication, and hosts keep its
// public half (GetHSMAuthKey, CS_AUTH_KEYS).
#pragma once

#include "firmware/crypto/pkey.h"
#include "firmware/smos/smos.h"

namespace cs2sim {

// RSA, 4096 bits (device-formats.md, section 5; keys of earlier versions: 2048); made at first use and kept
// in flash, sealed under the device master key. Errors: E_OS_CRYPT_NO_MK, E_OS_CRYPT_MK_CORR (the stored key
// does not open), those of Flash.
Result<PrivateKey> hsm_auth_key(Smos& smos);

}  // namespace cs2sim
