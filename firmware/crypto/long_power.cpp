#include "firmware/crypto/long_power.h"

#include <array>

namespace cs2sim {
namespace {

using Number = Handle<BIGNUM>;

struct MontgomeryFree {
    void operator()(BN_MONT_CTX* p) const { BN_MONT_CTX_free(p); }
};

constexpr int kWindow = 4;           // bits of the exponent at a time
constexpr int kWindowsPerLook = 16;  // some hundredth of a second with 16384 bits
// Shorter ones OpenSSL computes at once, in some ten milliseconds.
constexpr int kShortModulus = 4096, kShortExponent = 512;

// Products modulo one number; of an odd one in Montgomery's form, which is several times as fast.
class Products {
public:
    Products(const BIGNUM& modulus, BN_CTX* context) : modulus_(modulus), context_(context) {}

    bool prepare() {
        if (!BN_is_odd(&modulus_)) return true;
        form_.reset(BN_MONT_CTX_new());
        return form_ && BN_MONT_CTX_set(form_.get(), &modulus_, context_) == 1;
    }
    bool enter(BIGNUM* number) const {
        return BN_nnmod(number, number, &modulus_, context_) == 1 &&
               (!form_ || BN_to_montgomery(number, number, form_.get(), context_) == 1);
    }
    bool leave(BIGNUM* number) const {
        return !form_ || BN_from_montgomery(number, number, form_.get(), context_) == 1;
    }
    bool multiply(BIGNUM* product, const BIGNUM* a, const BIGNUM* b) const {
        return form_ ? BN_mod_mul_montgomery(product, a, b, form_.get(), context_) == 1
                     : BN_mod_mul(product, a, b, &modulus_, context_) == 1;
    }

private:
    const BIGNUM& modulus_;
    BN_CTX* const context_;
    std::unique_ptr<BN_MONT_CTX, MontgomeryFree> form_;
};

using Powers = std::array<Number, 1 << kWindow>;

// 1, base, base squared, …
bool make_powers(Powers& powers, const BIGNUM& base, const Products& modulo) {
    for (Number& power : powers) {
        power.reset(BN_secure_new());
        if (!power) return false;
    }
    if (BN_one(powers[0].get()) != 1 || !BN_copy(powers[1].get(), &base) || !modulo.enter(powers[0].get()) ||
        !modulo.enter(powers[1].get()))
        return false;
    for (std::size_t i = 2; i < powers.size(); ++i)
        if (!modulo.multiply(powers[i].get(), powers[i - 1].get(), powers[1].get())) return false;
    return true;
}

std::size_t window_of(const BIGNUM& exponent, int window) {
    std::size_t bits = 0;
    for (int bit = kWindow - 1; bit >= 0; --bit)
        bits = bits << 1 | static_cast<std::size_t>(BN_is_bit_set(&exponent, window * kWindow + bit));
    return bits;
}

}  // namespace

Result<Number> long_power(const BIGNUM& base, const BIGNUM& exponent, const BIGNUM& modulus, BN_CTX* context,
                          const Abandonment* abandonment) {
    Number made(BN_secure_new());
    if (!made) return fail(E_ECA_MEM);
    if (BN_num_bits(&modulus) <= kShortModulus || BN_num_bits(&exponent) <= kShortExponent) {
        if (BN_mod_exp(made.get(), &base, &exponent, &modulus, context) != 1) return fail(E_ECA_MEM);
        return made;
    }
    Products modulo(modulus, context);
    Powers powers;
    if (!modulo.prepare() || !make_powers(powers, base, modulo) || !BN_copy(made.get(), powers[0].get()))
        return fail(E_ECA_MEM);
    for (int window = (BN_num_bits(&exponent) + kWindow - 1) / kWindow; window-- > 0;) {
        if (abandonment && window % kWindowsPerLook == 0) CS2SIM_TRY(abandonment->check());
        for (int square = 0; square < kWindow; ++square)
            if (!modulo.multiply(made.get(), made.get(), made.get())) return fail(E_ECA_MEM);
        if (!modulo.multiply(made.get(), made.get(), powers[window_of(exponent, window)].get()))
            return fail(E_ECA_MEM);
    }
    if (!modulo.leave(made.get())) return fail(E_ECA_MEM);
    return made;
}

}  // namespace cs2sim
