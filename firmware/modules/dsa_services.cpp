// Services of DSA and of agreement over finite fields. DSA has no codes that a public source gives: ECDSA's
// stand for them.
#include <openssl/dsa.h>

#include <algorithm>

#include "firmware/crypto/der.h"
#include "firmware/crypto/finite_field.h"
#include "firmware/crypto/openssl.h"
#include "firmware/modules/service.h"

namespace cs2sim::services {
namespace {

constexpr std::size_t kLongestPrime = 1024;  // bytes
constexpr std::size_t kShortestSubprime = 20;
constexpr std::size_t kLongestHash = 64;

struct DsaSigFree {
    void operator()(DSA_SIG* p) const { DSA_SIG_free(p); }
};
using Signature = std::unique_ptr<DSA_SIG, DsaSigFree>;

ByteView without_zeros(ByteView bytes) {
    const auto first = std::ranges::find_if(bytes, [](std::uint8_t byte) { return byte != 0; });
    return bytes.subspan(static_cast<std::size_t>(first - bytes.begin()));
}

Result<DomainParameters> group_of(const ServiceCall& call) {
    DomainParameters group{to_bytes(without_zeros(call.request.bytes("p"))),
                           to_bytes(without_zeros(call.request.bytes("q"))),
                           to_bytes(without_zeros(call.request.bytes("g")))};
    // With a short or even Q OpenSSL might look for a number that is not there, for ever.
    if (group.p.size() > kLongestPrime || group.q.size() < kShortestSubprime ||
        group.q.size() > group.p.size() || group.q.back() % 2 == 0 || group.g.empty() ||
        group.g.size() > group.p.size())
        return fail(E_ECDSA_BAD_PARAM);
    return group;
}

Handle<BIGNUM> number_of(ByteView bytes) {
    Handle<BIGNUM> number(BN_secure_new());
    if (number && !BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), number.get())) number.reset();
    return number;
}

SecretBytes padded(const BIGNUM* number, std::size_t size) {
    SecretBytes bytes(size);
    if (BN_bn2binpad(number, bytes.data(), static_cast<int>(size)) < 0) bytes.clear();
    return bytes;
}

Result<PrivateKey> private_of(const ServiceCall& call, const DomainParameters& group) {
    auto key = private_key_in(group, true, without_zeros(call.request.bytes("x")));
    if (!key) return fail(E_ECDSA_BAD_SKEY);
    return key;
}
Result<PublicKey> public_of(const ServiceCall& call, const DomainParameters& group) {
    auto key = public_key_in(group, true, without_zeros(call.request.bytes("y")));
    if (!key) return fail(E_ECDSA_BAD_PKEY);
    return key;
}

}  // namespace

Result<Bytes> dsa_parameters(ServiceCall& call) {
    const auto group =
        generate_dsa_parameters(call.request.u32("p_bits"), call.request.u32("q_bits"), call.abandonment());
    if (!group)
        return fail(group.error().code == E_CXI_KEY_INVALID_SIZE ? E_ECDSA_BAD_PARAM : group.error().code);
    return call.answer({group->p, group->q, group->g});
}

Result<Bytes> dsa_key(ServiceCall& call) {
    CS2SIM_TRY_LET(group, group_of(call));
    const auto key = generate_dsa(group);
    if (!key) return fail(E_ECDSA_KGEN_FAILED);
    CS2SIM_TRY_LET(x, private_number(**key, group.q.size()));
    CS2SIM_TRY_LET(y, public_value(**key));
    return call.answer({ByteView(x), ByteView(padded(number_of(y).get(), group.p.size()))});
}

Result<Bytes> dsa_check(ServiceCall& call) {
    CS2SIM_TRY_LET(group, group_of(call));
    if (!check_dsa_parameters(group, call.abandonment())) return fail(E_ECDSA_BAD_KEY_FMT);
    if (!call.request.bytes("y").empty()) CS2SIM_TRY(public_of(call, group));
    if (call.request.bytes("x").empty()) return call.answer({});
    CS2SIM_TRY_LET(own, private_of(call, group));
    CS2SIM_TRY_LET(y, public_value(*own));
    if (!call.request.bytes("y").empty() && !std::ranges::equal(y, without_zeros(call.request.bytes("y"))))
        return fail(E_ECDSA_BAD_KEY);
    return call.answer({});
}

