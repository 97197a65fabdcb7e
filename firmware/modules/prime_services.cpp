// Services of DSA and LNA: primes that follow from a module's seeds and random numbers.
#include "firmware/crypto/dsa_seeds.h"
#include "firmware/crypto/random.h"
#include "firmware/modules/service.h"

namespace cs2sim::services {
namespace {

constexpr std::uint32_t kMostSeeds = 1000;

// In DSA's own terms, for which ECDSA's codes stand.
Error error_of_dsa(const Error& error) {
    switch (error.code) {
        case E_CXI_KEY_INVALID_SIZE:
            return {E_ECDSA_BAD_PARAM};
        case E_CXI_KEY_INVALID_COMP:
            return {E_ECDSA_KGEN_FAILED};
        case E_CXI_INTERNAL:
            return {E_ECDSA_MEM};
        default:
            return error;
    }
}

}  // namespace

// Of the seed, or without one of random seeds until one leads to primes.
Result<Bytes> dsa_primes(ServiceCall& call) {
    const DsaStandard standard =
        call.request.u8("old") != 0 ? DsaStandard::fips186_2 : DsaStandard::fips186_4;
    const unsigned p_bits = call.request.u32("p_bits"), q_bits = call.request.u32("q_bits");
    const std::uint32_t length = call.request.u32("l_seed");
    Bytes seed = to_bytes(call.request.bytes("seed"));
    const bool given = !seed.empty();
    if (!given && length > 1024) return fail(E_ECDSA_BAD_PARAM);
    std::uint32_t seeds = given ? 1 : call.request.u32("seeds");
    if (seeds == 0 || seeds > kMostSeeds) seeds = kMostSeeds;
    for (;;) {
        if (!given) seed = random_bytes(length);
        const auto primes = primes_of_seed(p_bits, q_bits, seed, standard, call.abandonment());
        if (primes) return call.answer({seed, primes->counter, primes->p, primes->q});
        if (primes.error().code != E_CXI_KEY_INVALID_COMP || --seeds == 0)
            return tl::unexpected(error_of_dsa(primes.error()));
    }
}

Result<Bytes> dsa_generator(ServiceCall& call) {
    const auto made =
        generator_of_seed(call.request.bytes("p"), call.request.bytes("q"), call.request.bytes("seed"),
                          call.request.u8("index"), call.abandonment());
    if (!made && made.error().code == E_OS_PCI_CANCEL) return fail(made.error());
    if (!made) return fail(made.error().code == E_CXI_INTERNAL ? E_ECDSA_MEM : E_ECDSA_BAD_PARAM);
    return call.answer({made->h, made->g});
}

Result<Bytes> prime(ServiceCall& call) {
    CS2SIM_TRY_LET(found, prime_from({call.request.u32("bits"), call.request.bytes("start"),
                                      call.request.bytes("exponent"), call.request.bytes("first"),
                                      call.request.bytes("second")},
                                     call.abandonment()));
    return Bytes(found.begin(), found.end());
}

}  // namespace cs2sim::services
