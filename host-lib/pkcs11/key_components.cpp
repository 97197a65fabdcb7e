#include "host-lib/pkcs11/key_components.h"

#include <openssl/core_names.h>

#include <array>
#include <boost/algorithm/string/predicate.hpp>

#include "firmware/crypto/finite_field.h"
#include "firmware/crypto/pkey.h"
#include "host-lib/pkcs11/domain_parameters.h"

namespace cs2sim::p11 {
namespace {

struct ComponentRow {
    CK_ATTRIBUTE_TYPE type;
    const char* name;  // OpenSSL's
};
constexpr ComponentRow kRsaComponents[] = {
    {CKA_MODULUS, OSSL_PKEY_PARAM_RSA_N},
    {CKA_PUBLIC_EXPONENT, OSSL_PKEY_PARAM_RSA_E},
    {CKA_PRIVATE_EXPONENT, OSSL_PKEY_PARAM_RSA_D},
    {CKA_PRIME_1, OSSL_PKEY_PARAM_RSA_FACTOR1},
    {CKA_PRIME_2, OSSL_PKEY_PARAM_RSA_FACTOR2},
    {CKA_EXPONENT_1, OSSL_PKEY_PARAM_RSA_EXPONENT1},
    {CKA_EXPONENT_2, OSSL_PKEY_PARAM_RSA_EXPONENT2},
    {CKA_COEFFICIENT, OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
};

const auto kBad = fail(CKR_ATTRIBUTE_VALUE_INVALID);

using Number = Handle<BIGNUM>;

Number number_of(ByteView bytes) {
    if (bytes.empty() || bytes.size() > 2048) return nullptr;
    return Number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
}

Result<PrivateKey> make_key(const char* algorithm, int selection, OSSL_PARAM_BLD* builder) {
    const Handle<OSSL_PARAM> parameters(OSSL_PARAM_BLD_to_param(builder));
    const Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
    EVP_PKEY* key = nullptr;
    if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, selection, parameters.get()) != 1)
        return kBad;
    return PrivateKey(key);
}

// The prime factors of n by e and d: HAC, fact 8.6 and FIPS 186-4, appendix C, with at most a hundred tries.
bool factor(const BIGNUM* n, const BIGNUM* e, const BIGNUM* d, BIGNUM* p, BIGNUM* q) {
    const Handle<BN_CTX> context(BN_CTX_secure_new());
    const Number k(BN_secure_new()), r(BN_secure_new()), g(BN_new()), x(BN_secure_new()), y(BN_secure_new()),
        n_minus_1(BN_dup(n));
    BN_mul(k.get(), d, e, context.get());
    BN_sub_word(k.get(), 1);
    BN_sub_word(n_minus_1.get(), 1);
    if (BN_is_zero(k.get()) || BN_is_odd(k.get())) return false;
    int twos = 0;
    BN_copy(r.get(), k.get());
    for (; !BN_is_odd(r.get()); ++twos) BN_rshift1(r.get(), r.get());
    for (int tries = 0; tries < 100; ++tries) {
        if (BN_priv_rand_range(g.get(), n) != 1) return false;
        if (BN_is_zero(g.get()) || BN_mod_exp(y.get(), g.get(), r.get(), n, context.get()) != 1) continue;
        for (int i = 0; i < twos && !BN_is_one(y.get()) && BN_cmp(y.get(), n_minus_1.get()) != 0; ++i) {
            BN_mod_sqr(x.get(), y.get(), n, context.get());
            if (BN_is_one(x.get())) {
                BN_sub_word(y.get(), 1);
                return BN_gcd(p, y.get(), n, context.get()) == 1 &&
                       BN_div(q, nullptr, n, p, context.get()) == 1 && !BN_is_one(p) && !BN_is_one(q);
            }
            BN_copy(y.get(), x.get());
        }
    }
    return false;
}

// Components that follow from others, when they are given, must be these.
bool follow(const Template& given, std::initializer_list<std::pair<CK_ATTRIBUTE_TYPE, const BIGNUM*>> all) {
    for (const auto& [type, value] : all) {
        if (!given.has(type)) continue;
        const Number told = number_of(given.bytes(type));
        if (!told || BN_cmp(told.get(), value) != 0) return false;
    }
    return true;
}

// n, e, d, and the factors with what follows from them.
Result<SecretBytes> rsa_private_key(const Template& given) {
    Number n = number_of(given.bytes(CKA_MODULUS)), d = number_of(given.bytes(CKA_PRIVATE_EXPONENT)),
           e = number_of(given.bytes(CKA_PUBLIC_EXPONENT)), p = number_of(given.bytes(CKA_PRIME_1)),
           q = number_of(given.bytes(CKA_PRIME_2));
    if (!n || !d) return fail(CKR_TEMPLATE_INCOMPLETE);
    if (!e) e = number_of(Bytes{1, 0, 1});  // what it nearly always is; a wrong one shows below
    if (BN_num_bits(n.get()) > 16384 || BN_is_zero(n.get())) return kBad;
    if (!p || !q) {
        p.reset(BN_secure_new());
        q.reset(BN_secure_new());
        if (!factor(n.get(), e.get(), d.get(), p.get(), q.get())) return kBad;
    }
    const Handle<BN_CTX> context(BN_CTX_secure_new());
    const Number one(BN_new()), p1(BN_secure_new()), q1(BN_secure_new()), dp(BN_secure_new()),
        dq(BN_secure_new()), u(BN_secure_new());
    BN_one(one.get());
    BN_sub(p1.get(), p.get(), one.get());
    BN_sub(q1.get(), q.get(), one.get());
    if (BN_is_zero(p1.get()) || BN_is_zero(q1.get()) ||
        BN_mod(dp.get(), d.get(), p1.get(), context.get()) != 1 ||
        BN_mod(dq.get(), d.get(), q1.get(), context.get()) != 1 ||
        !BN_mod_inverse(u.get(), q.get(), p.get(), context.get()))
        return kBad;
    const bool factors = given.has(CKA_PRIME_1) && given.has(CKA_PRIME_2);
    if (factors &&
        !follow(given, {{CKA_EXPONENT_1, dp.get()}, {CKA_EXPONENT_2, dq.get()}, {CKA_COEFFICIENT, u.get()}}))
        return fail(CKR_TEMPLATE_INCONSISTENT);
    const Handle<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    const BIGNUM* const numbers[] = {n.get(), e.get(),  d.get(),  p.get(),
                                     q.get(), dp.get(), dq.get(), u.get()};
    for (std::size_t i = 0; i < std::size(kRsaComponents); ++i)
        if (OSSL_PARAM_BLD_push_BN(builder.get(), kRsaComponents[i].name, numbers[i]) != 1) return kBad;
    CS2SIM_TRY_LET(key, make_key("RSA", EVP_PKEY_KEYPAIR, builder.get()));
    return private_key_der(*key);
}

// The point that belongs to a private number.
Result<Bytes> point_of(const std::string& curve, const BIGNUM* secret) {
    const Handle<EC_GROUP> group(EC_GROUP_new_by_curve_name(OBJ_txt2nid(curve.c_str())));
    if (!group) return fail(CKR_CURVE_NOT_SUPPORTED);
    const Handle<EC_POINT> point(EC_POINT_new(group.get()));
    if (!point || EC_POINT_mul(group.get(), point.get(), secret, nullptr, nullptr, nullptr) != 1) return kBad;
    Bytes out(
        EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, nullptr, 0, nullptr));
    EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, out.data(), out.size(),
                       nullptr);
    return out;
}

