// Shamir's secret sharing over the prime field p = 2^256 - 189 (device-formats.md, section 3).
#include "firmware/crypto/openssl.h"
#include "firmware/crypto/random.h"
#include "firmware/mbk/mbk.h"

namespace cs2sim {
namespace {

constexpr std::size_t kWidth = 32;

using Number = Handle<BIGNUM>;  // all from secure memory, shares and secrets alike
using Point = std::pair<std::uint8_t, ByteView>;

// The field, and what calculations in it need. Every calculation answers E_MBK_ALLOC when OpenSSL cannot.
class Field {
public:
    Result<void> open() {
        const bool made = p_ && context_ && BN_one(p_.get()) == 1 &&
                          BN_lshift(p_.get(), p_.get(), 256) == 1 && BN_sub_word(p_.get(), 189) == 1;
        return done(made);
    }

    // E_MBK_OVER_UNDER_FLOW unless the bytes are a number below p.
    Result<Number> element(ByteView bytes) const {
        Number number(BN_secure_new());
        if (!number || !BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), number.get()))
            return fail(E_MBK_ALLOC);
        if (bytes.size() != kWidth || BN_cmp(number.get(), p_.get()) >= 0) return fail(E_MBK_OVER_UNDER_FLOW);
        return number;
    }

    static Result<Number> small(std::uint8_t value) {
        Number number(BN_secure_new());
        if (!number || BN_set_word(number.get(), value) != 1) return fail(E_MBK_ALLOC);
        return number;
    }

    Result<Number> random() const {
        while (true) {
            auto candidate = element(random_secret(kWidth));
            if (candidate || candidate.error().code != E_MBK_OVER_UNDER_FLOW) return candidate;
        }
    }

    Result<void> multiply(Number& by, const Number& factor) {
        return done(BN_mod_mul(by.get(), by.get(), factor.get(), p_.get(), context_.get()) == 1);
    }
    Result<void> add(Number& to, const Number& term) {
        return done(BN_mod_add(to.get(), to.get(), term.get(), p_.get(), context_.get()) == 1);
    }
    Result<void> subtract(Number& from, const Number& term) {
        return done(BN_mod_sub(from.get(), from.get(), term.get(), p_.get(), context_.get()) == 1);
    }
    Result<void> invert(Number& number) {
        return done(BN_mod_inverse(number.get(), number.get(), p_.get(), context_.get()) != nullptr);
    }

    static Result<SecretBytes> bytes_of(const Number& number) {
        SecretBytes bytes(kWidth);
        const int written = BN_bn2binpad(number.get(), bytes.data(), static_cast<int>(kWidth));
        if (written != static_cast<int>(kWidth)) return fail(E_MBK_ALLOC);
        return bytes;
    }

private:
    static Result<void> done(bool well) {
        if (!well) return fail(E_MBK_ALLOC);
        return {};
    }

    Number p_{BN_secure_new()};
    Handle<BN_CTX> context_{BN_CTX_secure_new()};
};

// The polynomial at x: Horner's rule, from the highest coefficient down.
Result<SecretBytes> share_at(Field& field, const std::vector<Number>& coefficients, std::uint8_t x) {
    CS2SIM_TRY_LET(at, Field::small(x));
    CS2SIM_TRY_LET(y, Field::small(0));
    for (std::size_t i = coefficients.size(); i-- > 0;) {
        CS2SIM_TRY(field.multiply(y, at));
        CS2SIM_TRY(field.add(y, coefficients[i]));
    }
    return Field::bytes_of(y);
}

Result<void> check_point(const std::vector<Point>& shares, std::size_t i) {
    if (shares[i].first == 0) return fail(E_MBK_KEY_ID_INV);
    for (std::size_t j = 0; j < i; ++j)
        if (shares[i].first == shares[j].first) return fail(E_MBK_KEY_ID_SAME);
    if (shares[i].second.size() != kWidth) return fail(E_MBK_SHARE_LB);
    return {};
}

// Lagrange's term of share i at x = 0: y_i times the product of x_j / (x_j - x_i) over all j but i.
Result<Number> lagrange_term(Field& field, const std::vector<Point>& shares, std::size_t i) {
    auto term = field.element(shares[i].second);
    CS2SIM_TRY(term);
    CS2SIM_TRY_LET(below, Field::small(1));
    CS2SIM_TRY_LET(own, Field::small(shares[i].first));
    for (std::size_t j = 0; j < shares.size(); ++j) {
        if (j == i) continue;
        CS2SIM_TRY_LET(x, Field::small(shares[j].first));
        CS2SIM_TRY(field.multiply(*term, x));
        CS2SIM_TRY(field.subtract(x, own));
        CS2SIM_TRY(field.multiply(below, x));
    }
    CS2SIM_TRY(field.invert(below));
    CS2SIM_TRY(field.multiply(*term, below));
    return term;
}

}  // namespace

Result<std::vector<SecretBytes>> mbk_split(ByteView secret, unsigned k, unsigned n) {
    if (k < 1 || k > n || n > 255) return fail(E_MBK_SHARE_CNT);
    Field field;
    CS2SIM_TRY(field.open());
    std::vector<Number> coefficients;
    while (coefficients.size() < k) {
        CS2SIM_TRY_LET(next, coefficients.empty() ? field.element(secret) : field.random());
        coefficients.push_back(std::move(next));
    }
    std::vector<SecretBytes> shares;
    for (unsigned x = 1; x <= n; ++x) {
        CS2SIM_TRY_LET(share, share_at(field, coefficients, static_cast<std::uint8_t>(x)));
        shares.push_back(std::move(share));
    }
    return shares;
}

Result<SecretBytes> mbk_combine(const std::vector<Point>& shares) {
    if (shares.empty()) return fail(E_MBK_SHARE_CNT);
    Field field;
    CS2SIM_TRY(field.open());
    for (std::size_t i = 0; i < shares.size(); ++i) CS2SIM_TRY(check_point(shares, i));
    CS2SIM_TRY_LET(sum, Field::small(0));
    for (std::size_t i = 0; i < shares.size(); ++i) {
        CS2SIM_TRY_LET(term, lagrange_term(field, shares, i));
        CS2SIM_TRY(field.add(sum, term));
    }
    return Field::bytes_of(sum);
}

}  // namespace cs2sim
