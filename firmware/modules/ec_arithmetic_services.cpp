// Services of ECA's arithmetic: points of curves, numbers modulo their order.
#include "firmware/modules/curves.h"

namespace cs2sim::services {
namespace {

constexpr std::size_t kLongestNumber = 1024;  // bytes

using Number = Handle<BIGNUM>;
using Point = Handle<EC_POINT>;

Result<const ModuleCurve*> held(const ServiceCall& call) {
    const auto& curves = call.holdings().curves;
    const std::uint32_t place = call.request.u32("curve");
    if (place >= curves.size() || !curves[place].used) return fail(E_ECA_BAD_PARAM);
    return &curves[place];
}

// Of a short Weierstrass curve. Ed25519 has no group here, nor have numbers alone: E_ECA_NOT_SUPP.
Result<Handle<EC_GROUP>> points_of(const ServiceCall& call) {
    CS2SIM_TRY_LET(curve, held(call));
    auto group = curve->modulus ? fail(E_ECA_NOT_SUPP) : group_of(*curve);
    if (!group) return fail(E_ECA_NOT_SUPP);
    return group;
}

// What numbers are reduced by: the order, or a modulus.
Result<Number> modulus_of(const ServiceCall& call) {
    CS2SIM_TRY_LET(curve, held(call));
    if (curve->modulus) return Number(BN_dup(curve->modulus.get()));
    CS2SIM_TRY_LET(group, points_of(call));
    return Number(BN_dup(EC_GROUP_get0_order(group.get())));
}

// Empty: 0.
Result<Number> number_of(ByteView bytes) {
    if (bytes.size() > kLongestNumber) return fail(E_ECA_LEN);
    Number number(BN_secure_new());
    if (!number || !BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), number.get()))
        return fail(E_ECA_MEM);
    return number;
}

// A scalar as EC_POINT_mul takes it: modulo the order.
Result<Number> scalar_of(const EC_GROUP& group, ByteView bytes, BN_CTX* context) {
    CS2SIM_TRY_LET(number, number_of(bytes));
    if (BN_nnmod(number.get(), number.get(), EC_GROUP_get0_order(&group), context) != 1)
        return fail(E_ECA_MEM);
    BN_set_flags(number.get(), BN_FLG_CONSTTIME);
    return Result<Number>(std::move(number));
}

// Empty: infinity. One that is not on the curve is none.
Result<Point> point_of(const EC_GROUP& group, ByteView bytes, BN_CTX* context) {
    Point point(EC_POINT_new(&group));
    if (!point) return fail(E_ECA_MEM);
    if (bytes.empty()) {
        EC_POINT_set_to_infinity(&group, point.get());
        return point;
    }
    if (bytes[0] > 4 || bytes[0] == 1) return fail(E_ECA_BAD_TAG);
    if (EC_POINT_oct2point(&group, point.get(), bytes.data(), bytes.size(), context) != 1)
        return fail(E_ECA_BAD_POINT);
    return point;
}

enum Work : std::uint8_t { kAdd = 1, kSubtract, kMultiply, kDivide, kRemainder };

}  // namespace

Result<Bytes> ec_sum(ServiceCall& call) {
    CS2SIM_TRY_LET(group, points_of(call));
    const Handle<BN_CTX> context(BN_CTX_secure_new());
    if (!context) return fail(E_ECA_MEM);
    CS2SIM_TRY_LET(g, scalar_of(*group, call.request.bytes("g"), context.get()));
    CS2SIM_TRY_LET(k, scalar_of(*group, call.request.bytes("k"), context.get()));
    CS2SIM_TRY_LET(p, point_of(*group, call.request.bytes("p"), context.get()));
    CS2SIM_TRY_LET(q, point_of(*group, call.request.bytes("q"), context.get()));
    const Point times_g(EC_POINT_new(group.get())), times_p(EC_POINT_new(group.get()));
    if (!times_g || !times_p ||
        EC_POINT_mul(group.get(), times_g.get(), g.get(), nullptr, nullptr, context.get()) != 1 ||
        EC_POINT_mul(group.get(), times_p.get(), nullptr, p.get(), k.get(), context.get()) != 1 ||
        EC_POINT_add(group.get(), times_g.get(), times_g.get(), times_p.get(), context.get()) != 1 ||
        EC_POINT_add(group.get(), times_g.get(), times_g.get(), q.get(), context.get()) != 1)
        return fail(E_ECA_MEM);
    Bytes out(1 + 2 * ((static_cast<std::size_t>(EC_GROUP_get_degree(group.get())) + 7) / 8));
    out.resize(EC_POINT_point2oct(group.get(), times_g.get(), POINT_CONVERSION_UNCOMPRESSED, out.data(),
                                  out.size(), context.get()));
    return out;
}

Result<Bytes> ec_number(ServiceCall& call) {
    CS2SIM_TRY_LET(modulus, modulus_of(call));
    const Handle<BN_CTX> context(BN_CTX_secure_new());
    const BIGNUM* const order = modulus.get();
    if (!order) return fail(E_ECA_MEM);
    CS2SIM_TRY_LET(a, number_of(call.request.bytes("a")));
    CS2SIM_TRY_LET(b, number_of(call.request.bytes("b")));
    const Number made(BN_secure_new());
    if (!context || !made) return fail(E_ECA_MEM);
    int done = 0;
    switch (call.request.u8("work")) {
        case kAdd:
            done = BN_mod_add(made.get(), a.get(), b.get(), order, context.get());
            break;
        case kSubtract:
            done = BN_mod_sub(made.get(), a.get(), b.get(), order, context.get());
            break;
        case kDivide:
            if (BN_nnmod(b.get(), b.get(), order, context.get()) != 1) return fail(E_ECA_MEM);
            if (BN_is_zero(b.get())) return fail(E_ECA_DIV0);
            if (!BN_mod_inverse(b.get(), b.get(), order, context.get())) return fail(E_ECA_NO_INVERSE);
            [[fallthrough]];
        case kMultiply:
            done = BN_mod_mul(made.get(), a.get(), b.get(), order, context.get());
            break;
        case kRemainder:
            done = BN_nnmod(made.get(), a.get(), order, context.get());
            break;
        default:
            return fail(E_ECA_BAD_PARAM);
    }
    Bytes out((static_cast<std::size_t>(BN_num_bits(order)) + 7) / 8);
    if (done != 1 || BN_bn2binpad(made.get(), out.data(), static_cast<int>(out.size())) < 0)
        return fail(E_ECA_MEM);
    return out;
}

}  // namespace cs2sim::services
