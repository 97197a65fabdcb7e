// What groups and modes take of the numbers of a key: RSA's size and exponent, and which DES keys.
#pragma once

#include "firmware/cxi/make_key.h"

namespace cs2sim {

// An RSA exponent of so many bits. Errors: Act::low_exponent; `error` under CFG_SECURE_RSA_COMPONENTS.
Result<void> approve_exponent(int bits, const Circumstances& now, std::uint32_t error);
// A modulus of so many bits. Error: E_CXI_KEY_INVALID_SIZE under CFG_SECURE_RSA_COMPONENTS.
Result<void> approve_rsa_size(std::uint32_t bits, const Circumstances& now);
// Both, of a key. Errors: theirs, E_CXI_KEY_INVALID_COMP for the exponent.
Result<void> approve_rsa(const EVP_PKEY& key, const Circumstances& now);
// Error: E_CXI_KEY_INVALID_COMP for a weak key, unless CFG_ALLOW_WEAK_DES_KEYS lets it in.
Result<void> approve_des(ByteView key, const Circumstances& now);

// Whether a key that is there already may be made anew here, as a copy or out of a backup. Errors: those of
// approve_rsa() for private RSA keys, of approve_des() for DES keys.
Result<void> approve_components(const LoadedKey& key, const Circumstances& now);

}  // namespace cs2sim