// OpenSSL's name, of a name or an object identifier in DER.
std::string openssl_name(const std::string& curve) {
    if (!curve.empty() && curve[0] == V_ASN1_OBJECT) {
        const auto* at = reinterpret_cast<const unsigned char*>(curve.data());
        const Handle<ASN1_OBJECT> object(d2i_ASN1_OBJECT(nullptr, &at, static_cast<long>(curve.size())));
        const int nid = object ? OBJ_obj2nid(object.get()) : NID_undef;
        return nid == NID_undef ? std::string() : std::string(OBJ_nid2sn(nid));
    }
    if (boost::algorithm::iequals(curve, "edwards25519")) return "ED25519";
    if (boost::algorithm::iequals(curve, "curve25519")) return "X25519";
    return openssl_curve_name(curve);
}

Result<std::string> given_curve(const Template& given) {
    if (!given.has(CKA_EC_PARAMS)) return fail(CKR_TEMPLATE_INCOMPLETE);
    CS2SIM_TRY_LET(name, curve_name(given.bytes(CKA_EC_PARAMS)));
    const std::string known = openssl_name(name);
    if (known.empty()) return fail(CKR_CURVE_NOT_SUPPORTED);
    return known;
}

// The one curve of Edwards and Montgomery keys that there is, which must be the one that is named.
Result<const char*> raw_algorithm(const Template& given, CK_KEY_TYPE type) {
    CS2SIM_TRY_LET(curve, given_curve(given));
    const char* known = type == CKK_EC_EDWARDS ? "ED25519" : "X25519";
    if (curve != known) return fail(CKR_CURVE_NOT_SUPPORTED);
    return known;
}

Result<SecretBytes> ec_private_key(const Template& given) {
    CS2SIM_TRY_LET(curve, given_curve(given));
    const Number secret = number_of(given.bytes(CKA_VALUE));
    if (!secret) return fail(CKR_TEMPLATE_INCOMPLETE);
    CS2SIM_TRY_LET(point, point_of(curve, secret.get()));
    const Handle<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    if (OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.c_str(), 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                         point.size()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, secret.get()) != 1)
        return kBad;
    CS2SIM_TRY_LET(key, make_key("EC", EVP_PKEY_KEYPAIR, builder.get()));
    return private_key_der(*key);
}

