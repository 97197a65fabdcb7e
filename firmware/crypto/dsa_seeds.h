// Primes that follow from a seed: domain parameters of DSA that anybody can compute again (FIPS 186-4,
// appendix A.1 and A.2; FIPS 186-2, appendix 2.2), and primes that a caller's random numbers lead to (X9.31,
// FIPS 186-4, appendix B.3.6).
#pragma once

#include "firmware/crypto/openssl.h"
#include "firmware/crypto/secret.h"
#include "firmware/protocol/abandonment.h"
#include "firmware/protocol/bytes.h"

namespace cs2sim {

enum class DsaStandard : std::uint8_t { fips186_4, fips186_2 };

struct SeededPrimes {
    Bytes p, q;
    std::uint32_t counter = 0;
};

// What the seed leads to, of the sizes of generate_dsa_parameters(), by SHA-1, SHA-224 or SHA-256 as long as
// Q; FIPS 186-2 has 1024 and 160 bits alone. Up to some seconds. Errors: E_CXI_KEY_INVALID_SIZE for other
// sizes or a seed shorter than Q or longer than 1024 bytes, E_CXI_KEY_INVALID_COMP when the seed leads to
// none, E_OS_PCI_CANCEL when abandoned.
Result<SeededPrimes> primes_of_seed(unsigned p_bits, unsigned q_bits, ByteView seed, DsaStandard standard,
                                    const Abandonment* abandonment);

struct Generator {
    Bytes g;              // without leading zeros
    std::uint32_t h = 0;  // of one without seed
};
// By seed and index (A.2.3), or with an empty seed the first h from 2 on that makes one (A.2.1). Error:
// E_CXI_KEY_INVALID_COMP for P and Q that are none.
Result<Generator> generator_of_seed(ByteView p, ByteView q, ByteView seed, std::uint8_t index,
                                    const Abandonment* abandonment);

// The first prime of `bits` bits from `start` on with no factor of p - 1 in `exponent` (0: whatever it has);
// when `first` and `second` are not empty, p - 1 has the first prime from `first` on as a factor, p + 1 that
// from `second` on. Errors: E_ECA_BAD_PARAM (also for an exponent of over 16384 bits), E_ECA_TOO_BIG when
// there is none of that many bits, E_OS_PCI_CANCEL.
struct PrimeWish {
    unsigned bits;
    ByteView start, exponent, first, second;
};
Result<SecretBytes> prime_from(const PrimeWish& wish, const Abandonment* abandonment);

}  // namespace cs2sim
