#include "firmware/crypto/pkey.h"

#include <openssl/core_names.h>
#include <openssl/encoder.h>

#include <algorithm>
#include <array>

#include "firmware/crypto/finite_field.h"
#include "firmware/crypto/prime_search.h"
#include "firmware/crypto/require.h"

namespace cs2sim {
namespace {

template <class Out>
Out encode(const EVP_PKEY& key, int selection, const char* structure) {
    Out out;
    std::unique_ptr<OSSL_ENCODER_CTX, void (*)(OSSL_ENCODER_CTX*)> encoder(
        OSSL_ENCODER_CTX_new_for_pkey(&key, selection, "DER", structure, nullptr), OSSL_ENCODER_CTX_free);
    unsigned char* der = nullptr;
    std::size_t size = 0;
    if (!encoder || OSSL_ENCODER_to_data(encoder.get(), &der, &size) != 1) return out;
    const auto clear = [size](unsigned char* bytes) { OPENSSL_clear_free(bytes, size); };
    const std::unique_ptr<unsigned char, decltype(clear)> owned(der, clear);
    out.assign(der, der + size);
    return out;
}

}  // namespace

bool is_at_infinity(const EVP_PKEY& key) { return is_ec(key) && ec_point(key).size() <= 1; }

Handle<EVP_PKEY> key_from_parameters(const char* type, OSSL_PARAM_BLD* builder, int selection) {
    const Handle<OSSL_PARAM> parameters(OSSL_PARAM_BLD_to_param(builder));
    const Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, selection, parameters.get()) != 1)
        return nullptr;
    return Handle<EVP_PKEY>(key);
}

Result<PrivateKey> generate_rsa(unsigned bits, ByteView exponent, const Abandonment* abandonment) {
    if (bits < 1024 || bits > 8192 || exponent.size() > 32) return fail(E_VRSA_KGEN_FAILED);
    const Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    if (!context || EVP_PKEY_keygen_init(context.get()) != 1 ||
        EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), static_cast<int>(bits)) != 1)
        return fail(E_VRSA_KGEN_FAILED);
    if (!exponent.empty()) {
        const Handle<BIGNUM> e(BN_bin2bn(exponent.data(), static_cast<int>(exponent.size()), nullptr));
        if (!e || EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context.get(), e.get()) != 1)
            return fail(E_VRSA_KGEN_FAILED);
    }
    const PrimeSearch searching(abandonment);
    searching.watch(context.get());
    EVP_PKEY* key = nullptr;
    const bool made = EVP_PKEY_generate(context.get(), &key) == 1;
    PrivateKey owned(key);
    CS2SIM_TRY(searching.check());
    if (!made) return fail(E_VRSA_KGEN_FAILED);
    return owned;
}

Result<PrivateKey> generate_ec(std::string_view curve) {
    const std::string name = openssl_curve_name(curve);
    if (name.empty()) return fail(E_ECA_NOT_FOUND);
    Handle<EVP_PKEY> key(EVP_EC_gen(name.c_str()));
    if (!key) return fail(E_ECA_NOT_FOUND);
    return key;
}

Result<PublicKey> rsa_public_key(ByteView modulus, ByteView exponent) {
    const Handle<BIGNUM> n(BN_bin2bn(modulus.data(), static_cast<int>(modulus.size()), nullptr));
    const Handle<BIGNUM> e(BN_bin2bn(exponent.data(), static_cast<int>(exponent.size()), nullptr));
    const Handle<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    if (!n || !e || !builder || !OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) ||
        !OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()))
        return fail(E_VRSA_BAD_KEY);
    auto key = key_from_parameters("RSA", builder.get(), EVP_PKEY_PUBLIC_KEY);
    if (!key) return fail(E_VRSA_BAD_KEY);
    return key;
}

Result<PublicKey> ec_public_key(std::string_view curve, ByteView point) {
    const std::string name = openssl_curve_name(curve);
    if (name.empty()) return fail(E_ECA_NOT_FOUND);
    const Handle<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    if (!builder ||
        !OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, name.c_str(), 0) ||
        !OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()))
        return fail(E_ECA_BAD_POINT);
    auto key = key_from_parameters("EC", builder.get(), EVP_PKEY_PUBLIC_KEY);
    if (!key || is_at_infinity(*key)) return fail(E_ECA_BAD_POINT);
    return key;
}

Result<PrivateKey> ec_private_key(std::string_view curve, ByteView x) {
    const std::string name = openssl_curve_name(curve);
    const Handle<EC_GROUP> group(EC_GROUP_new_by_curve_name(OBJ_txt2nid(name.c_str())));
    if (name.empty() || !group) return fail(E_ECA_NOT_FOUND);
    const Handle<BIGNUM> number(BN_secure_new());
    if (!number || !BN_bin2bn(x.data(), static_cast<int>(x.size()), number.get())) return fail(E_ECA_MEM);
    if (BN_is_zero(number.get()) || BN_cmp(number.get(), EC_GROUP_get0_order(group.get())) >= 0)
        return fail(E_ECA_BAD_VALUE);
    const Handle<EC_POINT> point(EC_POINT_new(group.get()));
    Bytes encoded(1 + 2 * ((static_cast<std::size_t>(EC_GROUP_get_degree(group.get())) + 7) / 8));
    const Handle<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    if (!point || !builder ||
        EC_POINT_mul(group.get(), point.get(), number.get(), nullptr, nullptr, nullptr) != 1 ||
        EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, encoded.data(),
                           encoded.size(), nullptr) != encoded.size() ||
        !OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, name.c_str(), 0) ||
        !OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, number.get()) ||
        !OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, encoded.data(),
                                          encoded.size()))
        return fail(E_ECA_MEM);
    auto key = key_from_parameters("EC", builder.get(), EVP_PKEY_KEYPAIR);
    if (!key) return fail(E_ECA_BAD_VALUE);
    return key;
}

