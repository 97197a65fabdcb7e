#include "firmware/crypto/finite_field.h"

#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/dh.h>
#include <openssl/dsa.h>

#include <algorithm>

#include "firmware/crypto/der.h"
#include "firmware/crypto/prime_search.h"

namespace cs2sim {
namespace {

constexpr std::chrono::seconds kLongest{120};

struct DsaSize {
    unsigned p_bits, q_bits;
};
constexpr DsaSize kDsaSizes[] = {{1024, 160}, {2048, 256}, {2048, 224}, {3072, 256}};  // the usual first

struct NamedGroup {
    unsigned bits;
    const char* name;
};
constexpr NamedGroup kGroups[] = {
    {2048, "ffdhe2048"}, {3072, "ffdhe3072"}, {4096, "ffdhe4096"}, {6144, "ffdhe6144"}, {8192, "ffdhe8192"}};

// OpenSSL's names.
constexpr std::string_view kSafeGroups[] = {"modp_2048", "modp_3072", "modp_4096", "modp_6144", "modp_8192",
                                            "ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192"};

Handle<BIGNUM> number(ByteView bytes) {
    constexpr std::size_t kMost = 1024;  // bytes: the longest modulus
    if (bytes.empty() || bytes.size() > kMost) return nullptr;
    return Handle<BIGNUM>(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
}

// OpenSSL's name of keys in such a group.
const char* type_of(const DomainParameters& group, bool dsa) {
    if (dsa) return "DSA";
    return group.q.empty() ? "DH" : "DHX";
}

// A key of its numbers; without any it is the group alone.
Result<Handle<EVP_PKEY>> key_in(const char* type, const DomainParameters& group, int selection,
                                const BIGNUM* y = nullptr, const BIGNUM* x = nullptr) {
    const auto p = number(group.p), g = number(group.g), q = number(group.q);
    const Handle<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    const auto push = [&](const char* name, const BIGNUM* value) {
        return !value || OSSL_PARAM_BLD_push_BN(builder.get(), name, value) == 1;
    };
    if (!p || !g || (!q && !group.q.empty()) || !builder || !BN_is_odd(p.get()) ||
        BN_cmp(g.get(), BN_value_one()) <= 0 || BN_cmp(g.get(), p.get()) >= 0 ||
        !push(OSSL_PKEY_PARAM_FFC_P, p.get()) || !push(OSSL_PKEY_PARAM_FFC_G, g.get()) ||
        !push(OSSL_PKEY_PARAM_FFC_Q, q.get()) || !push(OSSL_PKEY_PARAM_PUB_KEY, y) ||
        !push(OSSL_PKEY_PARAM_PRIV_KEY, x))
        return fail(E_CXI_KEY_INVALID_COMP);
    auto key = key_from_parameters(type, builder.get(), selection);
    if (!key) return fail(E_CXI_KEY_INVALID_COMP);
    return key;
}

Result<PrivateKey> generate_in(const char* type, const DomainParameters& parameters) {
    CS2SIM_TRY_LET(group, key_in(type, parameters, EVP_PKEY_KEY_PARAMETERS));
    const Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, group.get(), nullptr));
    EVP_PKEY* key = nullptr;
    if (!context || EVP_PKEY_keygen_init(context.get()) != 1 || EVP_PKEY_generate(context.get(), &key) != 1)
        return fail(E_CXI_KEY_INVALID_COMP);
    return PrivateKey(key);
}

Result<DomainParameters> search(EVP_PKEY_CTX* context, const Abandonment* abandonment) {
    const PrimeSearch searching(abandonment, kLongest);
    searching.watch(context);
    EVP_PKEY* found = nullptr;
    const bool made = EVP_PKEY_generate(context, &found) == 1;
    const Handle<EVP_PKEY> group(found);
    CS2SIM_TRY(searching.check());
    if (!made) return fail(E_CXI_INTERNAL);
    return domain_parameters(*group);
}

Result<DomainParameters> decode_group(ByteView text, const char* format, const char* type) {
    EVP_PKEY* key = nullptr;
    const std::unique_ptr<OSSL_DECODER_CTX, void (*)(OSSL_DECODER_CTX*)> decoder(
        OSSL_DECODER_CTX_new_for_pkey(&key, format, nullptr, type, EVP_PKEY_KEY_PARAMETERS, nullptr, nullptr),
        OSSL_DECODER_CTX_free);
    const unsigned char* rest = text.data();
    std::size_t size = text.size();
    if (!decoder || size == 0 || OSSL_DECODER_from_data(decoder.get(), &rest, &size) != 1)
        return fail(E_ASN1_DECODE_ERR);
    const Handle<EVP_PKEY> owned(key);
    return domain_parameters(*owned);
}

// Whether the numbers are what a group's must be; without Q only P is known.
Result<void> check_group(const DomainParameters& group, const Abandonment* abandonment) {
    const auto p = number(group.p), q = number(group.q), g = number(group.g);
    const Handle<BN_CTX> scratch(BN_CTX_new());
    const Handle<BIGNUM> rest(BN_new());
    if (!scratch || !rest) return fail(E_CXI_MALLOC);
    if (!p || !g || (!q && !group.q.empty()) || !BN_is_odd(p.get()) || BN_cmp(g.get(), BN_value_one()) <= 0 ||
        BN_sub(rest.get(), p.get(), BN_value_one()) != 1 || BN_cmp(g.get(), rest.get()) >= 0)
        return fail(E_CXI_KEY_INVALID_COMP);
    // The cheap ones first.
    if (q &&
        (!BN_is_odd(q.get()) || BN_is_one(q.get()) ||
         BN_mod(rest.get(), p.get(), q.get(), scratch.get()) != 1 || !BN_is_one(rest.get()) ||
         BN_mod_exp(rest.get(), g.get(), q.get(), p.get(), scratch.get()) != 1 || !BN_is_one(rest.get())))
        return fail(E_CXI_KEY_INVALID_COMP);
    const PrimeSearch testing(abandonment, kLongest);
    const OwnedCallback callback(BN_GENCB_new());
    if (!callback) return fail(E_CXI_MALLOC);
    testing.watch(callback.get());
    const bool prime = (!q || BN_check_prime(q.get(), scratch.get(), callback.get()) == 1) &&
                       BN_check_prime(p.get(), scratch.get(), callback.get()) == 1;
    CS2SIM_TRY(testing.check());
    if (!prime) return fail(E_CXI_KEY_INVALID_COMP);
    return {};
}

// OpenSSL's name of the group, when it is one of RFC 7919, 3526 or 5114; else empty.
std::string name_of(const EVP_PKEY& key) {
    char name[64];
    std::size_t size = 0;
    return EVP_PKEY_get_group_name(&key, name, sizeof name, &size) == 1 ? std::string(name, size)
                                                                        : std::string();
}

bool is_usual(unsigned p_bits, unsigned q_bits) {
    return std::ranges::any_of(
        kDsaSizes, [&](const DsaSize& size) { return size.p_bits == p_bits && size.q_bits == q_bits; });
}

}  // namespace

