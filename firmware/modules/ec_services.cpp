// Services of ECA and ECDSA.
#include <openssl/core_names.h>

#include <algorithm>

#include "firmware/crypto/der.h"
#include "firmware/crypto/random.h"
#include "firmware/modules/curves.h"

namespace cs2sim::services {
namespace {

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

// The place of a curve that OpenSSL knows; a new one unless the module has it.
Result<std::size_t> place_of(const ServiceCall& call, const std::string& curve) {
    if (const auto place = place_of_curve(call.holdings(), curve)) return *place;
    return keep_curve(call.holdings(), {.name = curve, .oid = {}, .group = {}, .modulus = {}});
}

// A key of a caller's numbers; wrong ones are a bad key.
Result<PrivateKey> private_of(const ServiceCall& call, const ModuleCurve& curve) {
    auto key = curve_private_key(curve, call.request.bytes("x"));
    if (!key) return fail(E_ECDSA_BAD_SKEY);
    return key;
}

}  // namespace

namespace {

// What ec_curve and ec_register answer of a curve in that place.
Result<Bytes> describe_curve(const ServiceCall& call, std::size_t place, const EC_GROUP& group,
                             std::string_view name, ByteView oid) {
    const Handle<BIGNUM> p(BN_new()), a(BN_new()), b(BN_new());
    const std::size_t field = size_of(EC_GROUP_get_degree(&group));
    Bytes g(1 + 2 * field);
    if (!p || !a || !b || EC_GROUP_get_curve(&group, p.get(), a.get(), b.get(), nullptr) != 1 ||
        EC_POINT_point2oct(&group, EC_GROUP_get0_generator(&group), POINT_CONVERSION_UNCOMPRESSED, g.data(),
                           g.size(), nullptr) != g.size())
        return fail(E_ECA_MEM);
    return call.answer({place, name, oid, EC_GROUP_get_degree(&group),
                        bytes_of(EC_GROUP_get0_order(&group), order_size(group)), g, bytes_of(p.get(), field),
                        bytes_of(a.get(), field), bytes_of(b.get(), field),
                        BN_get_word(EC_GROUP_get0_cofactor(&group))});
}

// A curve of the module's own by its name or its OID, as it registered it.
std::optional<std::size_t> own_curve(const ServiceCall& call, std::string_view name, ByteView oid) {
    const auto& curves = call.holdings().curves;
    for (std::size_t place = 0; place < curves.size(); ++place)
        if (curves[place].used && curves[place].group &&
            (name.empty() ? !oid.empty() && std::ranges::equal(curves[place].oid, oid)
                          : curves[place].name == name))
            return place;
    return std::nullopt;
}

}  // namespace

Result<Bytes> ec_curve(ServiceCall& call) {
    const std::string_view asked = call.request.text("name");
    if (asked.size() > kLongestName) return fail(E_ECA_NOT_FOUND);
    if (const auto own = own_curve(call, asked, call.request.bytes("oid"))) {
        const ModuleCurve& curve = call.holdings().curves[*own];
        return describe_curve(call, *own, *curve.group, curve.name, curve.oid);
    }
    if (is_edwards_name(asked) || std::ranges::equal(call.request.bytes("oid"), kEdwardsOid)) {
        CS2SIM_TRY_LET(place, place_of(call, std::string(kEdwards)));
        return call.answer({place, asked.empty() ? kEdwards : asked, ByteView(kEdwardsOid), 255,
                            bytes_of(kEdwardsOrder), bytes_of(kEdwardsG), bytes_of(kEdwardsPrime),
                            bytes_of(kEdwardsA), bytes_of(kEdwardsD), 8});
    }
    const std::string curve =
        asked.empty() ? name_of_oid(call.request.bytes("oid")) : openssl_curve_name(asked);
    if (curve.empty()) return fail(E_ECA_NOT_FOUND);
    CS2SIM_TRY_LET(place, place_of(call, curve));
    CS2SIM_TRY_LET(group, group_of(call.holdings().curves[place]));
    return describe_curve(call, place, *group, asked.empty() ? std::string_view(curve) : asked,
                          oid_of(EC_GROUP_get_curve_name(group.get())));
}

// Names and OIDs are the module's to give, but none that says another curve.
Result<Bytes> ec_register(ServiceCall& call) {
    const std::string_view name = call.request.text("name");
    const ByteView oid = call.request.bytes("oid");
    if (name.size() > kLongestName || oid.size() > 127) return fail(E_ECA_LEN);
    CS2SIM_TRY_LET(
        group, group_of_numbers({call.request.bytes("p"), call.request.bytes("a"), call.request.bytes("b"),
                                 call.request.bytes("g"), call.request.bytes("order")}));
    const auto own = own_curve(call, name, oid);
    const std::string known = name.empty() ? name_of_oid(oid) : openssl_curve_name(name);
    if (own || !known.empty()) {
        CS2SIM_TRY_LET(other, own ? group_of(call.holdings().curves[*own])
                                  : group_of({.name = known, .oid = {}, .group = {}, .modulus = {}}));
        return fail(EC_GROUP_cmp(group.get(), other.get(), nullptr) == 0 ? E_ECA_EXISTS : E_ECA_ECDP_DIFFER);
    }
    CS2SIM_TRY_LET(place, keep_curve(call.holdings(), {.name = std::string(name),
                                                       .oid = to_bytes(oid),
                                                       .group = std::move(group),
                                                       .modulus = {}}));
    return describe_curve(call, place, *call.holdings().curves[place].group, name, oid);
}

// What has the same numbers, of the module's own or of those with a name.
Result<Bytes> ec_find(ServiceCall& call) {
    CS2SIM_TRY_LET(
        group, group_of_numbers({call.request.bytes("p"), call.request.bytes("a"), call.request.bytes("b"),
                                 call.request.bytes("g"), call.request.bytes("order")}));
    const auto& curves = call.holdings().curves;
    for (std::size_t place = 0; place < curves.size(); ++place)
        if (curves[place].group && EC_GROUP_cmp(group.get(), curves[place].group.get(), nullptr) == 0)
            return describe_curve(call, place, *group, curves[place].name, curves[place].oid);
    const int nid = EC_GROUP_check_named_curve(group.get(), 0, nullptr);
    const std::string known = nid == NID_undef ? std::string() : openssl_curve_name(OBJ_nid2sn(nid));
    if (known.empty()) return fail(E_ECA_NOT_FOUND);
    CS2SIM_TRY_LET(place, place_of(call, known));
    return describe_curve(call, place, *group, known, oid_of(nid));
}

Result<Bytes> ec_modulus(ServiceCall& call) {
    constexpr std::size_t kLongestModulus = 66;  // as the process has room for
    const ByteView bytes = call.request.bytes("modulus");
    if (bytes.size() > kLongestModulus) return fail(E_ECA_TOO_BIG);
    Handle<BIGNUM> modulus(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
    if (!modulus) return fail(E_ECA_MEM);
    if (BN_cmp(modulus.get(), BN_value_one()) <= 0) return fail(E_ECA_BAD_VALUE);
    CS2SIM_TRY_LET(place, keep_curve(call.holdings(),
                                     {.name = {}, .oid = {}, .group = {}, .modulus = std::move(modulus)}));
    return call.answer({place});
}

Result<Bytes> ec_unregister(ServiceCall& call) {
    auto& curves = call.holdings().curves;
    const std::uint32_t place = call.request.u32("curve");
    if (place >= curves.size() || (!curves[place].group && !curves[place].modulus))
        return fail(E_ECA_BAD_PARAM);
    curves[place] = {};
    return call.answer({});
}

Result<Bytes> ec_generate(ServiceCall& call) {
    CS2SIM_TRY_LET(curve, curve_of(call));
    if (curve->name == kEdwards) {
        const SecretBytes x = random_secret(kEdwardsSize);
        const auto key = edwards_key(x);
        if (!key) return fail(E_ECDSA_KGEN_FAILED);
        return call.answer({ByteView(x), edwards_point(*key)});
    }
    CS2SIM_TRY_LET(group, group_of(*curve));
    CS2SIM_TRY_LET(key, curve_key(*curve));
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, &raw) != 1)
        return fail(E_ECDSA_KGEN_FAILED);
    const Handle<BIGNUM> x(raw);
    return call.answer({bytes_of(x.get(), order_size(*group)), ec_point(*key)});
}

