// Services of ECA and ECDSA.
#include <openssl/core_names.h>

#include <algorithm>

#include "firmware/crypto/der.h"
#include "firmware/crypto/openssl.h"
#include "firmware/crypto/pkey.h"
#include "firmware/crypto/random.h"
#include "firmware/modules/service.h"

namespace cs2sim::services {
namespace {

constexpr std::size_t kMostCurves = 64;
constexpr std::size_t kLongestName = 80;

Bytes bytes_of(const BIGNUM* number, std::size_t size) {
    Bytes bytes(size);
    BN_bn2binpad(number, bytes.data(), static_cast<int>(size));
    return bytes;
}

std::size_t size_of(int bits) { return (static_cast<std::size_t>(bits) + 7) / 8; }

// By the contents of an OBJECT IDENTIFIER.
std::string name_of_oid(ByteView oid) {
    if (oid.empty() || oid.size() > 127) return {};
    Bytes der{0x06, static_cast<std::uint8_t>(oid.size())};
    append(der, oid);
    const unsigned char* at = der.data();
    const Handle<ASN1_OBJECT> object(d2i_ASN1_OBJECT(nullptr, &at, static_cast<long>(der.size())));
    const int nid = object ? OBJ_obj2nid(object.get()) : NID_undef;
    return nid == NID_undef ? std::string() : openssl_curve_name(OBJ_nid2sn(nid));
}

Bytes oid_of(int nid) {
    const ASN1_OBJECT* object = OBJ_nid2obj(nid);
    const auto* bytes = OBJ_get0_data(object);
    return Bytes(bytes, bytes + OBJ_length(object));
}

Result<std::string> curve_of(const ServiceCall& call) {
    const std::uint32_t place = call.request.u32("curve");
    if (place >= call.holdings().curves.size()) return fail(E_ECDSA_BAD_PARAM);
    return call.holdings().curves[place];
}

Result<Handle<EC_GROUP>> group_of(const std::string& curve) {
    Handle<EC_GROUP> group(EC_GROUP_new_by_curve_name(OBJ_txt2nid(curve.c_str())));
    if (!group) return fail(E_ECA_NOT_FOUND);
    return group;
}

std::size_t order_size(const EC_GROUP& group) { return size_of(EC_GROUP_order_bits(&group)); }

// --- Ed25519: no group of OpenSSL's, keys are 32 bytes as RFC 8032 has them ---

constexpr std::string_view kEdwards = "ED25519";
constexpr std::size_t kEdwardsSize = 32;
// RFC 7748, section 4.1: 2^255 - 19, and the order 2^252 + 2774...; RFC 8032, section 5.1: a = -1, d.
constexpr std::string_view kEdwardsPrime = "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFED",
                           kEdwardsOrder = "1000000000000000000000000000000014DEF9DEA2F79CD65812631A5CF5D3ED",
                           kEdwardsA = "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEC",
                           kEdwardsD = "52036CEE2B6FFE738CC740797779E89800700A4D4141D8AB75EB4DCA135978A3",
                           kEdwardsG = "5866666666666666666666666666666666666666666666666666666666666666";
constexpr std::uint8_t kEdwardsOid[] = {0x2B, 0x65, 0x70};

Bytes bytes_of(std::string_view hex) {
    Bytes bytes;
    from_hex(hex, bytes);
    return bytes;
}

bool is_edwards_name(std::string_view name) {
    return name.size() <= kLongestName &&
           (OPENSSL_strcasecmp(std::string(name).c_str(), "ed25519") == 0 ||
            OPENSSL_strcasecmp(std::string(name).c_str(), "edwards25519") == 0);
}

Handle<EVP_PKEY> edwards_key(ByteView x) {
    return Handle<EVP_PKEY>(x.size() != kEdwardsSize ? nullptr
                                                     : EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr,
                                                                                    x.data(), x.size()));
}
Handle<EVP_PKEY> edwards_public_key(ByteView y) {
    return Handle<EVP_PKEY>(y.size() != kEdwardsSize
                                ? nullptr
                                : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, y.data(), y.size()));
}

Bytes edwards_point(const EVP_PKEY& key) {
    Bytes point(kEdwardsSize);
    std::size_t size = point.size();
    EVP_PKEY_get_raw_public_key(&key, point.data(), &size);
    return point;
}

// The place of a curve among the module's; E_ECA_MEM when there are too many.
Result<std::size_t> place_of(const ServiceCall& call, const std::string& curve) {
    auto& curves = call.holdings().curves;
    const auto place = std::ranges::find(curves, curve);
    if (place != curves.end()) return static_cast<std::size_t>(place - curves.begin());
    if (curves.size() == kMostCurves) return fail(E_ECA_MEM);
    curves.push_back(curve);
    return curves.size() - 1;
}