bool is_dsa(const EVP_PKEY& key) { return EVP_PKEY_get_id(&key) == EVP_PKEY_DSA; }
bool is_dh(const EVP_PKEY& key) {
    const int id = EVP_PKEY_get_id(&key);
    return id == EVP_PKEY_DH || id == EVP_PKEY_DHX;
}
bool has_subprime(const EVP_PKEY& key) { return is_dsa(key) || EVP_PKEY_get_id(&key) == EVP_PKEY_DHX; }

unsigned usual_subprime(unsigned p_bits) {
    const auto* size = std::ranges::find(kDsaSizes, p_bits, &DsaSize::p_bits);
    return size == std::end(kDsaSizes) ? 0 : size->q_bits;
}

Result<DomainParameters> generate_dsa_parameters(unsigned p_bits, unsigned q_bits,
                                                 const Abandonment* abandonment) {
    if (!is_usual(p_bits, q_bits)) return fail(E_CXI_KEY_INVALID_SIZE);
    const Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "DSA", nullptr));
    if (!context || EVP_PKEY_paramgen_init(context.get()) != 1 ||
        EVP_PKEY_CTX_set_dsa_paramgen_bits(context.get(), static_cast<int>(p_bits)) != 1 ||
        EVP_PKEY_CTX_set_dsa_paramgen_q_bits(context.get(), static_cast<int>(q_bits)) != 1)
        return fail(E_CXI_INTERNAL);
    return search(context.get(), abandonment);
}

