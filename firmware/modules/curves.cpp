#include "firmware/modules/curves.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <algorithm>

namespace cs2sim::services {
namespace {

constexpr std::size_t kMostCurves = 64;
constexpr int kSmallestField = 112, kLargestField = 528;  // bits

Handle<BIGNUM> number_of(ByteView bytes) {
    return Handle<BIGNUM>(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
}

bool is_prime(const BIGNUM* number, BN_CTX* context) { return BN_check_prime(number, context, nullptr) == 1; }

// The group's numbers as parameters of a key; `numbers` keeps what they point to.
bool push_group(OSSL_PARAM_BLD* builder, const EC_GROUP& group, const Handle<BIGNUM> (&numbers)[3],
                Bytes& generator) {
    return EC_GROUP_get_curve(&group, numbers[0].get(), numbers[1].get(), numbers[2].get(), nullptr) == 1 &&
           EC_POINT_point2oct(&group, EC_GROUP_get0_generator(&group), POINT_CONVERSION_UNCOMPRESSED,
                              generator.data(), generator.size(), nullptr) == generator.size() &&
           OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_EC_FIELD_TYPE, SN_X9_62_prime_field, 0) &&
           OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_EC_P, numbers[0].get()) &&
           OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_EC_A, numbers[1].get()) &&
           OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_EC_B, numbers[2].get()) &&
           OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_EC_GENERATOR, generator.data(),
                                            generator.size()) &&
           OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_EC_ORDER, EC_GROUP_get0_order(&group)) &&
           OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_EC_COFACTOR, EC_GROUP_get0_cofactor(&group));
}

std::size_t point_size(const EC_GROUP& group) {
    return 1 + 2 * ((static_cast<std::size_t>(EC_GROUP_get_degree(&group)) + 7) / 8);
}

// x: null of a public key.
Handle<EVP_PKEY> key_of(const EC_GROUP& group, const BIGNUM* x, ByteView point) {
    const Handle<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    const Handle<BIGNUM> numbers[3] = {Handle<BIGNUM>(BN_new()), Handle<BIGNUM>(BN_new()),
                                       Handle<BIGNUM>(BN_new())};
    Bytes generator(point_size(group));
    if (!builder || !numbers[0] || !numbers[1] || !numbers[2] ||
        !push_group(builder.get(), group, numbers, generator) ||
        !OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                          point.size()) ||
        (x && !OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, x)))
        return {};
    const std::unique_ptr<OSSL_PARAM, void (*)(OSSL_PARAM*)> parameters(
        OSSL_PARAM_BLD_to_param(builder.get()), OSSL_PARAM_free);
    const Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    EVP_PKEY* key = nullptr;
    if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, x ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                          parameters.get()) != 1)
        return {};
    return Handle<EVP_PKEY>(key);
}

// Precondition: x is between 1 and the order.
Result<PrivateKey> pair_of(const EC_GROUP& group, const BIGNUM& x) {
    const Handle<EC_POINT> point(EC_POINT_new(&group));
    Bytes encoded(point_size(group));
    if (!point || EC_POINT_mul(&group, point.get(), &x, nullptr, nullptr, nullptr) != 1 ||
        EC_POINT_point2oct(&group, point.get(), POINT_CONVERSION_UNCOMPRESSED, encoded.data(), encoded.size(),
                           nullptr) != encoded.size())
        return fail(E_ECA_MEM);
    PrivateKey key = key_of(group, &x, encoded);
    if (!key) return fail(E_ECA_BAD_VALUE);
    return key;
}

// Not singular: 4 a^3 + 27 b^2 is not 0.
bool is_smooth(const EC_GROUP& group, BN_CTX* context) {
    return EC_GROUP_check_discriminant(&group, context) == 1;
}

// On the curve, not infinity, and the order times it is infinity.
bool has_order(const EC_GROUP& group, const EC_POINT& g, const BIGNUM& order, BN_CTX* context) {
    const Handle<EC_POINT> product(EC_POINT_new(&group));
    return product && EC_POINT_is_at_infinity(&group, &g) == 0 &&
           EC_POINT_mul(&group, product.get(), nullptr, &g, &order, context) == 1 &&
           EC_POINT_is_at_infinity(&group, product.get()) == 1;
}

}  // namespace

