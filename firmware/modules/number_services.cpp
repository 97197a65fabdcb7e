// Services of LNA: what of long numbers is better computed here than in the module's process.
#include "firmware/crypto/long_power.h"
#include "firmware/crypto/openssl.h"
#include "firmware/crypto/prime_search.h"
#include "firmware/modules/service.h"

namespace cs2sim::services {
namespace {

constexpr std::size_t kLongest = 2048;  // bytes
constexpr std::chrono::seconds kLongestTest{20};

using Number = Handle<BIGNUM>;

struct GenCbFree {
    void operator()(BN_GENCB* p) const { BN_GENCB_free(p); }
};

Result<Number> number_of(ByteView bytes) {
    if (bytes.size() > kLongest) return fail(E_ECA_LEN);
    Number number(BN_secure_new());
    if (!number || !BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), number.get()))
        return fail(E_ECA_MEM);
    return number;
}

Result<Bytes> bytes_of(const BIGNUM& number) {
    Bytes bytes(static_cast<std::size_t>(BN_num_bytes(&number)));
    BN_bn2bin(&number, bytes.data());
    return bytes;
}

enum Work : std::uint8_t { kPower = 1, kInverse, kCommon, kPrime };

Result<Bytes> is_prime(const ServiceCall& call, const BIGNUM& number, BN_CTX* context) {
    const PrimeSearch testing(call.abandonment(), kLongestTest);
    const std::unique_ptr<BN_GENCB, GenCbFree> callback(BN_GENCB_new());
    if (!callback) return fail(E_ECA_MEM);
    testing.watch(callback.get());
    const int said = BN_check_prime(&number, context, callback.get());
    CS2SIM_TRY(testing.check());
    if (said < 0) return fail(E_ECA_MEM);
    return Bytes{static_cast<std::uint8_t>(said)};
}

}  // namespace

Result<Bytes> number(ServiceCall& call) {
    CS2SIM_TRY_LET(m, number_of(call.request.bytes("m")));
    CS2SIM_TRY_LET(a, number_of(call.request.bytes("a")));
    CS2SIM_TRY_LET(e, number_of(call.request.bytes("e")));
    const Handle<BN_CTX> context(BN_CTX_secure_new());
    const Number made(BN_secure_new());
    if (!context || !made) return fail(E_ECA_MEM);
    const std::uint8_t work = call.request.u8("work");
    if (BN_is_zero(m.get()) && (work == kPower || work == kInverse)) return fail(E_ECA_DIV0);
    switch (work) {
        case kPower:
            return long_power(*a, *e, *m, context.get(), call.abandonment())
                .and_then([](const Number& power) { return bytes_of(*power); });
        case kInverse:
            if (!BN_mod_inverse(made.get(), a.get(), m.get(), context.get())) return fail(E_ECA_NO_INVERSE);
            return bytes_of(*made);
        case kCommon:
            if (BN_gcd(made.get(), m.get(), a.get(), context.get()) != 1) return fail(E_ECA_MEM);
            return bytes_of(*made);
        case kPrime:
            return is_prime(call, *m, context.get());
        default:
            return fail(E_ECA_BAD_PARAM);
    }
}

}  // namespace cs2sim::services
