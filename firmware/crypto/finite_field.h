// DSA and Diffie-Hellman over finite fields: domain parameters, keys, agreement.
//
// FIPS 186-4, appendix A (DSA, and DH with a subprime: X9.42); PKCS#3 (DH without one); RFC 7919 (groups).
#pragma once

#include "firmware/crypto/pkey.h"

namespace cs2sim {

// Big endian, without leading zeros. `q` is empty for PKCS#3.
struct DomainParameters {
    Bytes p, q, g;
};

bool is_dsa(const EVP_PKEY& key);
bool is_dh(const EVP_PKEY& key);         // with or without subprime
bool has_subprime(const EVP_PKEY& key);  // DSA, and DH of X9.42

// P and Q of (p_bits, q_bits) = (1024, 160), (2048, 224), (2048, 256) or (3072, 256), and a generator. Takes
// up to some seconds, at most two minutes. Errors: E_CXI_KEY_INVALID_SIZE for other sizes, E_OS_PCI_CANCEL
// when abandoned, E_CXI_INTERNAL when the time is up.
Result<DomainParameters> generate_dsa_parameters(unsigned p_bits, unsigned q_bits,
                                                 const Abandonment* abandonment = nullptr);
unsigned usual_subprime(unsigned p_bits);  // bits of Q for P of that size

// A generator of the subgroup of order `q`. Error: E_CXI_KEY_INVALID_COMP when P and Q do not fit together.
Result<Bytes> generate_generator(ByteView p, ByteView q);

// As files hold them: PEM, or DER. Error: E_ASN1_DECODE_ERR.
Result<DomainParameters> read_domain_parameters(ByteView text);

// DER of Dss-Parms (RFC 3279), without subprime of PKCS#3's DHParameter. Error: E_CXI_KEY_INVALID_COMP.
Result<Bytes> domain_parameters_der(const DomainParameters& parameters);

// Whether these are DSA's: sizes as above (P from 1024 to 3072 bits), both prime, Q divides P - 1, G of order
// Q. Up to some seconds. Errors: E_CXI_KEY_INVALID_COMP, E_OS_PCI_CANCEL.
Result<void> check_dsa_parameters(const DomainParameters& parameters,
                                  const Abandonment* abandonment = nullptr);

// Whether it is a key of DH in a named group of a safe prime of 2048 bits or more (RFC 3526, RFC 7919; SP
// 800-56A rev. 3, appendix D). In others P - 1 may have none but small factors, so that public values tell
// the private ones; whoever made the group knows.
bool is_in_safe_group(const EVP_PKEY& key);

// Whether these are DH's: P prime, G between 1 and P - 1; with a subprime (X9.42) Q prime, Q divides P - 1
// and G of order Q. Groups that have a name (RFC 7919, 3526, 5114) are known to be; others take up to some
// seconds, of 8192 bits half a minute. Errors: as above.
Result<void> check_dh_parameters(const DomainParameters& parameters,
                                 const Abandonment* abandonment = nullptr);

// A group for DH without subprime: that of RFC 7919 from 2048 bits on; shorter ones (1024 to 2040 bits) are
// searched for, as generate_dsa_parameters(). Errors: the same.
Result<DomainParameters> dh_group(unsigned bits, const Abandonment* abandonment = nullptr);

// New keys. Error: E_CXI_KEY_INVALID_COMP for parameters that are none.
Result<PrivateKey> generate_dsa(const DomainParameters& parameters);
Result<PrivateKey> generate_dh(const DomainParameters& parameters);

// The group alone, as OpenSSL has keys of DH without any. Error: E_CXI_KEY_INVALID_COMP.
Result<Handle<EVP_PKEY>> dh_parameters_key(const DomainParameters& parameters);

// Keys of their numbers: y, or x. Error: E_CXI_KEY_INVALID_COMP for what cannot be one.
Result<PublicKey> public_key_in(const DomainParameters& group, bool dsa, ByteView value);
Result<PrivateKey> private_key_in(const DomainParameters& group, bool dsa, ByteView value);

// Of a key of these kinds. Error: E_CXI_PROP_NOT_FOUND for others; `parameters.q` is empty without a
// subprime.
Result<DomainParameters> domain_parameters(const EVP_PKEY& key);
Result<Bytes> public_value(const EVP_PKEY& key);
unsigned subprime_bits(const EVP_PKEY& key);  // 0 without

// The other's public value, as a key in the group of `own`. Error: E_CXI_KEY_INVALID_COMP.
Result<PublicKey> dh_public_key(const EVP_PKEY& own, ByteView value);

// The secret that two keys agree on; with `keep_zeros` as long as P, else without leading zeros. Error:
// E_CXI_KEY_INVALID_COMP when they do not fit together.
Result<SecretBytes> dh_agree(const EVP_PKEY& own, const EVP_PKEY& peer, bool keep_zeros);

}  // namespace cs2sim
