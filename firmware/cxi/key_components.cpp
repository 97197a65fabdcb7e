#include "firmware/cxi/key_components.h"

#include <openssl/core_names.h>

#include "firmware/cxi/cxi_rules.h"

namespace cs2sim {
namespace {

constexpr int kExponentBits = 17;  // of 65537
constexpr std::uint32_t kSecureRsaBits = 2048;

}  // namespace

Result<void> approve_exponent(int bits, const Circumstances& now, std::uint32_t error) {
    if (bits >= kExponentBits) return {};
    CS2SIM_TRY(approve_act(now.modes, Act::low_exponent));
    if (now.restrictions.secure_rsa) return fail(error);
    return {};
}

Result<void> approve_rsa_size(std::uint32_t bits, const Circumstances& now) {
    if (now.restrictions.secure_rsa && bits < kSecureRsaBits) return fail(E_CXI_KEY_INVALID_SIZE);
    return {};
}

Result<void> approve_rsa(const EVP_PKEY& key, const Circumstances& now) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(&key, OSSL_PKEY_PARAM_RSA_E, &number) != 1) return fail(E_CXI_KEY_INVALID_COMP);
    const Handle<BIGNUM> exponent(number);
    CS2SIM_TRY(approve_exponent(BN_num_bits(number), now, E_CXI_KEY_INVALID_COMP));
    return approve_rsa_size(key_bits(key), now);
}

Result<void> approve_des(ByteView key, const Circumstances& now) {
    if (!now.restrictions.weak_des && is_weak_des(key)) return fail(E_CXI_KEY_INVALID_COMP);
    return {};
}

Result<void> approve_components(const LoadedKey& key, const Circumstances& now) {
    const KeyObject& object = key.object;
    if (object.is_private() && is_rsa(*key.pkey)) return approve_rsa(*key.pkey, now);
    if (object.is_secret() && object.algorithm() == CXI_KEY_ALGO_DES) return approve_des(key.secret(), now);
    return {};
}

}  // namespace cs2sim
