// Keys from DER. OpenSSL 3.0 finds out by trial what a key in DER is, which costs ten times the reading of
// it: here the algorithm is read first, and of EC keys in the usual form all the rest. What is in any other
// form goes OpenSSL's way.
#include <openssl/core_names.h>
#include <openssl/decoder.h>

#include <algorithm>
#include <optional>

#include "firmware/crypto/key_outline.h"
#include "firmware/crypto/pkey.h"

namespace cs2sim {
namespace {

// X.690, section 8: universal tags, and the context's [1].
constexpr std::uint8_t kInteger = 0x02, kBitString = 0x03, kOctetString = 0x04, kObject = 0x06,
                       kSequence = 0x30, kOne = 0xA1;

// The content of the element at the start of `rest`, which goes on behind it; none when it has another tag
// or is longer than keys are.
std::optional<ByteView> take(ByteView& rest, std::uint8_t tag) {
    if (rest.size() < 2 || rest[0] != tag) return std::nullopt;
    std::size_t head = 2, size = rest[1];
    if (size >= 0x80) {
        head += size - 0x80;
        if (head == 2 || head > 4 || rest.size() < head) return std::nullopt;
        size = 0;
        for (std::size_t i = 2; i < head; ++i) size = size << 8 | rest[i];
    }
    if (rest.size() - head < size) return std::nullopt;
    const ByteView content = rest.subspan(head, size);
    rest = rest.subspan(head + size);
    return content;
}

bool take_number(ByteView& rest, std::uint8_t value) {
    const auto number = take(rest, kInteger);
    return number && number->size() == 1 && number->front() == value;
}

int take_object(ByteView& rest) {
    const unsigned char* at = rest.data();
    const ByteView whole = rest;
    if (!take(rest, kObject)) return NID_undef;
    ASN1_OBJECT* object = d2i_ASN1_OBJECT(nullptr, &at, static_cast<long>(whole.size() - rest.size()));
    const int nid = object ? OBJ_obj2nid(object) : NID_undef;
    ASN1_OBJECT_free(object);
    return nid;
}

// PKCS#8 (RFC 5958, version 0) or SubjectPublicKeyInfo (RFC 5280, section 4.1).
struct Outer {
    int algorithm = NID_undef;
    ByteView parameters;
    ByteView key;  // content of the octet or bit string; empty when something stands where it should not
};

Outer outer_of(ByteView der, bool is_private) {
    Outer outer;
    auto all = take(der, kSequence);
    if (!all || !der.empty() || (is_private && !take_number(*all, 0))) return outer;
    auto algorithm = take(*all, kSequence);
    if (!algorithm) return outer;
    outer.algorithm = take_object(*algorithm);
    outer.parameters = *algorithm;
    const auto key = take(*all, is_private ? kOctetString : kBitString);
    if (key && all->empty()) outer.key = *key;
    return outer;
}

// An uncompressed point, the content of a bit string.
std::optional<ByteView> point_in(ByteView bits) {
    constexpr std::uint8_t kUncompressed = 4;
    if (bits.size() < 2 || bits[0] != 0 || bits[1] != kUncompressed) return std::nullopt;
    return bits.subspan(1);
}

Handle<EVP_PKEY> ec_key(ByteView parameters, ByteView point, ByteView x) {
    const int curve = take_object(parameters);
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
    auto all = take(key, kSequence);
    if (!all || !key.empty() || !take_number(*all, 1)) return nullptr;
    const auto x = take(*all, kOctetString);
    auto tagged = take(*all, kOne);
    const auto bits = tagged ? take(*tagged, kBitString) : std::nullopt;
    if (!x || x->empty() || !bits || !tagged->empty() || !all->empty()) return nullptr;
    const auto point = point_in(*bits);
    return point ? ec_key(outer.parameters, *point, *x) : nullptr;
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