// A key of a caller's numbers; wrong ones are a bad key.
Result<PrivateKey> private_of(const ServiceCall& call, const std::string& curve) {
    auto key = ec_private_key(curve, call.request.bytes("x"));
    if (!key) return fail(E_ECDSA_BAD_SKEY);
    return key;
}

}  // namespace

Result<Bytes> ec_curve(ServiceCall& call) {
    const std::string_view asked = call.request.text("name");
    if (asked.size() > kLongestName) return fail(E_ECA_NOT_FOUND);
    if (is_edwards_name(asked) || std::ranges::equal(call.request.bytes("oid"), kEdwardsOid)) {
        CS2SIM_TRY_LET(place, place_of(call, std::string(kEdwards)));
        return call.answer({place, asked.empty() ? kEdwards : asked, ByteView(kEdwardsOid), 255,
                            bytes_of(kEdwardsOrder), bytes_of(kEdwardsG), bytes_of(kEdwardsPrime),
                            bytes_of(kEdwardsA), bytes_of(kEdwardsD), 8});
    }
    const std::string curve =
        asked.empty() ? name_of_oid(call.request.bytes("oid")) : openssl_curve_name(asked);
    if (curve.empty()) return fail(E_ECA_NOT_FOUND);
    CS2SIM_TRY_LET(group, group_of(curve));
    CS2SIM_TRY_LET(place, place_of(call, curve));
    const Handle<BIGNUM> p(BN_new()), a(BN_new()), b(BN_new());
    const std::size_t field = size_of(EC_GROUP_get_degree(group.get()));
    Bytes g(1 + 2 * field);
    if (!p || !a || !b || EC_GROUP_get_curve(group.get(), p.get(), a.get(), b.get(), nullptr) != 1 ||
        EC_POINT_point2oct(group.get(), EC_GROUP_get0_generator(group.get()), POINT_CONVERSION_UNCOMPRESSED,
                           g.data(), g.size(), nullptr) != g.size())
        return fail(E_ECA_MEM);
    return call.answer({place, asked.empty() ? std::string_view(curve) : asked,
                        oid_of(EC_GROUP_get_curve_name(group.get())), EC_GROUP_get_degree(group.get()),
                        bytes_of(EC_GROUP_get0_order(group.get()), order_size(*group)), g,
                        bytes_of(p.get(), field), bytes_of(a.get(), field), bytes_of(b.get(), field),
                        BN_get_word(EC_GROUP_get0_cofactor(group.get()))});
}

Result<Bytes> ec_generate(ServiceCall& call) {
    CS2SIM_TRY_LET(curve, curve_of(call));
    if (curve == kEdwards) {
        const SecretBytes x = random_secret(kEdwardsSize);
        const auto key = edwards_key(x);
        if (!key) return fail(E_ECDSA_KGEN_FAILED);
        return call.answer({ByteView(x), edwards_point(*key)});
    }
    CS2SIM_TRY_LET(group, group_of(curve));
    CS2SIM_TRY_LET(key, generate_ec(curve));
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, &raw) != 1)
        return fail(E_ECDSA_KGEN_FAILED);
    const Handle<BIGNUM> x(raw);
    return call.answer({bytes_of(x.get(), order_size(*group)), ec_point(*key)});
}

Result<Bytes> ec_check(ServiceCall& call) {
    CS2SIM_TRY_LET(curve, curve_of(call));
    const ByteView x = call.request.bytes("x"), y = call.request.bytes("y");
    if (curve == kEdwards) {
        const auto own = edwards_key(x);
        if (!x.empty() && !own) return fail(E_ECDSA_BAD_SKEY);
        if (!y.empty() && !edwards_public_key(y)) return fail(E_ECDSA_BAD_PKEY);
        if (own && !y.empty() && !std::ranges::equal(edwards_point(*own), y)) return fail(E_ECDSA_BAD_KEY);
        return call.answer({});
    }
    if (!y.empty() && !ec_public_key(curve, y)) return fail(E_ECDSA_BAD_PKEY);
    if (x.empty()) return call.answer({});
    CS2SIM_TRY_LET(key, private_of(call, curve));
    CS2SIM_TRY_LET(belongs, ec_public_key(curve, y.empty() ? ByteView(ec_point(*key)) : y));
    if (ec_point(*belongs) != ec_point(*key)) return fail(E_ECDSA_BAD_KEY);
    return call.answer({});
}

