// Asymmetric keys: what logon, session key agreement and key files need of them.
#pragma once

#include <string>
#include <string_view>

#include "firmware/crypto/openssl.h"
#include "firmware/crypto/secret.h"
#include "firmware/protocol/abandonment.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

using PublicKey = Handle<EVP_PKEY>;
using PrivateKey = Handle<EVP_PKEY>;

// OpenSSL's name of a curve that users know by another ("brainpoolP320t1", "NIST-P256", "secp256r1", …, any
// case); empty when unknown.
std::string openssl_curve_name(std::string_view name);

// RSA, 1024 to 8192 bits; an empty `exponent` (big endian, at most 256 bits) is 65537. The long ones take up
// to a minute: `abandonment` ends that. Errors: E_VRSA_KGEN_FAILED, E_OS_PCI_CANCEL when abandoned.
Result<PrivateKey> generate_rsa(unsigned bits, ByteView exponent = {},
                                const Abandonment* abandonment = nullptr);
Result<PrivateKey> generate_ec(std::string_view curve);                   // E_ECA_NOT_FOUND
Result<PublicKey> rsa_public_key(ByteView modulus, ByteView exponent);    // E_VRSA_BAD_KEY
Result<PublicKey> ec_public_key(std::string_view curve, ByteView point);  // E_ECA_BAD_POINT, _NOT_FOUND

// With the public key that belongs to it. Error: E_ECA_BAD_VALUE when x is not from 1 to the order less 1.
Result<PrivateKey> ec_private_key(std::string_view curve, ByteView x);  // E_ECA_NOT_FOUND

// A key of OpenSSL's `type` out of the numbers that the builder holds; null when they make none. `selection`:
// EVP_PKEY_PUBLIC_KEY and its like.
Handle<EVP_PKEY> key_from_parameters(const char* type, OSSL_PARAM_BLD* builder, int selection);

// SubjectPublicKeyInfo in DER, and back. Error: E_ASN1_DECODE_ERR, at once also for what would take long to
// decode and to work with: RSA above 16384 bits, DSA above 3072, DH above 8192, and other numbers of these
// that are longer than the modulus.
Bytes public_key_der(const EVP_PKEY& key);
Result<PublicKey> public_key_from_der(ByteView der);

// PKCS#8 in DER, and back. Errors: as public_key_from_der(). Up to these sizes decoding takes as long as a
// power modulo p, which private DSA and DH keys without their public value cost.
SecretBytes private_key_der(const EVP_PKEY& key);
Result<PrivateKey> private_key_from_der(ByteView der);

// A number of a key by OpenSSL's name of the parameter, big endian without leading zeros. Public ones only,
// as the result is no secret. Error: E_CXI_PROP_NOT_FOUND.
Result<Bytes> key_number(const EVP_PKEY& key, const char* name);

bool is_rsa(const EVP_PKEY& key);
bool is_ec(const EVP_PKEY& key);
bool is_edwards(const EVP_PKEY& key);  // Ed25519, Ed448
unsigned key_bits(const EVP_PKEY& key);
std::string ec_curve(const EVP_PKEY& key);  // OpenSSL's name
Bytes ec_point(const EVP_PKEY& key);        // 04 | x | y
// OpenSSL takes the point at infinity, one byte, for a public key. It is none: what is agreed with it is
// known to everybody.
bool is_at_infinity(const EVP_PKEY& key);

// Signature over SHA-256 of `message`: RSA PKCS#1 v1.5, or ECDSA in DER. Error: E_VRSA_BAD_KEY.
Result<Bytes> sign_sha256(const EVP_PKEY& key, ByteView message);
bool verify_sha256(const EVP_PKEY& key, ByteView message, ByteView signature);

// Whether two keys are of one kind and of one curve or group. Without this OpenSSL checks the other key,
// which is as long as who sends it likes, before it finds that they are not.
bool may_agree(const EVP_PKEY& own, const EVP_PKEY& peer);

// Raw shared secret (the x coordinate; of DH the number). Error: E_ECA_BAD_POINT when the keys do not fit
// together.
enum class Peer : std::uint8_t { unchecked, checked };  // by the caller: it is costly
Result<SecretBytes> ecdh(const EVP_PKEY& own, const EVP_PKEY& peer, Peer is = Peer::unchecked);

}  // namespace cs2sim