// FIPS 186-4, appendix A.2.1: h to the power of (p - 1) / q, for the first h that gives no 1.
Result<Bytes> generate_generator(ByteView p_bytes, ByteView q_bytes) {
    const auto p = number(p_bytes), q = number(q_bytes);
    const Handle<BN_CTX> scratch(BN_CTX_new());
    const Handle<BIGNUM> e(BN_new()), rest(BN_new()), h(BN_new()), g(BN_new());
    if (!p || !q || !scratch || !e || !rest || !h || !g || !BN_is_odd(p.get()) ||
        BN_cmp(q.get(), BN_value_one()) <= 0 || BN_cmp(q.get(), p.get()) >= 0)
        return fail(E_CXI_KEY_INVALID_COMP);
    if (BN_sub(e.get(), p.get(), BN_value_one()) != 1 ||
        BN_div(e.get(), rest.get(), e.get(), q.get(), scratch.get()) != 1 || !BN_is_zero(rest.get()))
        return fail(E_CXI_KEY_INVALID_COMP);
    for (BN_ULONG base = 2; base < 64; ++base) {
        if (BN_set_word(h.get(), base) != 1 ||
            BN_mod_exp(g.get(), h.get(), e.get(), p.get(), scratch.get()) != 1)
            return fail(E_CXI_INTERNAL);
        if (BN_is_zero(g.get()) || BN_is_one(g.get())) continue;
        Bytes out(static_cast<std::size_t>(BN_num_bytes(g.get())));
        BN_bn2bin(g.get(), out.data());
        return out;
    }
    return fail(E_CXI_KEY_INVALID_COMP);
}

Result<void> check_dsa_parameters(const DomainParameters& parameters, const Abandonment* abandonment) {
    const auto p = number(parameters.p), q = number(parameters.q);
    if (!p || !q) return fail(E_CXI_KEY_INVALID_COMP);
    const int p_bits = BN_num_bits(p.get()), q_bits = BN_num_bits(q.get());
    const bool sizes = p_bits >= 1024 && p_bits <= 3072 && (q_bits == 160 || q_bits == 224 || q_bits == 256);
    if (!sizes) return fail(E_CXI_KEY_INVALID_COMP);
    return check_group(parameters, abandonment);
}

bool is_in_safe_group(const EVP_PKEY& key) {
    return is_dh(key) && std::ranges::find(kSafeGroups, name_of(key)) != std::end(kSafeGroups);
}

Result<void> check_dh_parameters(const DomainParameters& parameters, const Abandonment* abandonment) {
    const auto key = dh_parameters_key(parameters);
    if (key && !name_of(**key).empty()) return {};
    return check_group(parameters, abandonment);
}

Result<DomainParameters> dh_group(unsigned bits, const Abandonment* abandonment) {
    const auto* known = std::ranges::find(kGroups, bits, &NamedGroup::bits);
    if (known != std::end(kGroups)) {
        const Handle<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
        if (!builder ||
            !OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, known->name, 0))
            return fail(E_CXI_MALLOC);
        const auto group = key_from_parameters("DH", builder.get(), EVP_PKEY_KEY_PARAMETERS);
        if (!group) return fail(E_CXI_INTERNAL);
        return domain_parameters(*group);
    }
    if (bits < 1024 || bits > 2048 || bits % 8 != 0) return fail(E_CXI_KEY_INVALID_SIZE);
    // Of this type OpenSSL searches for a safe prime unless told otherwise.
    const Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr));
    if (!context || EVP_PKEY_paramgen_init(context.get()) != 1 ||
        EVP_PKEY_CTX_set_dh_paramgen_prime_len(context.get(), static_cast<int>(bits)) != 1)
        return fail(E_CXI_INTERNAL);
    return search(context.get(), abandonment);
}

Result<DomainParameters> read_domain_parameters(ByteView text) {
    for (const char* format : {"PEM", "DER"})
        for (const char* type : {"DSA", "DHX", "DH"})  // what has a subprime first
            if (auto group = decode_group(text, format, type)) return group;
    return fail(E_ASN1_DECODE_ERR);
}

Result<PrivateKey> generate_dsa(const DomainParameters& parameters) { return generate_in("DSA", parameters); }

Result<PrivateKey> generate_dh(const DomainParameters& parameters) {
    return generate_in(parameters.q.empty() ? "DH" : "DHX", parameters);
}

Result<Handle<EVP_PKEY>> dh_parameters_key(const DomainParameters& parameters) {
    return key_in(type_of(parameters, false), parameters, EVP_PKEY_KEY_PARAMETERS);
}

