#include "firmware/cxi/work/portion.h"

#include <openssl/core_names.h>

#include <algorithm>

#include "firmware/crypto/finite_field.h"
#include "firmware/crypto/pkey.h"
#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {
namespace {

constexpr std::uint32_t kAny = 0xFFFFFFFF;

struct PortionRow {
    std::uint32_t algorithm;
    std::uint32_t chain;
    std::size_t bytes;
};

// The first that fits counts. One-bit feedback takes a whole block's work for each bit; OpenSSL's DES is
// slow, and key wrap goes six times through the data.
constexpr PortionRow kPortions[] = {
    {CXI_KEY_ALGO_DES, CXI_MECH_CHAIN_CFB1, 1 << 10},
    {CXI_KEY_ALGO_DES, CXI_MECH_CHAIN_CFB8, 8 << 10},
    {CXI_KEY_ALGO_DES, kAny, 16 << 10},
    {CXI_KEY_ALGO_AES, CXI_MECH_CHAIN_CFB1, 4 << 10},
    {CXI_KEY_ALGO_AES, CXI_MECH_CHAIN_CFB8, 16 << 10},
    {CXI_KEY_ALGO_AES, CXI_MECH_CHAIN_KEY_WRAP, 16 << 10},
    {kAny, kAny, 1 << 20},  // hashes, MACs by them, AES by the processor's own instructions
};

constexpr std::size_t kMostPrfSeed = 4 << 10, kMostPrfOutput = 4 << 10;
constexpr int kMostExponentBits = 256;  // FIPS 186-5, section 5.4

Result<void> bound_prf(ByteView parameter, std::size_t bytes) {
    const auto given = parse(LAYOUT_CXI_PRF_PARAMETER, parameter);
    const std::size_t output = given ? given->u16("length") : 0;
    if (bytes > kMostPrfSeed || output > kMostPrfOutput) return fail(E_CXI_PERMISSION_DENIED);
    return {};
}

int exponent_bits(const EVP_PKEY& key) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(&key, OSSL_PKEY_PARAM_RSA_E, &number) != 1) return 0;
    const Handle<BIGNUM> exponent(number);
    return BN_num_bits(number);
}

struct OpenRow {
    bool (*is_of)(const EVP_PKEY&);
    unsigned most_bits;
};

// Private keys of callers without logon, whose commands take 5 ms at most: with 2048 bits RSA takes 0.3 ms,
// DSA 0.6, DH 2.6 with the check of the other's value. Keys of curves have no bound: the longest take less.
constexpr OpenRow kOpenWork[] = {{is_rsa, 2048}, {is_dsa, 2048}, {is_dh, 2048}};

}  // namespace

bool works_without_logon(const LoadedKey& key) {
    if (!key.pkey || !key.object.is_private()) return true;
    return std::ranges::none_of(kOpenWork, [&](const OpenRow& row) {
        return row.is_of(*key.pkey) && key_bits(*key.pkey) > row.most_bits;
    });
}

std::size_t portion_of(std::uint32_t algorithm, Mechanism mechanism) {
    return std::ranges::find_if(kPortions,
                                [&](const PortionRow& row) {
                                    return (row.algorithm == kAny || row.algorithm == algorithm) &&
                                           (row.chain == kAny || row.chain == mechanism.chain());
                                })
        ->bytes;
}

Result<void> bound_open_work(const LoadedKey& key, Mechanism mechanism, ByteView parameter,
                             std::size_t bytes) {
    if (mechanism.kdf() == CXI_MECH_KDF_TLS12_PRF) CS2SIM_TRY(bound_prf(parameter, bytes));
    if (!works_without_logon(key)) return fail(E_CXI_PERMISSION_DENIED);
    if (key.pkey && is_rsa(*key.pkey) && exponent_bits(*key.pkey) > kMostExponentBits)
        return fail(E_CXI_PERMISSION_DENIED);
    if (bytes > portion_of(key.object.algorithm(), mechanism)) return fail(E_CXI_PERMISSION_DENIED);
    return {};
}

}  // namespace cs2sim