Result<Bytes> dsa_sign(ServiceCall& call) {
    CS2SIM_TRY_LET(group, group_of(call));
    CS2SIM_TRY_LET(key, private_of(call, group));
    const ByteView hash = call.request.bytes("hash");
    const Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
    Bytes der(2 * group.q.size() + 16);
    std::size_t size = der.size();
    if (!context || hash.size() > kLongestHash || EVP_PKEY_sign_init(context.get()) != 1 ||
        EVP_PKEY_sign(context.get(), der.data(), &size, hash.data(), hash.size()) != 1)
        return fail(E_ECDSA_BAD_PARAM);
    const unsigned char* at = der.data();
    const Signature signature(d2i_DSA_SIG(nullptr, &at, static_cast<long>(size)));
    if (!signature) return fail(E_ECDSA_MEM);
    const BIGNUM *r = nullptr, *s = nullptr;
    DSA_SIG_get0(signature.get(), &r, &s);
    return call.answer({ByteView(padded(r, group.q.size())), ByteView(padded(s, group.q.size()))});
}

Result<Bytes> dsa_verify(ServiceCall& call) {
    CS2SIM_TRY_LET(group, group_of(call));
    CS2SIM_TRY_LET(key, public_of(call, group));
    const ByteView r = call.request.bytes("r"), s = call.request.bytes("s"),
                   hash = call.request.bytes("hash");
    if (r.size() > kLongestPrime || s.size() > kLongestPrime || hash.size() > kLongestHash)
        return fail(E_ECDSA_BAD_SIGN_FMT);
    const Signature signature(DSA_SIG_new());
    Handle<BIGNUM> r_number = number_of(r), s_number = number_of(s);
    if (!signature || !r_number || !s_number ||
        DSA_SIG_set0(signature.get(), r_number.get(), s_number.get()) != 1)
        return fail(E_ECDSA_MEM);
    static_cast<void>(r_number.release());  // the signature's now
    static_cast<void>(s_number.release());
    const Bytes der = der_of(signature.get(), i2d_DSA_SIG);
    if (der.empty()) return fail(E_ECDSA_MEM);
    const Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
    if (!context || EVP_PKEY_verify_init(context.get()) != 1) return fail(E_ECDSA_MEM);
    if (EVP_PKEY_verify(context.get(), der.data(), der.size(), hash.data(), hash.size()) != 1)
        return fail(E_ECDSA_VERIFY_FAILED);
    return call.answer({});
}

// base to the power of exponent modulo p, as long as p.
Result<Bytes> dh(ServiceCall& call) {
    const ByteView p_bytes = call.request.bytes("p"), base_bytes = call.request.bytes("base"),
                   exponent_bytes = call.request.bytes("exponent");
    if (p_bytes.size() > kLongestPrime || base_bytes.size() > kLongestPrime ||
        exponent_bytes.size() > kLongestPrime)
        return fail(E_ECDSA_BAD_PARAM);
    const Handle<BIGNUM> p = number_of(p_bytes), base = number_of(base_bytes),
                         exponent = number_of(exponent_bytes), power(BN_secure_new());
    const Handle<BN_CTX> scratch(BN_CTX_secure_new());
    if (!p || !base || !exponent || !power || !scratch) return fail(E_ECDSA_MEM);
    // From 2 to p - 2: what is outside makes a secret that everybody knows.
    const Handle<BIGNUM> last(BN_dup(p.get()));
    if (!BN_is_odd(p.get()) || !last || BN_sub_word(last.get(), 1) != 1 ||
        BN_cmp(base.get(), BN_value_one()) <= 0 || BN_cmp(base.get(), last.get()) >= 0)
        return fail(E_ECDSA_BAD_PKEY);
    BN_set_flags(exponent.get(), BN_FLG_CONSTTIME);
    if (BN_mod_exp(power.get(), base.get(), exponent.get(), p.get(), scratch.get()) != 1)
        return fail(E_ECDSA_MEM);
    const SecretBytes agreed = padded(power.get(), p_bytes.size());
    return Bytes(agreed.begin(), agreed.end());
}

}  // namespace cs2sim::services
