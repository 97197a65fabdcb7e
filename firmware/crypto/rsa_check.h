// Whether the numbers of an RSA private key of two primes belong together.
#pragma once

#include "firmware/crypto/pkey.h"
#include "firmware/protocol/abandonment.h"

namespace cs2sim {

// What EVP_PKEY_pairwise_check() asks of such a key: both factors prime, their product the modulus, the
// exponents inverse to each other, and the numbers of the Chinese remainder theorem right. But the tests for
// primes, which take some ten seconds with 8192 bits, end when nobody waits any more. Used by one thread at a
// time. Errors: E_CXI_KEY_INVALID_COMP, E_CXI_MALLOC, E_OS_PCI_CANCEL.
Result<void> check_rsa_pair(const EVP_PKEY& key, const Abandonment* abandonment);

}  // namespace cs2sim
