// Keys and certificates of files, as templates that create them.
#pragma once

#include <openssl/x509.h>

#include "firmware/crypto/openssl.h"
#include "tools/token/template_text.h"

namespace cs2sim::tools::p11 {

struct FreeCertificate {
    void operator()(X509* certificate) const { X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, FreeCertificate>;

// DER or PEM. Errors: E_CSA_PARAM when the file cannot be read, or is none.
Result<Certificate> read_certificate(const std::string& path);

struct OpenedP12 {
    Handle<EVP_PKEY> key;
    Certificate certificate;  // may be null
};
// Errors: E_CSA_KEY_FORMAT, E_CSA_KEY_PASSWORD.
Result<OpenedP12> open_p12(ByteView content, const char* password);

TemplateText certificate_attributes(const X509& certificate);
// Error: CKR_KEY_TYPE_INCONSISTENT for keys that are neither RSA nor EC.
Result<TemplateText> private_key_attributes(const EVP_PKEY& key);
Result<TemplateText> public_key_attributes(const EVP_PKEY& key);
// SHA-1 over the public key, as certificates name it: CKA_ID of what belongs together.
Bytes key_identifier(const EVP_PKEY& key);
Bytes curve_oid(const std::string& openssl_name);  // in DER

// Bits of a curve given as CKA_EC_PARAMS has it; 0 when OpenSSL does not know it.
unsigned long curve_bits(ByteView parameters);

// What a public key object says of itself: either the first two or the last two.
struct PublicKeyParts {
    Bytes modulus, exponent, curve, point;
};
// SubjectPublicKeyInfo. Errors: CKR_KEY_TYPE_INCONSISTENT for keys that are neither RSA nor EC, those of
// rsa_public_key() and ec_public_key().
Result<Bytes> public_key_of(const PublicKeyParts& parts);

}  // namespace cs2sim::tools::p11
