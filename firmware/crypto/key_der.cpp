// Keys from DER. OpenSSL 3.0 finds out by trial what a key in DER is, which costs ten times the reading of
// it: here the algorithm is read first, and of EC keys in the usual form all the rest. What is in any other
// form goes OpenSSL's way.
#include <openssl/asn1.h>
#include <openssl/core_names.h>
#include <openssl/decoder.h>

#include <algorithm>
#include <optional>

#include "firmware/crypto/der_element.h"
#include "firmware/crypto/key_outline.h"
#include "firmware/crypto/pkey.h"

namespace cs2sim {
namespace {

bool take_number(ByteView& rest, std::uint8_t value) {
    const auto number = take_element(rest, V_ASN1_INTEGER);
    return number && number->content.size() == 1 && number->content.front() == value;
}

// PKCS#8 (RFC 5958, version 0) or SubjectPublicKeyInfo (RFC 5280, section 4.1).
struct Outer {
    int algorithm = NID_undef;
    ByteView parameters;
    ByteView key;  // content of the octet or bit string; empty when something stands where it should not
};

Outer outer_of(ByteView der, bool is_private) {
    Outer outer;
    auto all = take_element(der, V_ASN1_SEQUENCE);
    if (!all || !der.empty() || (is_private && !take_number(all->content, 0))) return outer;
    auto algorithm = take_element(all->content, V_ASN1_SEQUENCE);
    if (!algorithm) return outer;
    outer.algorithm = take_object(algorithm->content).value_or(NID_undef);
    outer.parameters = algorithm->content;
    const auto key = take_element(all->content, is_private ? V_ASN1_OCTET_STRING : V_ASN1_BIT_STRING);
    if (key && all->content.empty()) outer.key = key->content;
    return outer;
}

// An uncompressed point, the content of a bit string.
std::optional<ByteView> point_in(ByteView bits) {
    constexpr std::uint8_t kUncompressed = 4;
    if (bits.size() < 2 || bits[0] != 0 || bits[1] != kUncompressed) return std::nullopt;
    return bits.subspan(1);
}

Handle<EVP_PKEY> ec_key(ByteView parameters, ByteView point, ByteView x) {
    const int curve = take_object(parameters).value_or(NID_undef);
    const bool known = curve != NID_undef && curve != NID_sm2 && parameters.empty();
    const char* name = known ? OBJ_nid2sn(curve) : nullptr;
    const Handle<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    const Handle<BIGNUM> number(BN_secure_new());
    const bool both = !x.empty();
    if (!name || !builder || !number ||
        !OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, name, 0) ||
        !OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                          point.size()) ||
        (both && (!BN_bin2bn(x.data(), static_cast<int>(x.size()), number.get()) ||
                  !OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, number.get()))))
        return nullptr;
    return key_from_parameters("EC", builder.get(), both ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY);
}

// ECPrivateKey (RFC 5915) with its public key and without the curve, which stands outside.
Handle<EVP_PKEY> ec_private_in(const Outer& outer) {
    ByteView key = outer.key;
    auto all = take_element(key, V_ASN1_SEQUENCE);
    if (!all || !key.empty() || !take_number(all->content, 1)) return nullptr;
    const auto x = take_element(all->content, V_ASN1_OCTET_STRING);
    auto tagged = take_element(all->content, kContextTag + 1);
    if (!x || x->content.empty() || !tagged || !all->content.empty()) return nullptr;
    const auto bits = take_element(tagged->content, V_ASN1_BIT_STRING);
    if (!bits || !tagged->content.empty()) return nullptr;
    const auto point = point_in(bits->content);
    return point ? ec_key(outer.parameters, *point, x->content) : nullptr;
}

Handle<EVP_PKEY> ec_public_in(const Outer& outer) {
    const auto point = point_in(outer.key);
    return point ? ec_key(outer.parameters, *point, {}) : nullptr;
}

// OpenSSL's name of a type of key; null: it finds out by itself.
const char* type_of(int algorithm) {
    constexpr std::pair<int, const char*> kTypes[] = {
        {NID_rsaEncryption, "RSA"}, {NID_X9_62_id_ecPublicKey, "EC"}, {NID_dsa, "DSA"},
        {NID_dhKeyAgreement, "DH"}, {NID_dhpublicnumber, "DHX"},      {NID_ED25519, "ED25519"},
        {NID_X25519, "X25519"},
    };
    const auto* row = std::ranges::find(kTypes, algorithm, &std::pair<int, const char*>::first);
    return row == std::end(kTypes) ? nullptr : row->second;
}

// Longer ones are of no use to anybody here, and cost minutes.
bool is_of_use(const KeyOutline& outline) {
    constexpr unsigned kLongestRsa = 16384, kLongestDsa = 3072, kLongestDh = 8192;
    const unsigned most = outline.is_dsa() ? kLongestDsa : outline.is_dh() ? kLongestDh : kLongestRsa;
    return outline.is_sound() && outline.bits <= most;
}

Handle<EVP_PKEY> decode_as(const char* type, ByteView der, int selection, const char* structure) {
    EVP_PKEY* key = nullptr;
    const std::unique_ptr<OSSL_DECODER_CTX, void (*)(OSSL_DECODER_CTX*)> decoder(
        OSSL_DECODER_CTX_new_for_pkey(&key, "DER", structure, type, selection, nullptr, nullptr),
        OSSL_DECODER_CTX_free);
    const unsigned char* rest = der.data();
    std::size_t size = der.size();
    const bool decoded = decoder && size != 0 && OSSL_DECODER_from_data(decoder.get(), &rest, &size) == 1;
    Handle<EVP_PKEY> owned(key);
    return decoded && size == 0 ? std::move(owned) : nullptr;
}

Result<Handle<EVP_PKEY>> decode(int algorithm, ByteView der, int selection, const char* structure) {
    CS2SIM_TRY_LET(outline,
                   selection == EVP_PKEY_KEYPAIR ? private_key_outline(der) : public_key_outline(der));
    if (!is_of_use(outline)) return fail(E_ASN1_DECODE_ERR);
    const char* type = type_of(algorithm);
    auto key = decode_as(type, der, selection, structure);
    // Some types share their number, as EC and SM2.
    if (!key && type) key = decode_as(nullptr, der, selection, structure);
    if (!key) return fail(E_ASN1_DECODE_ERR);
    return key;
}

}  // namespace

Result<PublicKey> public_key_from_der(ByteView der) {
    const Outer outer = outer_of(der, false);
    if (outer.algorithm == NID_X9_62_id_ecPublicKey)
        if (auto key = ec_public_in(outer)) return key;
    auto key = decode(outer.algorithm, der, EVP_PKEY_PUBLIC_KEY, "SubjectPublicKeyInfo");
    if (key && is_at_infinity(**key)) return fail(E_ECA_BAD_POINT);
    return key;
}

Result<PrivateKey> private_key_from_der(ByteView der) {
    const Outer outer = outer_of(der, true);
    if (outer.algorithm == NID_X9_62_id_ecPublicKey)
        if (auto key = ec_private_in(outer)) return key;
    return decode(outer.algorithm, der, EVP_PKEY_KEYPAIR, "PrivateKeyInfo");
}

}  // namespace cs2sim
