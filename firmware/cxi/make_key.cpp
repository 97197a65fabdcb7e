#include "firmware/cxi/make_key.h"

#include <openssl/core_names.h>
#include <openssl/objects.h>

#include <algorithm>
#include <bit>
#include <ctime>

#include "firmware/crypto/key_outline.h"
#include "firmware/crypto/random.h"
#include "firmware/crypto/rsa_check.h"
#include "firmware/cxi/cxi_rules.h"
#include "firmware/cxi/finite_field_keys.h"
#include "firmware/cxi/key_components.h"
#include "firmware/cxi/work/portion.h"

namespace cs2sim {
namespace {

constexpr std::string_view kEd25519 = "Ed25519";
constexpr std::string_view kX25519 = "X25519";

bool same_text(std::string_view a, std::string_view b) {
    return std::ranges::equal(
        a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string known_curve(std::string_view name) {
    if (same_text(name, kEd25519) || same_text(name, "edwards25519")) return std::string(kEd25519);
    if (same_text(name, kX25519) || same_text(name, "curve25519")) return std::string(kX25519);
    return openssl_curve_name(name);
}

// EC_CURVE holds a name, an OID in DER, or an OID's content alone.
std::string curve_of(ByteView value) {
    if (std::string name = known_curve(as_text(value)); !name.empty()) return name;
    Bytes der = to_bytes(value);
    if (der.empty() || der.size() > 32) return {};
    if (der[0] != V_ASN1_OBJECT)
        der.insert(der.begin(), {V_ASN1_OBJECT, static_cast<std::uint8_t>(der.size())});
    const unsigned char* at = der.data();
    const Handle<ASN1_OBJECT> object(d2i_ASN1_OBJECT(nullptr, &at, static_cast<long>(der.size())));
    const int nid = object ? OBJ_obj2nid(object.get()) : NID_undef;
    return nid == NID_undef ? std::string() : known_curve(OBJ_nid2sn(nid));
}

bool size_fits(std::uint32_t algorithm, std::uint32_t bits) {
    switch (algorithm) {
        case CXI_KEY_ALGO_RAW:
            return bits >= 32 && bits <= 8192 && bits % 8 == 0;
        case CXI_KEY_ALGO_DES:
            return bits == 128 || bits == 192;
        case CXI_KEY_ALGO_AES:
            return bits == 128 || bits == 192 || bits == 256;
        case CXI_KEY_ALGO_RSA:
        case CXI_KEY_ALGO_DH:
        case CXI_KEY_ALGO_DH_PKCS:
            return bits >= 1024 && bits <= 8192 && bits % 8 == 0;
        case CXI_KEY_ALGO_DSA:
            return bits >= 1024 && bits <= 3072 && bits % 8 == 0;
        default:
            return true;
    }
}

bool is_curve_algorithm(std::uint32_t algorithm) {
    return algorithm == CXI_KEY_ALGO_EC || algorithm == CXI_KEY_ALGO_ECDH;
}

bool is_secret_algorithm(std::uint32_t algorithm) {
    return algorithm <= CXI_KEY_ALGO_AES || is_custom_algorithm(algorithm);
}

constexpr std::size_t kLongestSecret = 1024, kLongestCustom = 16384;  // bytes

Result<void> check_algorithm(std::uint32_t algorithm, const Circumstances& now) {
    const bool barred =
        (algorithm == CXI_KEY_ALGO_DES && !now.des3) || (is_finite_field(algorithm) && !now.dsa);
    const bool certified = is_certified(now.modes);  // whose tables tell the code
    if (is_custom_algorithm(algorithm) && !certified) return {};
    if (algorithm > CXI_KEY_ALGO_DH_PKCS || (barred && !certified)) return fail(E_CXI_KEY_INVALID_ALGO);
    return {};
}

void odd_parity(SecretBytes& key) {
    for (std::uint8_t& byte : key)
        if (std::popcount(byte) % 2 == 0) byte ^= 1;
}

Result<PrivateKey> generate_by_name(const char* type) {
    Handle<EVP_PKEY> key(EVP_PKEY_Q_keygen(nullptr, nullptr, type));
    if (!key) return fail(E_CXI_INTERNAL);
    return key;
}

Result<PrivateKey> generate_rsa_with(std::uint32_t bits, ByteView exponent, const Circumstances& now) {
    if (exponent.empty()) return generate_rsa(bits, {}, now.abandonment);
    const Handle<BIGNUM> e(
        BN_bin2bn(exponent.data(), static_cast<int>(std::min<std::size_t>(exponent.size(), 64)), nullptr));
    // FIPS 186-5, section 5.4: odd, 2^16 < e < 2^256. Smaller ones (3, 17) are let pass outside FIPS and CC.
    if (!e || exponent.size() > 32 || !BN_is_odd(e.get()) || BN_num_bits(e.get()) < 2)
        return fail(E_CXI_PROP_VAL);
    CS2SIM_TRY(approve_exponent(BN_num_bits(e.get()), now, E_CXI_PROP_VAL));
    auto key = generate_rsa(bits, exponent, now.abandonment);
    if (!key && key.error().code == E_VRSA_KGEN_FAILED) return fail(E_CXI_PROP_VAL);
    return key;
}

// What every made object has, whatever it is.
void finish_properties(KeyObject& key, std::uint32_t type, bool local, const Circumstances& now) {
    PropertyList& properties = key.properties;
    const std::uint32_t policy = key.export_policy();
    properties.set_number(CXI_PROP_KEY_TYPE, type);
    properties.set(CXI_PROP_KEY_DATE_GEN, date_of(now.milliseconds));
    if (type >= CXI_KEY_TYPE_DATA) return;
    if (type == CXI_KEY_TYPE_PUBLIC) return;
    properties.set_flag(CXI_PROP_LOCAL, local);
    if (local) keep_to_mode(properties, now.modes & kCertifiedModes);
    properties.set_flag(CXI_PROP_NEVER_EXTRACTABLE, local && (policy & 3) == 0);
    properties.set_flag(CXI_PROP_ALWAYS_SENSITIVE, local && (policy & CXI_KEY_EXPORT_ALLOW_PLAIN) == 0 &&
                                                       properties.flag_or(CXI_PROP_SENSITIVE, true));
}

// CHECK_VALUE in a template says what the key is expected to be; it is not kept, as it is computed.
Result<void> compare_check_value(KeyObject& key, const Circumstances& now) {
    const Bytes stated = to_bytes(key.properties.bytes(CXI_PROP_CHECK_VALUE));
    key.properties.erase(CXI_PROP_CHECK_VALUE);
    if (stated.empty() || !key.is_secret()) return {};
    CS2SIM_TRY_LET(actual, check_value(key));
    if (actual == stated) return {};
    return fail(now.restrictions.secure_import ? E_CXI_SECURE_PROP_CHECK_VALUE : E_CXI_PROP_COMPARE);
}

Result<void> expect_type(const PropertyList& properties, std::uint32_t type) {
    const auto given = properties.number(CXI_PROP_KEY_TYPE);
    const bool privates = given && type == CXI_KEY_TYPE_PRIVATE && *given >= CXI_KEY_TYPE_PRIVATE_ONLY &&
                          *given <= CXI_KEY_TYPE_PRIVATE_FULL;
    if (given && *given != type && !privates) return fail(E_CXI_KEY_TYPE);
    return {};
}

Result<void> agree_number(PropertyList& properties, std::uint32_t id, std::uint32_t actual,
                          std::uint32_t error) {
    const auto given = properties.number(id);
    if (given && *given != actual) return fail(error);
    properties.set_number(id, actual);
    return {};
}

struct Described {
    std::uint32_t algorithm = 0;
    std::uint32_t bits = 0;
    std::string curve;
};

Result<Described> describe_key(const EVP_PKEY& key) {
    if (is_rsa(key)) return Described{CXI_KEY_ALGO_RSA, key_bits(key), {}};
    if (is_ec(key)) return Described{CXI_KEY_ALGO_EC, key_bits(key), openssl_curve_name(ec_curve(key))};
    if (is_dsa(key)) return Described{CXI_KEY_ALGO_DSA, key_bits(key), {}};
    if (is_dh(key))
        return Described{has_subprime(key) ? CXI_KEY_ALGO_DH : CXI_KEY_ALGO_DH_PKCS, key_bits(key), {}};
    if (EVP_PKEY_is_a(&key, "ED25519") == 1) return Described{CXI_KEY_ALGO_EC, 256, std::string(kEd25519)};
    if (EVP_PKEY_is_a(&key, "X25519") == 1) return Described{CXI_KEY_ALGO_ECDH, 255, std::string(kX25519)};
    return fail(E_CXI_KEY_INVALID_ALGO);
}

// Checks the template against the key, and fills in what it left open.
Result<void> agree_on(PropertyList& properties, const EVP_PKEY& pkey, Use use, const Circumstances& now) {
    CS2SIM_TRY_LET(actual, describe_key(pkey));
    const std::uint32_t given = properties.number_or(CXI_PROP_KEY_ALGO, actual.algorithm);
    const bool both_curves =
        is_curve_algorithm(given) && is_ec(pkey);  // ECDSA and ECDH share NIST-like curves
    const bool both_dh = is_dh(pkey) && is_finite_field(given) && given != CXI_KEY_ALGO_DSA;
    if (given != actual.algorithm && !both_curves && !both_dh) return fail(E_CXI_PROP_COMPARE);
    CS2SIM_TRY(check_algorithm(given, now));
    if (is_finite_field(given)) CS2SIM_TRY(agree_on_group(properties, pkey));
    properties.set_number(CXI_PROP_KEY_ALGO, given);
    CS2SIM_TRY(agree_number(properties, CXI_PROP_KEY_SIZE, actual.bits, E_CXI_KEY_INVALID_SIZE));
    if (!size_fits(given, actual.bits)) return fail(E_CXI_KEY_INVALID_SIZE);
    if (is_curve_algorithm(given)) {
        if (actual.curve.empty()) return fail(E_ECA_NOT_FOUND);
        if (properties.has(CXI_PROP_KEY_EC_CURVE) &&
            curve_of(properties.bytes(CXI_PROP_KEY_EC_CURVE)) != actual.curve)
            return fail(E_CXI_PROP_COMPARE);
        properties.set(CXI_PROP_KEY_EC_CURVE, actual.curve);
    }
    if (is_rsa(pkey) && use == USE_MAKE) CS2SIM_TRY(approve_rsa(pkey, now));
    properties.erase(CXI_PROP_KEY_RSA_EXP);  // computed from the key
    CS2SIM_TRY(approve_key(now.modes, use, given, actual.bits, actual.curve));
    return is_dh(pkey) && !is_in_safe_group(pkey) ? approve_act(now.modes, Act::own_group) : Result<void>();
}

// Keys in a group that is none could be found out by what they do.
Result<void> check_group_of(const EVP_PKEY& key, const Circumstances& now) {
    const auto group = domain_parameters(key);
    if (!group) return {};  // of another kind
    return is_dsa(key) ? check_dsa_parameters(*group, now.abandonment)
                       : check_dh_parameters(*group, now.abandonment);
}

Result<void> check_material(const EVP_PKEY& key, bool is_public, const Circumstances& now) {
    if (!is_public && is_rsa(key)) return check_rsa_pair(key, now.abandonment);
    const Handle<EVP_PKEY_CTX> check(
        EVP_PKEY_CTX_new_from_pkey(nullptr, const_cast<EVP_PKEY*>(&key), nullptr));
    const int sound =
        is_public ? EVP_PKEY_public_check_quick(check.get()) : EVP_PKEY_pairwise_check(check.get());
    if (sound != 1) return fail(E_CXI_KEY_INVALID_COMP);
    return is_public ? Result<void>() : check_group_of(key, now);
}

std::uint32_t algorithm_of(const KeyOutline& outline) {
    if (outline.is_rsa()) return CXI_KEY_ALGO_RSA;
    if (outline.is_dsa()) return CXI_KEY_ALGO_DSA;
    if (outline.is_dh()) return CXI_KEY_ALGO_DH;
    return CXI_KEY_ALGO_EC;
}

// What would be refused once the key is decoded is refused before: decoding computes with numbers as long as
// the sender likes.
Result<void> check_outline(ByteView der, bool is_public, const Circumstances& now) {
    if (der.size() > kLongestKeyDer) return fail(E_CXI_KEY_INVALID_SIZE);
    const auto outline = is_public ? public_key_outline(der) : private_key_outline(der);
    if (!outline) return fail(E_CXI_KEY_INVALID_COMP);
    if (now.by_nobody && !is_public && outline->is_sized()) return fail(E_CXI_PERMISSION_DENIED);
    if (!size_fits(algorithm_of(*outline), outline->bits)) return fail(E_CXI_KEY_INVALID_SIZE);
    if (!outline->is_sound()) return fail(E_CXI_KEY_INVALID_COMP);
    return {};
}

// For whoever has not logged on: nothing that tests for primes, which takes up to ten seconds with 8192 bits.
// So private keys of these kinds are for users (check_outline()); of an RSA public key it stays open whether
// the modulus is a product. That concerns nobody but who brings it.
Result<void> check_at_little_cost(const EVP_PKEY& key, bool is_public) {
    if (const auto group = domain_parameters(key); group && !is_in_safe_group(key)) {
        // The public value to the power of q is 1: with numbers of 2048 bits that takes two milliseconds.
        constexpr std::size_t kMostWork = std::size_t{256} * 256 * 256;
        if (group->q.size() * group->p.size() * group->p.size() > kMostWork)
            return fail(E_CXI_PERMISSION_DENIED);
    }
    if (!is_rsa(key)) return check_material(key, is_public, {});
    constexpr std::size_t kLongExponent = 8;   // bytes: as much as OpenSSL takes
    constexpr std::size_t kLongModulus = 384;  // with a longer modulus than this
    CS2SIM_TRY_LET(modulus, key_number(key, OSSL_PKEY_PARAM_RSA_N));
    CS2SIM_TRY_LET(exponent, key_number(key, OSSL_PKEY_PARAM_RSA_E));
    const bool odd = !modulus.empty() && !exponent.empty() && (modulus.back() & exponent.back() & 1) != 0;
    const bool is_one = exponent.size() == 1 && exponent[0] == 1;
    const bool fits = exponent.size() < modulus.size() &&
                      (exponent.size() <= kLongExponent || modulus.size() <= kLongModulus);
    return odd && !is_one && fits ? Result<void>() : fail(E_CXI_KEY_INVALID_COMP);
}

Result<PrivateKey> generate_pair(const PropertyList& properties, std::uint32_t algorithm,
                                 const Circumstances& now) {
    if (algorithm == CXI_KEY_ALGO_RSA) {
        const auto bits = properties.number(CXI_PROP_KEY_SIZE);
        if (!bits) return fail(E_CXI_PROP_NOT_FOUND);
        if (!size_fits(algorithm, *bits)) return fail(E_CXI_KEY_INVALID_SIZE);
        CS2SIM_TRY(approve_key(now.modes, USE_MAKE, algorithm, *bits, {}));
        CS2SIM_TRY(approve_rsa_size(*bits, now));
        return generate_rsa_with(*bits, properties.bytes(CXI_PROP_KEY_RSA_EXP), now);
    }
    if (is_finite_field(algorithm)) return generate_in_group(properties, algorithm, now);
    if (!properties.has(CXI_PROP_KEY_EC_CURVE)) return fail(E_CXI_PROP_NOT_FOUND);
    const std::string curve = curve_of(properties.bytes(CXI_PROP_KEY_EC_CURVE));
    if (curve.empty()) return fail(E_ECA_NOT_FOUND);
    if (curve == kEd25519) return generate_by_name("ED25519");
    if (curve == kX25519) return generate_by_name("X25519");
    return generate_ec(curve);
}

}  // namespace

std::string date_of(std::int64_t milliseconds) {
    const std::time_t seconds = static_cast<std::time_t>(milliseconds / 1000);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[16];
    std::strftime(text, sizeof text, "%y%m%d%H%M%S", &parts);
    return text;
}

Result<PropertyList> creation_template(ByteView elements) {
    auto properties = PropertyList::decode(elements);
    CS2SIM_TRY(properties);
    for (const Property& property : *properties) {
        const PropertyRow* row = find_property(property.id);
        if (row && (row->access & PROP_AT_CREATION) == 0) return fail(E_CXI_PROP_ABSENT);
        CS2SIM_TRY(check_bits(property));
    }
    return properties;
}

Result<KeyObject> generate_key(PropertyList properties, Mechanism mechanism, const Circumstances& now) {
    const auto algorithm = properties.number(CXI_PROP_KEY_ALGO);
    if (!algorithm) return fail(E_CXI_PROP_NOT_FOUND);
    CS2SIM_TRY(check_algorithm(*algorithm, now));
    if (is_custom_algorithm(*algorithm)) return fail(E_CXI_KEY_INVALID_ALGO);  // its module makes it
    const bool secret = is_secret_algorithm(*algorithm);
    const std::uint32_t type = secret ? CXI_KEY_TYPE_SECRET : CXI_KEY_TYPE_PRIVATE;
    CS2SIM_TRY(expect_type(properties, type));
    KeyObject key;
    if (secret) {
        const auto bits = properties.number(CXI_PROP_KEY_SIZE);
        if (!bits) return fail(E_CXI_PROP_NOT_FOUND);
        if (!size_fits(*algorithm, *bits)) return fail(E_CXI_KEY_INVALID_SIZE);
        CS2SIM_TRY(approve_key(now.modes, USE_MAKE, *algorithm, *bits, {}));
        key.material = random_secret(*bits / 8);
        if (*algorithm == CXI_KEY_ALGO_DES) odd_parity(key.material);
    } else {
        CS2SIM_TRY_LET(pair, generate_pair(properties, *algorithm, now));
        CS2SIM_TRY(agree_on(properties, *pair, USE_MAKE, now));
        key.material = private_key_der(*pair);
    }
    key.properties = std::move(properties);
    key.properties.set_number(CXI_PROP_KEY_GEN_MECHANISM, mechanism.value);
    finish_properties(key, type, true, now);
    CS2SIM_TRY(compare_check_value(key, now));
    return key;
}

Result<KeyObject> key_from_material(PropertyList properties, std::uint32_t type, ByteView material,
                                    const Circumstances& now) {
    KeyObject key;
    if (type == CXI_KEY_TYPE_SECRET) {
        const auto algorithm = properties.number(CXI_PROP_KEY_ALGO);
        if (!algorithm) return fail(E_CXI_PROP_NOT_FOUND);
        CS2SIM_TRY(check_algorithm(*algorithm, now));
        if (!is_secret_algorithm(*algorithm)) return fail(E_CXI_KEY_INVALID_ALGO);
        if (material.size() > (is_custom_algorithm(*algorithm) ? kLongestCustom : kLongestSecret))
            return fail(E_CXI_KEY_INVALID_SIZE);
        const auto bits = static_cast<std::uint32_t>(material.size() * 8);
        // The size of a custom key is what its module calls so.
        if (!is_custom_algorithm(*algorithm) || !properties.has(CXI_PROP_KEY_SIZE))
            CS2SIM_TRY(agree_number(properties, CXI_PROP_KEY_SIZE, bits, E_CXI_KEY_INVALID_SIZE));
        if (!size_fits(*algorithm, bits)) return fail(E_CXI_KEY_INVALID_SIZE);
        CS2SIM_TRY(approve_key(now.modes, USE_MAKE, *algorithm, bits, {}));
        if (*algorithm == CXI_KEY_ALGO_DES) CS2SIM_TRY(approve_des(material, now));
        key.material = to_secret(material);
    } else {
        const bool is_public = type == CXI_KEY_TYPE_PUBLIC;
        CS2SIM_TRY(check_outline(material, is_public, now));
        const auto pkey = is_public ? public_key_from_der(material) : private_key_from_der(material);
        if (!pkey) return fail(E_CXI_KEY_INVALID_COMP);
        CS2SIM_TRY(agree_on(properties, **pkey, is_public ? USE_VERIFY : USE_MAKE, now));
        CS2SIM_TRY(now.by_nobody ? check_at_little_cost(**pkey, is_public)
                                 : check_material(**pkey, is_public, now));
        key.material = is_public ? to_secret(public_key_der(**pkey)) : private_key_der(**pkey);
        if (!is_public) type = CXI_KEY_TYPE_PRIVATE;
    }
    CS2SIM_TRY(expect_type(properties, type));
    key.properties = std::move(properties);
    finish_properties(key, type, false, now);
    CS2SIM_TRY(compare_check_value(key, now));
    return key;
}

Result<KeyObject> public_half(PropertyList properties, const KeyObject& private_key,
                              const Circumstances& now) {
    const auto pkey = private_key_from_der(private_key.material);
    if (!pkey) return fail(E_CXI_KEY_INVALID_COMP);
    auto half = key_from_material(std::move(properties), CXI_KEY_TYPE_PUBLIC, public_key_der(**pkey), now);
    // In another group it is a key from outside: the settings there say nothing of who decrypts.
    if (half && half->group() == private_key.group() &&
        private_key.properties.flag_or(CXI_PROP_LOCAL, false)) {
        half->properties.set_flag(CXI_PROP_LOCAL, true);
        keep_to_mode(half->properties, private_key.made_in());
    }
    return half;
}

Result<KeyObject> storage_object(PropertyList properties, const Circumstances& now) {
    const std::uint32_t type = properties.number_or(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_DATA);
    if (type < CXI_KEY_TYPE_DATA || type > CXI_KEY_TYPE_DOMAIN_PARAMETER) return fail(E_CXI_KEY_TYPE);
    if (!properties.has(CXI_PROP_VALUE)) return fail(E_CXI_KEY_MISSING_COMP);
    const std::uint32_t algorithm = type == CXI_KEY_TYPE_CERT ? CXI_KEY_ALGO_X509 : CXI_KEY_ALGO_RAW;
    CS2SIM_TRY(agree_number(properties, CXI_PROP_KEY_ALGO, algorithm, E_CXI_KEY_INVALID_ALGO));
    const auto bits = static_cast<std::uint32_t>(properties.bytes(CXI_PROP_VALUE).size() * 8);
    properties.set_number(CXI_PROP_KEY_SIZE, bits);
    properties.erase(CXI_PROP_CHECK_VALUE);
    KeyObject object{std::move(properties), {}};
    finish_properties(object, type, false, now);
    return object;
}

}  // namespace cs2sim
