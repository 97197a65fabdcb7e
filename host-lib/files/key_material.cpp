#include "host-lib/files/key_material.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/objects.h>

namespace cs2sim::host {
namespace {

constexpr int kFewestBits = 512;
constexpr int kMostBits = 8192;

Handle<BIGNUM> number(ByteView bytes) {
    return Handle<BIGNUM>(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
}

// Collects what EVP_PKEY_fromdata takes. The builder refers to the numbers, so they live beside it.
class KeyBuilder {
public:
    void add_number(const char* name, ByteView bytes) {
        numbers_.push_back(number(bytes));
        good_ = good_ && numbers_.back() &&
                OSSL_PARAM_BLD_push_BN(builder_.get(), name, numbers_.back().get()) == 1;
    }
    void add_bytes(const char* name, ByteView bytes) {
        good_ =
            good_ && OSSL_PARAM_BLD_push_octet_string(builder_.get(), name, bytes.data(), bytes.size()) == 1;
    }
    void add_text(const char* name, const std::string& text) {
        good_ = good_ && OSSL_PARAM_BLD_push_utf8_string(builder_.get(), name, text.c_str(), 0) == 1;
    }
    Result<Handle<EVP_PKEY>> build(const char* type, int selection) {
        const Handle<OSSL_PARAM> parameters(good_ ? OSSL_PARAM_BLD_to_param(builder_.get()) : nullptr);
        const Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
        EVP_PKEY* key = nullptr;
        if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
            EVP_PKEY_fromdata(context.get(), &key, selection, parameters.get()) != 1)
            return fail(E_CSA_KEY_FORMAT);
        return Handle<EVP_PKEY>(key);
    }

private:
    Handle<OSSL_PARAM_BLD> builder_{OSSL_PARAM_BLD_new()};
    std::vector<Handle<BIGNUM>> numbers_;
    bool good_ = true;
};

// A private key that signs what the public one verifies. OpenSSL's own check refuses fair keys of other
// makers (a private exponent modulo phi instead of lcm), so the key is tried instead.
bool signs_and_verifies(const EVP_PKEY& key) {
    const ByteView message = as_bytes("pairwise check");
    const auto signature = sign_sha256(key, message);
    return signature && verify_sha256(key, message, *signature);
}

bool in_range(const RsaNumbers& numbers) {
    const Handle<BIGNUM> n = number(numbers.n);
    const Handle<BIGNUM> e = number(numbers.e);
    if (!n || !e || BN_num_bits(n.get()) < kFewestBits || BN_num_bits(n.get()) > kMostBits) return false;
    if (!BN_is_odd(n.get()) || !BN_is_odd(e.get()) || BN_num_bits(e.get()) > 64) return false;
    for (const SecretBytes* one : {&numbers.d, &numbers.p, &numbers.q, &numbers.u, &numbers.dp, &numbers.dq})
        if (one->size() > numbers.n.size()) return false;
    return true;
}

Result<SecretBytes> point_of(const std::string& curve, ByteView scalar) {
    const Handle<EC_GROUP> group(EC_GROUP_new_by_curve_name(OBJ_sn2nid(curve.c_str())));
    const Handle<BIGNUM> d = number(scalar);
    if (!group || !d) return fail(E_CSA_KEY_FORMAT);
    const Handle<EC_POINT> point(EC_POINT_new(group.get()));
    unsigned char* encoded = nullptr;
    if (!point || EC_POINT_mul(group.get(), point.get(), d.get(), nullptr, nullptr, nullptr) != 1)
        return fail(E_CSA_KEY_FORMAT);
    const std::size_t size =
        EC_POINT_point2buf(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, &encoded, nullptr);
    const Handle<unsigned char> owned(encoded);
    return SecretBytes(encoded, encoded + size);
}

// Empty when the key has no such number; `width` 0: as short as it is.
SecretBytes number_of(const EVP_PKEY& key, const char* name, std::size_t width) {
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(&key, name, &raw) != 1) return {};
    const Handle<BIGNUM> value(raw);
    SecretBytes out(std::max<std::size_t>(width, static_cast<std::size_t>(BN_num_bytes(raw))));
    BN_bn2binpad(raw, out.data(), static_cast<int>(out.size()));
    return out;
}

}  // namespace

