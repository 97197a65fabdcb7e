#include "tools/p11tool2/certificates.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include <cstdio>

#include "firmware/crypto/der.h"
#include "firmware/crypto/digest.h"
#include "firmware/crypto/pkey.h"
#include "firmware/protocol/terminal_text.h"
#include "host-lib/files/host_file.h"
#include "host-lib/pkcs11/attributes.h"
#include "host-lib/pkcs11/key_components.h"

namespace cs2sim::tools::p11 {
namespace {

constexpr std::size_t kMostFile = 1 << 20;

Bytes number_of(const EVP_PKEY& key, const char* name) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(&key, name, &number) != 1) return {};
    const Handle<BIGNUM> owned(number);
    Bytes out(static_cast<std::size_t>(BN_num_bytes(number)));
    BN_bn2bin(number, out.data());
    return out;
}

// OpenSSL's number of a curve whose object identifier is given in DER.
int curve_number(ByteView oid) {
    const unsigned char* at = oid.data();
    const Handle<ASN1_OBJECT> object(
        oid.empty() ? nullptr : d2i_ASN1_OBJECT(nullptr, &at, static_cast<long>(oid.size())));
    return object ? OBJ_obj2nid(object.get()) : NID_undef;
}

// What an OCTET STRING in DER holds.
std::optional<Bytes> octets_in(ByteView der) {
    const unsigned char* at = der.data();
    const Handle<ASN1_OCTET_STRING> string(
        der.empty() ? nullptr : d2i_ASN1_OCTET_STRING(nullptr, &at, static_cast<long>(der.size())));
    if (!string) return std::nullopt;
    const unsigned char* data = ASN1_STRING_get0_data(string.get());
    return Bytes(data, data + ASN1_STRING_length(string.get()));
}

constexpr CK_ATTRIBUTE_TYPE kRsaSecrets[] = {CKA_PRIVATE_EXPONENT, CKA_PRIME_1,    CKA_PRIME_2,
                                             CKA_EXPONENT_1,       CKA_EXPONENT_2, CKA_COEFFICIENT};

}  // namespace