Result<Handle<EC_GROUP>> group_of_numbers(const CurveNumbers& numbers) {
    for (const ByteView bytes : {numbers.p, numbers.a, numbers.b, numbers.order})
        if (bytes.size() > kLargestField / 8 + 1) return fail(E_ECA_TOO_BIG);
    const Handle<BIGNUM> p = number_of(numbers.p), a = number_of(numbers.a), b = number_of(numbers.b),
                         order = number_of(numbers.order);
    const Handle<BN_CTX> context(BN_CTX_new());
    if (!p || !a || !b || !order || !context) return fail(E_ECA_MEM);
    if (BN_num_bits(p.get()) > kLargestField || BN_num_bits(order.get()) > kLargestField)
        return fail(E_ECA_TOO_BIG);
    if (BN_num_bits(p.get()) < kSmallestField || !is_prime(p.get(), context.get()) ||
        !is_prime(order.get(), context.get()) || BN_cmp(a.get(), p.get()) >= 0 ||
        BN_cmp(b.get(), p.get()) >= 0)
        return fail(E_ECA_BAD_DOMAIN_PARA);
    Handle<EC_GROUP> group(EC_GROUP_new_curve_GFp(p.get(), a.get(), b.get(), context.get()));
    if (!group || !is_smooth(*group, context.get())) return fail(E_ECA_BAD_DOMAIN_PARA);
    const Handle<EC_POINT> g(EC_POINT_new(group.get()));
    if (!g ||
        EC_POINT_oct2point(group.get(), g.get(), numbers.g.data(), numbers.g.size(), context.get()) != 1)
        return fail(E_ECA_BAD_POINT);
    // OpenSSL reckons the cofactor by Hasse's theorem; one that is not 1 leaves points of small order.
    if (!has_order(*group, *g, *order, context.get()) ||
        EC_GROUP_set_generator(group.get(), g.get(), order.get(), nullptr) != 1 ||
        !BN_is_one(EC_GROUP_get0_cofactor(group.get())))
        return fail(E_ECA_BAD_DOMAIN_PARA);
    return group;
}

Result<std::size_t> keep_curve(ModuleHoldings& holdings, ModuleCurve curve) {
    auto& curves = holdings.curves;
    const auto free = std::ranges::find_if(curves, [](const ModuleCurve& one) { return !one.used; });
    if (free == curves.end() && curves.size() == kMostCurves) return fail(E_ECA_MEM);
    const auto place = static_cast<std::size_t>(free - curves.begin());
    if (free == curves.end()) curves.emplace_back();
    curves[place] = std::move(curve);
    curves[place].used = true;
    return place;
}

std::optional<std::size_t> place_of_curve(const ModuleHoldings& holdings, std::string_view name) {
    const auto found = std::ranges::find_if(holdings.curves, [&](const ModuleCurve& one) {
        return one.used && !one.modulus && !name.empty() && one.name == name;
    });
    if (found == holdings.curves.end()) return std::nullopt;
    return static_cast<std::size_t>(found - holdings.curves.begin());
}

Result<const ModuleCurve*> curve_of(const ServiceCall& call) {
    const auto& curves = call.holdings().curves;
    const std::uint32_t place = call.request.u32("curve");
    if (place >= curves.size() || !curves[place].used || curves[place].modulus)
        return fail(E_ECDSA_BAD_PARAM);
    return &curves[place];
}

Result<Handle<EC_GROUP>> group_of(const ModuleCurve& curve) {
    Handle<EC_GROUP> group(curve.group ? EC_GROUP_dup(curve.group.get())
                                       : EC_GROUP_new_by_curve_name(OBJ_txt2nid(curve.name.c_str())));
    if (!group) return fail(E_ECA_NOT_FOUND);
    return group;
}

Result<PrivateKey> curve_key(const ModuleCurve& curve) {
    if (!curve.group) return generate_ec(curve.name);
    const Handle<BIGNUM> x(BN_secure_new());
    do {
        if (!x || BN_priv_rand_range(x.get(), EC_GROUP_get0_order(curve.group.get())) != 1)
            return fail(E_ECDSA_KGEN_FAILED);
    } while (BN_is_zero(x.get()));
    return pair_of(*curve.group, *x);
}

Result<PrivateKey> curve_private_key(const ModuleCurve& curve, ByteView x) {
    if (!curve.group) return ec_private_key(curve.name, x);
    const Handle<BIGNUM> number(BN_secure_new());
    if (!number || !BN_bin2bn(x.data(), static_cast<int>(x.size()), number.get())) return fail(E_ECA_MEM);
    if (BN_is_zero(number.get()) || BN_cmp(number.get(), EC_GROUP_get0_order(curve.group.get())) >= 0)
        return fail(E_ECA_BAD_VALUE);
    return pair_of(*curve.group, *number);
}

Result<PublicKey> curve_public_key(const ModuleCurve& curve, ByteView point) {
    if (!curve.group) return ec_public_key(curve.name, point);
    const Handle<EC_POINT> there(EC_POINT_new(curve.group.get()));
    if (!there ||
        EC_POINT_oct2point(curve.group.get(), there.get(), point.data(), point.size(), nullptr) != 1 ||
        EC_POINT_is_at_infinity(curve.group.get(), there.get()) != 0)
        return fail(E_ECA_BAD_POINT);
    PublicKey key = key_of(*curve.group, nullptr, point);
    if (!key) return fail(E_ECA_BAD_POINT);
    return key;
}

}  // namespace cs2sim::services