Result<Bytes> ec_public(ServiceCall& call) {
    CS2SIM_TRY_LET(curve, curve_of(call));
    if (curve == kEdwards) {
        const auto own = edwards_key(call.request.bytes("x"));
        if (!own) return fail(E_ECDSA_BAD_SKEY);
        return call.answer({edwards_point(*own)});
    }
    CS2SIM_TRY_LET(key, private_of(call, curve));
    return call.answer({ec_point(*key)});
}

Result<Bytes> ec_sign(ServiceCall& call) {
    CS2SIM_TRY_LET(curve, curve_of(call));
    CS2SIM_TRY_LET(group, group_of(curve));
    CS2SIM_TRY_LET(key, private_of(call, curve));
    const ByteView hash = call.request.bytes("hash");
    const Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
    Bytes der(2 * order_size(*group) + 16);
    std::size_t size = der.size();
    if (!context || EVP_PKEY_sign_init(context.get()) != 1 ||
        EVP_PKEY_sign(context.get(), der.data(), &size, hash.data(), hash.size()) != 1)
        return fail(E_ECDSA_BAD_PARAM);
    const unsigned char* at = der.data();
    const Handle<ECDSA_SIG> signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
    if (!signature) return fail(E_ECDSA_MEM);
    return call.answer({bytes_of(ECDSA_SIG_get0_r(signature.get()), order_size(*group)),
                        bytes_of(ECDSA_SIG_get0_s(signature.get()), order_size(*group))});
}

Result<Bytes> ec_verify(ServiceCall& call) {
    CS2SIM_TRY_LET(curve, curve_of(call));
    auto key = ec_public_key(curve, call.request.bytes("y"));
    if (!key) return fail(E_ECDSA_BAD_PKEY);
    const ByteView r = call.request.bytes("r"), s = call.request.bytes("s"),
                   hash = call.request.bytes("hash");
    if (r.size() > 256 || s.size() > 256) return fail(E_ECDSA_BAD_SIGN_FMT);
    const Handle<ECDSA_SIG> signature(ECDSA_SIG_new());
    Handle<BIGNUM> r_number(BN_bin2bn(r.data(), static_cast<int>(r.size()), nullptr));
    Handle<BIGNUM> s_number(BN_bin2bn(s.data(), static_cast<int>(s.size()), nullptr));
    if (!signature || !r_number || !s_number ||
        ECDSA_SIG_set0(signature.get(), r_number.get(), s_number.get()) != 1)
        return fail(E_ECDSA_MEM);
    static_cast<void>(r_number.release());  // the signature's now
    static_cast<void>(s_number.release());
    const Bytes der = der_of(signature.get(), i2d_ECDSA_SIG);
    if (der.empty()) return fail(E_ECDSA_MEM);
    const Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key->get(), nullptr));
    if (!context || EVP_PKEY_verify_init(context.get()) != 1) return fail(E_ECDSA_MEM);
    if (EVP_PKEY_verify(context.get(), der.data(), der.size(), hash.data(), hash.size()) != 1)
        return fail(E_ECDSA_VERIFY_FAILED);
    return call.answer({});
}

// Of the whole message: RFC 8032, section 5.1.
Result<Bytes> edwards_sign(ServiceCall& call) {
    const auto key = edwards_key(call.request.bytes("x"));
    if (!key) return fail(E_ECDSA_BAD_SKEY);
    const ByteView message = call.request.bytes("message");
    const Handle<EVP_MD_CTX> context(EVP_MD_CTX_new());
    Bytes signature(2 * kEdwardsSize);
    std::size_t size = signature.size();
    if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
        EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) != 1)
        return fail(E_ECDSA_MEM);
    return signature;
}

Result<Bytes> edwards_verify(ServiceCall& call) {
    const auto key = edwards_public_key(call.request.bytes("y"));
    if (!key) return fail(E_ECDSA_BAD_PKEY);
    const ByteView message = call.request.bytes("message"), signature = call.request.bytes("signature");
    const Handle<EVP_MD_CTX> context(EVP_MD_CTX_new());
    if (!context || EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1)
        return fail(E_ECDSA_MEM);
    if (EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) !=
        1)
        return fail(E_ECDSA_VERIFY_FAILED);
    return call.answer({});
}

Result<Bytes> ec_dh(ServiceCall& call) {
    CS2SIM_TRY_LET(curve, curve_of(call));
    CS2SIM_TRY_LET(own, private_of(call, curve));
    auto peer = ec_public_key(curve, call.request.bytes("peer"));
    if (!peer) return fail(E_ECDSA_BAD_PKEY);
    CS2SIM_TRY_LET(secret, ecdh(*own, **peer));
    return Bytes(secret.begin(), secret.end());
}

}  // namespace cs2sim::services
