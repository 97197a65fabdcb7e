// Keys from the numbers that key files hold, and back.
#pragma once

#include <string_view>

#include "firmware/crypto/pkey.h"
#include "firmware/crypto/secret.h"
#include "firmware/protocol/error.h"

namespace cs2sim::host {

// Big-endian. The private numbers are all empty in a public key; p, q, u, dp, dq may be empty by themselves.
// u is q^-1 mod p, and p may be the smaller prime.
struct RsaNumbers {
    SecretBytes n, e, d, p, q, u, dp, dq;
};

// Error of all: E_CSA_KEY_FORMAT when the numbers are out of range (512 to 8192 bits) or do not fit together.
Result<Handle<EVP_PKEY>> rsa_key(const RsaNumbers& numbers);
// `curve` by any name; an empty scalar makes a public key, an empty point is computed from the scalar.
Result<Handle<EVP_PKEY>> ec_key(std::string_view curve, ByteView scalar, ByteView point);

// The numbers of a key at their natural width: n and d that of the modulus, the others half of it, e as short
// as it is. The private ones are empty when the key has none.
RsaNumbers rsa_numbers(const EVP_PKEY& key);
SecretBytes ec_scalar(const EVP_PKEY& key);  // at the width of the field; empty when the key has none

// Width of the field of a curve in bytes; 0 when the curve is unknown.
std::size_t ec_field_width(std::string_view curve);

bool has_private_part(const EVP_PKEY& key);

}  // namespace cs2sim::host