Bytes public_key_der(const EVP_PKEY& key) {
    return encode<Bytes>(key, EVP_PKEY_PUBLIC_KEY, "SubjectPublicKeyInfo");
}

SecretBytes private_key_der(const EVP_PKEY& key) {
    return encode<SecretBytes>(key, EVP_PKEY_KEYPAIR, "PrivateKeyInfo");
}

Result<Bytes> key_number(const EVP_PKEY& key, const char* name) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(&key, name, &number) != 1) return fail(E_CXI_PROP_NOT_FOUND);
    const Handle<BIGNUM> owned(number);
    Bytes out(static_cast<std::size_t>(BN_num_bytes(number)));
    BN_bn2bin(number, out.data());
    return out;
}

// By number: EVP_PKEY_is_a() looks names up under a lock that all threads share.
bool is_rsa(const EVP_PKEY& key) { return EVP_PKEY_get_id(&key) == EVP_PKEY_RSA; }
bool is_ec(const EVP_PKEY& key) { return EVP_PKEY_get_id(&key) == EVP_PKEY_EC; }
bool is_edwards(const EVP_PKEY& key) {
    const int id = EVP_PKEY_get_id(&key);
    return id == EVP_PKEY_ED25519 || id == EVP_PKEY_ED448;
}
unsigned key_bits(const EVP_PKEY& key) { return static_cast<unsigned>(EVP_PKEY_get_bits(&key)); }

std::string ec_curve(const EVP_PKEY& key) {
    std::array<char, 80> name{};
    std::size_t size = 0;
    if (EVP_PKEY_get_group_name(&key, name.data(), name.size(), &size) != 1) return {};
    return {name.data(), size};
}

Bytes ec_point(const EVP_PKEY& key) {
    std::array<std::uint8_t, 200> point{};
    std::size_t size = 0;
    if (EVP_PKEY_get_octet_string_param(&key, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(), &size) !=
        1)
        return {};
    return {point.begin(), point.begin() + static_cast<std::ptrdiff_t>(size)};
}

Result<Bytes> sign_sha256(const EVP_PKEY& key, ByteView message) {
    const Handle<EVP_MD_CTX> context(EVP_MD_CTX_new());
    std::size_t size = 0;
    auto* pkey = const_cast<EVP_PKEY*>(&key);
    if (!context ||
        EVP_DigestSignInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr, pkey, nullptr) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size()) != 1)
        return fail(E_VRSA_BAD_KEY);
    Bytes signature(size);
    if (EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) != 1)
        return fail(E_VRSA_BAD_KEY);
    signature.resize(size);
    return signature;
}

bool verify_sha256(const EVP_PKEY& key, ByteView message, ByteView signature) {
    const Handle<EVP_MD_CTX> context(EVP_MD_CTX_new());
    auto* pkey = const_cast<EVP_PKEY*>(&key);
    return context &&
           EVP_DigestVerifyInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr, pkey, nullptr) == 1 &&
           EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                            message.size()) == 1;
}

bool may_agree(const EVP_PKEY& own, const EVP_PKEY& peer) {
    if (is_ec(own)) return is_ec(peer) && ec_curve(own) == ec_curve(peer);
    if (!is_dh(own)) return EVP_PKEY_get_id(&own) == EVP_PKEY_get_id(&peer);
    if (!is_dh(peer)) return false;
    const auto mine = domain_parameters(own), theirs = domain_parameters(peer);
    const bool same = mine && theirs && mine->p == theirs->p && mine->g == theirs->g;
    return same && (mine->q == theirs->q || mine->q.empty() || theirs->q.empty());
}

Result<SecretBytes> ecdh(const EVP_PKEY& own, const EVP_PKEY& peer, Peer is) {
    if (!may_agree(own, peer)) return fail(E_ECA_BAD_POINT);
    const Handle<EVP_PKEY_CTX> context(
        EVP_PKEY_CTX_new_from_pkey(nullptr, const_cast<EVP_PKEY*>(&own), nullptr));
    std::size_t size = 0;
    if (!context || EVP_PKEY_derive_init(context.get()) != 1 ||
        EVP_PKEY_derive_set_peer_ex(context.get(), const_cast<EVP_PKEY*>(&peer), is == Peer::unchecked) !=
            1 ||
        EVP_PKEY_derive(context.get(), nullptr, &size) != 1)
        return fail(E_ECA_BAD_POINT);
    SecretBytes secret(size);
    if (EVP_PKEY_derive(context.get(), secret.data(), &size) != 1) return fail(E_ECA_BAD_POINT);
    secret.resize(size);
    return secret;
}

}  // namespace cs2sim