Result<Handle<EVP_PKEY>> rsa_key(const RsaNumbers& numbers) {
    if (!in_range(numbers)) return fail(E_CSA_KEY_FORMAT);
    KeyBuilder builder;
    builder.add_number(OSSL_PKEY_PARAM_RSA_N, numbers.n);
    builder.add_number(OSSL_PKEY_PARAM_RSA_E, numbers.e);
    if (numbers.d.empty()) return builder.build("RSA", EVP_PKEY_PUBLIC_KEY);
    builder.add_number(OSSL_PKEY_PARAM_RSA_D, numbers.d);
    if (!numbers.p.empty()) {
        builder.add_number(OSSL_PKEY_PARAM_RSA_FACTOR1, numbers.p);
        builder.add_number(OSSL_PKEY_PARAM_RSA_FACTOR2, numbers.q);
        builder.add_number(OSSL_PKEY_PARAM_RSA_EXPONENT1, numbers.dp);
        builder.add_number(OSSL_PKEY_PARAM_RSA_EXPONENT2, numbers.dq);
        builder.add_number(OSSL_PKEY_PARAM_RSA_COEFFICIENT1, numbers.u);
    }
    auto key = builder.build("RSA", EVP_PKEY_KEYPAIR);
    if (key && !signs_and_verifies(**key)) return fail(E_CSA_KEY_FORMAT);
    return key;
}

Result<Handle<EVP_PKEY>> ec_key(std::string_view curve, ByteView scalar, ByteView point) {
    const std::string name = openssl_curve_name(curve);
    if (name.empty() || scalar.size() > ec_field_width(name)) return fail(E_CSA_KEY_FORMAT);
    if (scalar.empty()) {
        auto key = ec_public_key(name, point);
        if (!key) return fail(E_CSA_KEY_FORMAT);
        return key;
    }
    SecretBytes computed;
    if (point.empty()) {
        CS2SIM_TRY_LET(made, point_of(name, scalar));
        computed = std::move(made);
        point = computed;
    }
    KeyBuilder builder;
    builder.add_text(OSSL_PKEY_PARAM_GROUP_NAME, name);
    builder.add_bytes(OSSL_PKEY_PARAM_PUB_KEY, point);
    builder.add_number(OSSL_PKEY_PARAM_PRIV_KEY, scalar);
    auto key = builder.build("EC", EVP_PKEY_KEYPAIR);
    CS2SIM_TRY(key);
    const Handle<EVP_PKEY_CTX> check(EVP_PKEY_CTX_new_from_pkey(nullptr, key->get(), nullptr));
    if (!check || EVP_PKEY_private_check(check.get()) != 1 || EVP_PKEY_pairwise_check(check.get()) != 1)
        return fail(E_CSA_KEY_FORMAT);
    return key;
}

RsaNumbers rsa_numbers(const EVP_PKEY& key) {
    const std::size_t width = (key_bits(key) + 7) / 8;
    const std::size_t half = (width + 1) / 2;
    RsaNumbers out;
    out.n = number_of(key, OSSL_PKEY_PARAM_RSA_N, width);
    out.e = number_of(key, OSSL_PKEY_PARAM_RSA_E, 0);
    out.d = number_of(key, OSSL_PKEY_PARAM_RSA_D, width);
    out.p = number_of(key, OSSL_PKEY_PARAM_RSA_FACTOR1, half);
    out.q = number_of(key, OSSL_PKEY_PARAM_RSA_FACTOR2, half);
    out.u = number_of(key, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, half);
    out.dp = number_of(key, OSSL_PKEY_PARAM_RSA_EXPONENT1, half);
    out.dq = number_of(key, OSSL_PKEY_PARAM_RSA_EXPONENT2, half);
    return out;
}

SecretBytes ec_scalar(const EVP_PKEY& key) {
    return number_of(key, OSSL_PKEY_PARAM_PRIV_KEY, ec_field_width(ec_curve(key)));
}

std::size_t ec_field_width(std::string_view curve) {
    const std::string name = openssl_curve_name(curve);
    if (name.empty()) return 0;
    const Handle<EC_GROUP> group(EC_GROUP_new_by_curve_name(OBJ_sn2nid(name.c_str())));
    return group ? static_cast<std::size_t>(EC_GROUP_get_degree(group.get()) + 7) / 8 : 0;
}

bool has_private_part(const EVP_PKEY& key) {
    BIGNUM* raw = nullptr;
    const char* name = is_rsa(key) ? OSSL_PKEY_PARAM_RSA_D : OSSL_PKEY_PARAM_PRIV_KEY;
    const bool found = EVP_PKEY_get_bn_param(&key, name, &raw) == 1;
    const Handle<BIGNUM> owned(raw);
    return found;
}

}  // namespace cs2sim::host