Result<Bytes> ec_check(ServiceCall& call) {
    CS2SIM_TRY_LET(curve, curve_of(call));
    const ByteView x = call.request.bytes("x"), y = call.request.bytes("y");
    if (curve->name == kEdwards) {
        const auto own = edwards_key(x);
        if (!x.empty() && !own) return fail(E_ECDSA_BAD_SKEY);
        if (!y.empty() && !edwards_public_key(y)) return fail(E_ECDSA_BAD_PKEY);
        if (own && !y.empty() && !std::ranges::equal(edwards_point(*own), y)) return fail(E_ECDSA_BAD_KEY);
        return call.answer({});
    }
    if (!y.empty() && !curve_public_key(*curve, y)) return fail(E_ECDSA_BAD_PKEY);
    if (x.empty()) return call.answer({});
    CS2SIM_TRY_LET(key, private_of(call, *curve));
    CS2SIM_TRY_LET(belongs, curve_public_key(*curve, y.empty() ? ByteView(ec_point(*key)) : y));
    if (ec_point(*belongs) != ec_point(*key)) return fail(E_ECDSA_BAD_KEY);
    return call.answer({});
}

Result<Bytes> ec_public(ServiceCall& call) {
    CS2SIM_TRY_LET(curve, curve_of(call));
    if (curve->name == kEdwards) {
        const auto own = edwards_key(call.request.bytes("x"));
        if (!own) return fail(E_ECDSA_BAD_SKEY);
        return call.answer({edwards_point(*own)});
    }
    CS2SIM_TRY_LET(key, private_of(call, *curve));
    return call.answer({ec_point(*key)});
}

Result<Bytes> ec_sign(ServiceCall& call) {
    CS2SIM_TRY_LET(curve, curve_of(call));
    CS2SIM_TRY_LET(group, group_of(*curve));
    CS2SIM_TRY_LET(key, private_of(call, *curve));
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
    auto key = curve_public_key(*curve, call.request.bytes("y"));
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
    CS2SIM_TRY_LET(own, private_of(call, *curve));
    auto peer = curve_public_key(*curve, call.request.bytes("peer"));
    if (!peer) return fail(E_ECDSA_BAD_PKEY);
    CS2SIM_TRY_LET(secret, ecdh(*own, **peer));
    return Bytes(secret.begin(), secret.end());
}

}  // namespace cs2sim::services
