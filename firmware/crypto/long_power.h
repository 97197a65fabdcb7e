// Powers of numbers so long that whoever asked may hang up meanwhile.
#pragma once

#include "firmware/crypto/openssl.h"
#include "firmware/protocol/abandonment.h"

namespace cs2sim {

// base to the power of `exponent`, modulo `modulus`, asked every some hundredth of a second whether somebody
// waits: with 16384 bits each it takes seconds. Its time tells of the exponent, as that of BN_mod_exp() does.
// Precondition: `modulus` is not 0, none is negative. Errors: E_ECA_MEM, E_OS_PCI_CANCEL.
Result<Handle<BIGNUM>> long_power(const BIGNUM& base, const BIGNUM& exponent, const BIGNUM& modulus,
                                  BN_CTX* context, const Abandonment* abandonment);

}  // namespace cs2sim