Result<Certificate> read_certificate(const std::string& path) {
    const auto content = host::read_host_input(path, kMostFile);
    if (!content) return fail(E_CSA_PARAM);
    const Handle<BIO> bio(BIO_new_mem_buf(content->data(), static_cast<int>(content->size())));
    if (Certificate pem{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) return pem;
    const unsigned char* at = content->data();
    Certificate der(d2i_X509(nullptr, &at, static_cast<long>(content->size())));
    if (der) return der;
    std::fprintf(stderr, "p11tool2: %s: no certificate, neither DER nor PEM\n", terminal_text(path).c_str());
    return fail(E_CSA_PARAM);
}

Result<OpenedP12> open_p12(ByteView content, const char* password) {
    const unsigned char* at = content.data();
    const Handle<PKCS12> file(d2i_PKCS12(nullptr, &at, static_cast<long>(content.size())));
    if (!file) return fail(E_CSA_KEY_FORMAT);
    EVP_PKEY* key = nullptr;
    X509* certificate = nullptr;
    const int parsed = PKCS12_parse(file.get(), password, &key, &certificate, nullptr);
    OpenedP12 opened{Handle<EVP_PKEY>(key), Certificate(certificate)};
    if (parsed != 1 || !opened.key) return fail(E_CSA_KEY_PASSWORD);
    return opened;
}

TemplateText certificate_attributes(const X509& certificate) {
    TemplateText text;
    text.set_number(CKA_CLASS, CKO_CERTIFICATE);
    text.set_number(CKA_CERTIFICATE_TYPE, CKC_X_509);
    text.set(CKA_VALUE, der_of(&certificate, i2d_X509));
    text.set(CKA_SUBJECT, der_of(X509_get_subject_name(&certificate), i2d_X509_NAME));
    text.set(CKA_ISSUER, der_of(X509_get_issuer_name(&certificate), i2d_X509_NAME));
    text.set(CKA_SERIAL_NUMBER, der_of(X509_get0_serialNumber(&certificate), i2d_ASN1_INTEGER));
    if (const EVP_PKEY* key = X509_get0_pubkey(&certificate)) text.set(CKA_ID, key_identifier(*key));
    return text;
}

Result<TemplateText> public_key_attributes(const EVP_PKEY& key) {
    TemplateText text;
    text.set_number(CKA_CLASS, CKO_PUBLIC_KEY);
    if (is_rsa(key)) {
        text.set_number(CKA_KEY_TYPE, CKK_RSA);
        text.set(CKA_MODULUS, number_of(key, OSSL_PKEY_PARAM_RSA_N));
        text.set(CKA_PUBLIC_EXPONENT, number_of(key, OSSL_PKEY_PARAM_RSA_E));
        return text;
    }
    if (!is_ec(key)) return fail(CKR_KEY_TYPE_INCONSISTENT);
    text.set_number(CKA_KEY_TYPE, CKK_EC);
    text.set(CKA_EC_PARAMS, curve_oid(ec_curve(key)));
    text.set(CKA_EC_POINT, cs2sim::p11::der_octets(ec_point(key)));
    return text;
}

Result<TemplateText> private_key_attributes(const EVP_PKEY& key) {
    TemplateText text;
    text.set_number(CKA_CLASS, CKO_PRIVATE_KEY);
    const SecretBytes pkcs8 = private_key_der(key);
    if (is_rsa(key)) {
        text.set_number(CKA_KEY_TYPE, CKK_RSA);
        text.set(CKA_MODULUS, number_of(key, OSSL_PKEY_PARAM_RSA_N));
        text.set(CKA_PUBLIC_EXPONENT, number_of(key, OSSL_PKEY_PARAM_RSA_E));
        for (const CK_ATTRIBUTE_TYPE type : kRsaSecrets) {
            CS2SIM_TRY_LET(component, cs2sim::p11::component_of(pkcs8, type));
            text.set(type, component);
        }
        return text;
    }
    if (!is_ec(key)) return fail(CKR_KEY_TYPE_INCONSISTENT);
    CS2SIM_TRY_LET(secret, cs2sim::p11::component_of(pkcs8, CKA_VALUE));
    text.set_number(CKA_KEY_TYPE, CKK_EC);
    text.set(CKA_EC_PARAMS, curve_oid(ec_curve(key)));
    text.set(CKA_VALUE, secret);
    return text;
}

Bytes key_identifier(const EVP_PKEY& key) { return digest("SHA1", {public_key_der(key)}); }

Bytes curve_oid(const std::string& openssl_name) {
    const Handle<ASN1_OBJECT> object(OBJ_txt2obj(openssl_name.c_str(), 0));
    return object ? der_of(object.get(), i2d_ASN1_OBJECT) : Bytes();
}

unsigned long curve_bits(ByteView parameters) {
    const int curve = curve_number(parameters);
    if (curve == NID_ED25519 || curve == NID_X25519) return 256;
    if (curve == NID_ED448) return 456;
    if (curve == NID_X448) return 448;
    const Handle<EC_GROUP> group(curve == NID_undef ? nullptr : EC_GROUP_new_by_curve_name(curve));
    const int bits = group ? EC_GROUP_get_degree(group.get()) : 0;
    return static_cast<unsigned long>(std::max(bits, 0));
}

Result<Bytes> public_key_of(const PublicKeyParts& parts) {
    if (!parts.modulus.empty()) {
        CS2SIM_TRY_LET(key, rsa_public_key(parts.modulus, parts.exponent));
        return public_key_der(*key);
    }
    const int curve = curve_number(parts.curve);
    const auto point = octets_in(parts.point);
    if (curve == NID_undef || !point) return fail(CKR_KEY_TYPE_INCONSISTENT);
    CS2SIM_TRY_LET(key, ec_public_key(OBJ_nid2sn(curve), *point));
    return public_key_der(*key);
}

}  // namespace cs2sim::tools::p11
