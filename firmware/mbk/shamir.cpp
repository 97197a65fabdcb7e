// Shamir's secret sharing over the prime field p = 2^256 - 189 (device-formats.md, section 3).
#include "firmware/crypto/openssl.h"
#include "firmware/crypto/random.h"
#include "firmware/mbk/mbk.h"

namespace cs2sim {
namespace {

constexpr std::size_t kWidth = 32;

using Number = Handle<BIGNUM>;

Number new_number() { return Number(BN_secure_new()); }

Number prime() {
    Number p = new_number();
    BN_one(p.get());
    BN_lshift(p.get(), p.get(), 256);
    BN_sub_word(p.get(), 189);
    return p;
}

// Null unless the bytes are a number below p.
Number element(ByteView bytes, const BIGNUM* p) {
    Number number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
    if (!number || BN_cmp(number.get(), p) >= 0) return nullptr;
    return number;
}

Number small(std::uint8_t value) {
    Number number = new_number();
    BN_set_word(number.get(), value);
    return number;
}

SecretBytes bytes_of(const BIGNUM* number) {
    SecretBytes bytes(kWidth);
    BN_bn2binpad(number, bytes.data(), static_cast<int>(kWidth));
    return bytes;
}

Number random_element(const BIGNUM* p) {
    while (true) {
        if (Number candidate = element(random_secret(kWidth), p)) return candidate;
    }
}

}  // namespace

Result<std::vector<SecretBytes>> mbk_split(ByteView secret, unsigned k, unsigned n) {
    if (k < 1 || k > n || n > 255) return fail(E_MBK_SHARE_CNT);
    const Number p = prime();
    std::vector<Number> coefficients;
    coefficients.push_back(secret.size() == kWidth ? element(secret, p.get()) : nullptr);
    if (!coefficients.front()) return fail(E_MBK_OVER_UNDER_FLOW);
    while (coefficients.size() < k) coefficients.push_back(random_element(p.get()));

    const Handle<BN_CTX> context(BN_CTX_secure_new());
    std::vector<SecretBytes> shares;
    for (unsigned x = 1; x <= n; ++x) {
        const Number at = small(static_cast<std::uint8_t>(x));
        Number y = new_number();  // Horner's rule, from the highest coefficient down
        for (std::size_t i = coefficients.size(); i-- > 0;) {
            BN_mod_mul(y.get(), y.get(), at.get(), p.get(), context.get());
            BN_mod_add(y.get(), y.get(), coefficients[i].get(), p.get(), context.get());
        }
        shares.push_back(bytes_of(y.get()));
    }
    return shares;
}

Result<SecretBytes> mbk_combine(const std::vector<std::pair<std::uint8_t, ByteView>>& shares) {
    if (shares.empty()) return fail(E_MBK_SHARE_CNT);
    const Number p = prime();
    std::vector<Number> values;
    for (std::size_t i = 0; i < shares.size(); ++i) {
        if (shares[i].first == 0) return fail(E_MBK_KEY_ID_INV);
        for (std::size_t j = 0; j < i; ++j)
            if (shares[i].first == shares[j].first) return fail(E_MBK_KEY_ID_SAME);
        if (shares[i].second.size() != kWidth) return fail(E_MBK_SHARE_LB);
        values.push_back(element(shares[i].second, p.get()));
        if (!values.back()) return fail(E_MBK_OVER_UNDER_FLOW);
    }

    // Lagrange at x = 0: the sum of y_i times the product of x_j / (x_j - x_i) over all j but i.
    const Handle<BN_CTX> context(BN_CTX_secure_new());
    Number sum = new_number();
    for (std::size_t i = 0; i < shares.size(); ++i) {
        Number above = small(1);
        Number below = small(1);
        for (std::size_t j = 0; j < shares.size(); ++j) {
            if (j == i) continue;
            Number difference = small(shares[j].first);
            BN_mod_mul(above.get(), above.get(), difference.get(), p.get(), context.get());
            BN_mod_sub(difference.get(), difference.get(), small(shares[i].first).get(), p.get(),
                       context.get());
            BN_mod_mul(below.get(), below.get(), difference.get(), p.get(), context.get());
        }
        if (!BN_mod_inverse(below.get(), below.get(), p.get(), context.get()))
            return fail(E_MBK_OVER_UNDER_FLOW);
        BN_mod_mul(above.get(), above.get(), below.get(), p.get(), context.get());
        BN_mod_mul(above.get(), above.get(), values[i].get(), p.get(), context.get());
        BN_mod_add(sum.get(), sum.get(), above.get(), p.get(), context.get());
    }
    return bytes_of(sum.get());
}

}  // namespace cs2sim