Result<DomainParameters> given_group(const Template& given, CK_KEY_TYPE type) {
    const DomainParameters group = group_in(given);
    const bool dsa = type == CKK_DSA;
    if (group.p.empty() || group.g.empty() || (dsa && group.q.empty()) || !given.has(CKA_VALUE))
        return fail(CKR_TEMPLATE_INCOMPLETE);
    return group;
}

}  // namespace

Result<Bytes> public_key_of(const Template& given, CK_KEY_TYPE type) {
    Result<PublicKey> key = fail(CKR_KEY_TYPE_INCONSISTENT);
    if (type == CKK_RSA) {
        if (!given.has(CKA_MODULUS) || !given.has(CKA_PUBLIC_EXPONENT)) return fail(CKR_TEMPLATE_INCOMPLETE);
        key = rsa_public_key(given.bytes(CKA_MODULUS), given.bytes(CKA_PUBLIC_EXPONENT));
    } else if (type == CKK_EC) {
        CS2SIM_TRY_LET(curve, given_curve(given));
        if (!given.has(CKA_EC_POINT)) return fail(CKR_TEMPLATE_INCOMPLETE);
        key = ec_public_key(curve, point_in(given.bytes(CKA_EC_POINT), curve));
    } else if (type == CKK_EC_EDWARDS || type == CKK_EC_MONTGOMERY) {
        CS2SIM_TRY_LET(algorithm, raw_algorithm(given, type));
        const ByteView raw = point_in(given.bytes(CKA_EC_POINT), algorithm);
        if (raw.empty()) return fail(CKR_TEMPLATE_INCOMPLETE);
        key = PublicKey(EVP_PKEY_new_raw_public_key_ex(nullptr, algorithm, nullptr, raw.data(), raw.size()));
    } else if (type == CKK_DSA || type == CKK_DH) {
        CS2SIM_TRY_LET(group, given_group(given, type));
        key = public_key_in(group, type == CKK_DSA, given.bytes(CKA_VALUE));
    }
    if (!key) return fail(is_device_code(key.error().code) ? CKR_ATTRIBUTE_VALUE_INVALID : key.error().code);
    if (!*key) return kBad;
    return public_key_der(**key);
}

Result<SecretBytes> private_key_of(const Template& given, CK_KEY_TYPE type) {
    if (type == CKK_RSA) return rsa_private_key(given);
    if (type == CKK_EC) return ec_private_key(given);
    if (type == CKK_DSA || type == CKK_DH) {
        CS2SIM_TRY_LET(group, given_group(given, type));
        const auto key = private_key_in(group, type == CKK_DSA, given.bytes(CKA_VALUE));
        if (!key) return kBad;
        return private_key_der(**key);
    }
    if (type != CKK_EC_EDWARDS && type != CKK_EC_MONTGOMERY) return fail(CKR_KEY_TYPE_INCONSISTENT);
    CS2SIM_TRY_LET(algorithm, raw_algorithm(given, type));
    const ByteView raw = given.bytes(CKA_VALUE);
    if (raw.empty()) return fail(CKR_TEMPLATE_INCOMPLETE);
    const PrivateKey key(
        EVP_PKEY_new_raw_private_key_ex(nullptr, algorithm, nullptr, raw.data(), raw.size()));
    if (!key) return kBad;
    return private_key_der(*key);
}

Result<SecretBytes> component_of(ByteView pkcs8, CK_ATTRIBUTE_TYPE type) {
    const auto key = private_key_from_der(pkcs8);
    if (!key) return fail(E_CSA_PROTOCOL);
    const auto none = fail(CKR_ATTRIBUTE_TYPE_INVALID);
    const char* name = is_rsa(**key) || type != CKA_VALUE ? nullptr : OSSL_PKEY_PARAM_PRIV_KEY;
    for (const ComponentRow& row : kRsaComponents)
        if (is_rsa(**key) && row.type == type) name = row.name;
    if (!name) return none;
    if (type == CKA_VALUE && !is_ec(**key) && !is_dsa(**key) && !is_dh(**key)) {
        std::size_t size = 0;
        EVP_PKEY_get_raw_private_key(key->get(), nullptr, &size);
        SecretBytes raw(size);
        if (EVP_PKEY_get_raw_private_key(key->get(), raw.data(), &size) != 1) return none;
        return raw;
    }
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(key->get(), name, &number) != 1) return none;
    const Number owned(number);
    SecretBytes out(static_cast<std::size_t>(BN_num_bytes(number)));
    BN_bn2bin(number, out.data());
    return out;
}

}  // namespace cs2sim::p11
