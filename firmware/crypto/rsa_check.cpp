#include "firmware/crypto/rsa_check.h"

#include <openssl/core_names.h>

#include "firmware/crypto/prime_search.h"

namespace cs2sim {
namespace {

using Number = Handle<BIGNUM>;

struct Numbers {
    Number n, e, d, p, q, dp, dq, inverse;
};
struct NumberRow {
    const char* name;
    Number Numbers::*number;
};
constexpr NumberRow kRows[] = {
    {OSSL_PKEY_PARAM_RSA_N, &Numbers::n},          {OSSL_PKEY_PARAM_RSA_E, &Numbers::e},
    {OSSL_PKEY_PARAM_RSA_D, &Numbers::d},          {OSSL_PKEY_PARAM_RSA_FACTOR1, &Numbers::p},
    {OSSL_PKEY_PARAM_RSA_FACTOR2, &Numbers::q},    {OSSL_PKEY_PARAM_RSA_EXPONENT1, &Numbers::dp},
    {OSSL_PKEY_PARAM_RSA_EXPONENT2, &Numbers::dq}, {OSSL_PKEY_PARAM_RSA_COEFFICIENT1, &Numbers::inverse},
};

Result<Numbers> numbers_of(const EVP_PKEY& key) {
    Numbers numbers;
    for (const NumberRow& row : kRows) {
        Number number(BN_secure_new());
        BIGNUM* place = number.get();
        if (!place) return fail(E_CXI_MALLOC);
        if (EVP_PKEY_get_bn_param(&key, row.name, &place) != 1) return fail(E_CXI_KEY_INVALID_COMP);
        numbers.*row.number = std::move(number);
    }
    return numbers;
}

// All but that p and q are prime. False also without memory.
bool belong_together(const Numbers& of, BN_CTX* context) {
    const Number p1(BN_secure_new()), q1(BN_secure_new()), made(BN_secure_new()), common(BN_secure_new());
    if (!p1 || !q1 || !made || !common) return false;
    const auto is = [&](const Number& expected) { return BN_cmp(made.get(), expected.get()) == 0; };
    return BN_is_odd(of.e.get()) && !BN_is_one(of.e.get()) &&
           BN_mul(made.get(), of.p.get(), of.q.get(), context) == 1 && is(of.n) &&
           BN_sub(p1.get(), of.p.get(), BN_value_one()) == 1 &&
           BN_sub(q1.get(), of.q.get(), BN_value_one()) == 1 &&
           BN_gcd(common.get(), p1.get(), q1.get(), context) == 1 && !BN_is_zero(common.get()) &&
           BN_mod(made.get(), of.d.get(), p1.get(), context) == 1 && is(of.dp) &&
           BN_mod(made.get(), of.d.get(), q1.get(), context) == 1 && is(of.dq) &&
           BN_mod_inverse(made.get(), of.q.get(), of.p.get(), context) && is(of.inverse) &&
           BN_mul(made.get(), p1.get(), q1.get(), context) == 1 &&
           BN_div(p1.get(), nullptr, made.get(), common.get(), context) == 1 &&
           BN_mod_mul(made.get(), of.d.get(), of.e.get(), p1.get(), context) == 1 && BN_is_one(made.get());
}

}  // namespace

Result<void> check_rsa_pair(const EVP_PKEY& key, const Abandonment* abandonment) {
    CS2SIM_TRY_LET(numbers, numbers_of(key));
    const Handle<BN_CTX> context(BN_CTX_secure_new());
    const OwnedCallback callback(BN_GENCB_new());
    if (!context || !callback) return fail(E_CXI_MALLOC);
    if (!belong_together(numbers, context.get())) return fail(E_CXI_KEY_INVALID_COMP);
    const PrimeSearch testing(abandonment);
    testing.watch(callback.get());
    const bool prime = BN_check_prime(numbers.p.get(), context.get(), callback.get()) == 1 &&
                       BN_check_prime(numbers.q.get(), context.get(), callback.get()) == 1;
    CS2SIM_TRY(testing.check());
    return prime ? Result<void>() : fail(E_CXI_KEY_INVALID_COMP);
}

}  // namespace cs2sim