Result<Bytes> domain_parameters_der(const DomainParameters& parameters) {
    const auto group =
        key_in(type_of(parameters, !parameters.q.empty()), parameters, EVP_PKEY_KEY_PARAMETERS);
    CS2SIM_TRY(group);
    Bytes der = der_of(group->get(), i2d_KeyParams);
    if (der.empty()) return fail(E_CXI_KEY_INVALID_COMP);
    return der;
}

Result<PublicKey> public_key_in(const DomainParameters& group, bool dsa, ByteView value) {
    const auto y = number(value);
    if (!y || value.size() > group.p.size()) return fail(E_CXI_KEY_INVALID_COMP);
    return key_in(type_of(group, dsa), group, EVP_PKEY_PUBLIC_KEY, y.get());
}

Result<PrivateKey> private_key_in(const DomainParameters& group, bool dsa, ByteView value) {
    const auto x = number(value), p = number(group.p), g = number(group.g);
    const Handle<BN_CTX> scratch(BN_CTX_secure_new());
    const Handle<BIGNUM> y(BN_new());
    if (!x || !p || !g || !scratch || !y || !BN_is_odd(p.get()) || value.size() > group.p.size())
        return fail(E_CXI_KEY_INVALID_COMP);
    BN_set_flags(x.get(), BN_FLG_CONSTTIME);
    if (BN_mod_exp(y.get(), g.get(), x.get(), p.get(), scratch.get()) != 1)
        return fail(E_CXI_KEY_INVALID_COMP);
    return key_in(type_of(group, dsa), group, EVP_PKEY_KEYPAIR, y.get(), x.get());
}

Result<DomainParameters> domain_parameters(const EVP_PKEY& key) {
    DomainParameters parameters;
    if (!is_dsa(key) && !is_dh(key)) return fail(E_CXI_PROP_NOT_FOUND);
    auto p = key_number(key, OSSL_PKEY_PARAM_FFC_P), g = key_number(key, OSSL_PKEY_PARAM_FFC_G);
    if (!p || !g) return fail(E_CXI_PROP_NOT_FOUND);
    parameters.p = *std::move(p);
    parameters.g = *std::move(g);
    if (has_subprime(key))
        if (auto q = key_number(key, OSSL_PKEY_PARAM_FFC_Q)) parameters.q = *std::move(q);
    return parameters;
}

Result<Bytes> public_value(const EVP_PKEY& key) {
    if (!is_dsa(key) && !is_dh(key)) return fail(E_CXI_PROP_NOT_FOUND);
    return key_number(key, OSSL_PKEY_PARAM_PUB_KEY);
}

unsigned subprime_bits(const EVP_PKEY& key) {
    if (!has_subprime(key)) return 0;
    const auto q = key_number(key, OSSL_PKEY_PARAM_FFC_Q);
    const auto value = q ? number(*q) : nullptr;
    return value ? static_cast<unsigned>(BN_num_bits(value.get())) : 0;
}

Result<PublicKey> dh_public_key(const EVP_PKEY& own, ByteView value) {
    const auto parameters = domain_parameters(own);
    if (!parameters) return fail(E_CXI_KEY_INVALID_COMP);
    return public_key_in(*parameters, false, value);
}

Result<SecretBytes> dh_agree(const EVP_PKEY& own, const EVP_PKEY& peer, bool keep_zeros) {
    if (!may_agree(own, peer)) return fail(E_CXI_KEY_INVALID_COMP);
    const Handle<EVP_PKEY_CTX> context(
        EVP_PKEY_CTX_new_from_pkey(nullptr, const_cast<EVP_PKEY*>(&own), nullptr));
    std::size_t size = 0;
    if (!context || EVP_PKEY_derive_init(context.get()) != 1 ||
        EVP_PKEY_CTX_set_dh_pad(context.get(), 1) != 1 ||
        EVP_PKEY_derive_set_peer(context.get(), const_cast<EVP_PKEY*>(&peer)) != 1 ||
        EVP_PKEY_derive(context.get(), nullptr, &size) != 1)
        return fail(E_CXI_KEY_INVALID_COMP);
    SecretBytes secret(size);
    if (EVP_PKEY_derive(context.get(), secret.data(), &size) != 1) return fail(E_CXI_KEY_INVALID_COMP);
    secret.resize(size);
    if (!keep_zeros)
        secret.erase(secret.begin(),
                     std::ranges::find_if(secret, [](std::uint8_t byte) { return byte != 0; }));
    return secret;
}

}  // namespace cs2sim
