#include "firmware/crypto/dsa_seeds.h"

#include "firmware/crypto/digest.h"
#include "firmware/crypto/prime_search.h"

namespace cs2sim {
namespace {

constexpr std::chrono::seconds kLongest{120};
constexpr std::size_t kLongestSeed = 1024;
constexpr unsigned kSmallestPrime = 32, kLargestPrime = 8192;  // bits
constexpr std::size_t kLongestExponent = 2048;                 // each candidate is compared with all of it
constexpr std::uint32_t kMostGenerators = 64;  // of true P and Q the first one does; false ones end soon

struct SizeRow {
    unsigned p_bits, q_bits;
    std::string_view digest;
};
constexpr SizeRow kSizes[] = {
    {1024, 160, "SHA1"}, {2048, 224, "SHA224"}, {2048, 256, "SHA256"}, {3072, 256, "SHA256"}};
constexpr unsigned kOldCounters = 4096;  // FIPS 186-2

using Number = Handle<BIGNUM>;

Number number_of(ByteView bytes) {
    Number number(BN_secure_new());
    if (number && !BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), number.get())) number.reset();
    return number;
}

Bytes bytes_of(const BIGNUM& number) {
    Bytes bytes(static_cast<std::size_t>(BN_num_bytes(&number)));
    BN_bn2bin(&number, bytes.data());
    return bytes;
}

// seed + more, modulo 2 to the power of its length.
Bytes seed_plus(ByteView seed, std::uint32_t more) {
    Bytes sum = to_bytes(seed);
    std::uint64_t carry = more;
    for (std::size_t at = sum.size(); at-- > 0 && carry != 0; carry >>= 8) {
        carry += sum[at];
        sum[at] = static_cast<std::uint8_t>(carry);
    }
    return sum;
}

class Tester {
public:
    Tester(const PrimeSearch& search, BN_CTX* context) : context_(context), callback_(BN_GENCB_new()) {
        if (callback_) search.watch(callback_.get());
    }
    bool is_prime(const BIGNUM* number) const {
        return callback_ && BN_check_prime(number, context_, callback_.get()) == 1;
    }

private:
    BN_CTX* context_;
    OwnedCallback callback_;
};

// Q's digest of the seed: its last bits, with the first and the last one set.
Bytes subprime_of(const SizeRow& row, ByteView seed, DsaStandard standard) {
    Bytes u = digest(row.digest, {seed});
    if (standard == DsaStandard::fips186_2) {
        const Bytes next = digest(row.digest, {seed_plus(seed, 1)});
        for (std::size_t at = 0; at < u.size(); ++at) u[at] ^= next[at];
    }
    u.front() |= 0x80;
    u.back() |= 1;
    return u;
}

// W: digests of the seed from `offset` on, the first one lowest, cut to p_bits - 1 bits; then X = W +
// 2^(L-1).
Number candidate(const SizeRow& row, ByteView seed, std::uint32_t offset, unsigned count) {
    Bytes bytes;
    for (unsigned j = count; j-- > 0;) append(bytes, digest(row.digest, {seed_plus(seed, offset + j)}));
    Number x = number_of(bytes);
    const int top = static_cast<int>(row.p_bits) - 1;
    if (!x || (BN_num_bits(x.get()) > top && BN_mask_bits(x.get(), top) != 1) ||
        BN_set_bit(x.get(), top) != 1)
        return {};
    return x;
}

}  // namespace

Result<SeededPrimes> primes_of_seed(unsigned p_bits, unsigned q_bits, ByteView seed, DsaStandard standard,
                                    const Abandonment* abandonment) {
    const SizeRow* row = nullptr;
    for (const SizeRow& one : kSizes)
        if (one.p_bits == p_bits && one.q_bits == q_bits) row = &one;
    const bool old = standard == DsaStandard::fips186_2;
    if (!row || seed.size() < q_bits / 8 || seed.size() > kLongestSeed || (old && q_bits != 160))
        return fail(E_CXI_KEY_INVALID_SIZE);

    const PrimeSearch search(abandonment, kLongest);
    const Handle<BN_CTX> context(BN_CTX_secure_new());
    if (!context) return fail(E_CXI_INTERNAL);
    const Tester tester(search, context.get());
    const Number q = number_of(subprime_of(*row, seed, standard));
    const Number twice(BN_new()), rest(BN_new());
    if (!q || !twice || !rest || BN_lshift1(twice.get(), q.get()) != 1) return fail(E_CXI_INTERNAL);
    if (!tester.is_prime(q.get())) return fail(E_CXI_KEY_INVALID_COMP);

    const unsigned count = (p_bits + q_bits - 1) / q_bits;  // digests are as long as Q
    const unsigned counters = old ? kOldCounters : 4 * p_bits;
    std::uint32_t offset = old ? 2 : 1;
    for (unsigned counter = 0; counter < counters && search.goes_on(); ++counter, offset += count) {
        const Number p = candidate(*row, seed, offset, count);  // X - (X mod 2 Q - 1)
        if (!p || BN_mod(rest.get(), p.get(), twice.get(), context.get()) != 1 ||
            BN_sub(p.get(), p.get(), rest.get()) != 1 || BN_add_word(p.get(), 1) != 1)
            return fail(E_CXI_INTERNAL);
        if (BN_num_bits(p.get()) == static_cast<int>(p_bits) && tester.is_prime(p.get()))
            return SeededPrimes{bytes_of(*p), bytes_of(*q), counter};
    }
    CS2SIM_TRY(search.check());
    return fail(E_CXI_KEY_INVALID_COMP);
}

Result<Generator> generator_of_seed(ByteView p_bytes, ByteView q_bytes, ByteView seed, std::uint8_t index,
                                    const Abandonment* abandonment) {
    const Number p = number_of(p_bytes), q = number_of(q_bytes), exponent(BN_new()), rest(BN_new()),
                 g(BN_new());
    const Handle<BN_CTX> context(BN_CTX_secure_new());
    if (!p || !q || !exponent || !rest || !g || !context) return fail(E_CXI_INTERNAL);
    if (BN_num_bits(p.get()) > static_cast<int>(kLargestPrime) || !BN_is_odd(p.get()) ||
        BN_cmp(q.get(), BN_value_one()) <= 0 || BN_cmp(q.get(), p.get()) >= 0 || seed.size() > kLongestSeed)
        return fail(E_CXI_KEY_INVALID_COMP);
    const Number less(BN_dup(p.get()));
    if (!less || BN_sub_word(less.get(), 1) != 1 ||
        BN_div(exponent.get(), rest.get(), less.get(), q.get(), context.get()) != 1)
        return fail(E_CXI_INTERNAL);
    if (!BN_is_zero(rest.get())) return fail(E_CXI_KEY_INVALID_COMP);
    for (std::uint32_t count = seed.empty() ? 2 : 1; count <= kMostGenerators; ++count) {
        if (abandonment) CS2SIM_TRY(abandonment->check());
        constexpr std::uint8_t kWord[] = {'g', 'g', 'e', 'n'};
        Number base(BN_new());
        if (seed.empty()) {
            if (!base || BN_set_word(base.get(), count) != 1) return fail(E_CXI_INTERNAL);
        } else {
            const std::string_view name = BN_num_bits(q.get()) <= 160   ? "SHA1"
                                          : BN_num_bits(q.get()) <= 224 ? "SHA224"
                                                                        : "SHA256";
            const std::uint8_t last[] = {index, static_cast<std::uint8_t>(count >> 8),
                                         static_cast<std::uint8_t>(count)};
            base = number_of(digest(name, {seed, kWord, last}));
        }
        if (!base || BN_mod_exp(g.get(), base.get(), exponent.get(), p.get(), context.get()) != 1)
            return fail(E_CXI_INTERNAL);
        if (BN_cmp(g.get(), BN_value_one()) > 0) return Generator{bytes_of(*g), seed.empty() ? count : 0};
    }
    return fail(E_CXI_KEY_INVALID_COMP);
}

namespace {

// From `start` on, odd.
Result<Number> next_prime(ByteView start, const Tester& tester, const PrimeSearch& search) {
    Number prime = number_of(start);
    if (!prime || BN_set_bit(prime.get(), 0) != 1) return fail(E_ECA_MEM);
    while (search.goes_on()) {
        if (tester.is_prime(prime.get())) return prime;
        if (BN_add_word(prime.get(), 2) != 1) return fail(E_ECA_MEM);
    }
    CS2SIM_TRY(search.check());
    return fail(E_ECA_TOO_BIG);
}

struct Progression {
    Number step, rest;  // candidates are congruent to rest modulo step
};

// p congruent to 1 modulo 2 p1 and to -1 modulo p2: rest = (p2^-1 mod 2 p1) p2 - ((2 p1)^-1 mod p2) 2 p1.
Result<Progression> progression(const BIGNUM& p1, const BIGNUM& p2, BN_CTX* context) {
    Progression made{Number(BN_secure_new()), Number(BN_secure_new())};
    const Number twice(BN_secure_new()), other(BN_secure_new());
    if (!made.step || !made.rest || !twice || !other || BN_lshift1(twice.get(), &p1) != 1)
        return fail(E_ECA_MEM);
    if (BN_cmp(&p1, &p2) == 0 || !BN_mod_inverse(made.rest.get(), &p2, twice.get(), context) ||
        !BN_mod_inverse(other.get(), twice.get(), &p2, context))
        return fail(E_ECA_NO_INVERSE);
    if (BN_mul(made.rest.get(), made.rest.get(), &p2, context) != 1 ||
        BN_mul(other.get(), other.get(), twice.get(), context) != 1 ||
        BN_sub(made.rest.get(), made.rest.get(), other.get()) != 1 ||
        BN_mul(made.step.get(), twice.get(), &p2, context) != 1 ||
        BN_nnmod(made.rest.get(), made.rest.get(), made.step.get(), context) != 1)
        return fail(E_ECA_MEM);
    return made;
}

bool shares_factor(const BIGNUM& prime, const BIGNUM& exponent, BN_CTX* context) {
    if (BN_is_zero(&exponent) || BN_is_one(&exponent)) return false;
    const Number less(BN_dup(&prime)), common(BN_secure_new());
    return !less || !common || BN_sub_word(less.get(), 1) != 1 ||
           BN_gcd(common.get(), less.get(), &exponent, context) != 1 || !BN_is_one(common.get());
}

}  // namespace

Result<SecretBytes> prime_from(const PrimeWish& wish, const Abandonment* abandonment) {
    const bool with_factors = !wish.first.empty() || !wish.second.empty();
    if (wish.exponent.size() > kLongestExponent) return fail(E_ECA_BAD_PARAM);
    const Number start = number_of(wish.start), exponent = number_of(wish.exponent);
    const Handle<BN_CTX> context(BN_CTX_secure_new());
    if (!start || !exponent || !context) return fail(E_ECA_MEM);
    if (wish.bits < kSmallestPrime || wish.bits > kLargestPrime ||
        (!BN_is_zero(exponent.get()) && !BN_is_odd(exponent.get())) ||
        (wish.first.size() + wish.second.size()) * 8 + 16 > wish.bits)
        return fail(E_ECA_BAD_PARAM);
    const PrimeSearch search(abandonment, kLongest);
    const Tester tester(search, context.get());
    Progression all{Number(BN_new()), Number(BN_new())};
    if (!all.step || !all.rest || BN_set_word(all.step.get(), 2) != 1 || BN_set_word(all.rest.get(), 1) != 1)
        return fail(E_ECA_MEM);
    if (with_factors) {
        CS2SIM_TRY_LET(p1, next_prime(wish.first, tester, search));
        CS2SIM_TRY_LET(p2, next_prime(wish.second, tester, search));
        CS2SIM_TRY_LET(made, progression(*p1, *p2, context.get()));
        all = std::move(made);
    }
    // A prime of so many bits is never before this; to walk there from a small start would take for ever.
    if (BN_num_bits(start.get()) < static_cast<int>(wish.bits) &&
        BN_set_bit(start.get(), static_cast<int>(wish.bits) - 1) != 1)
        return fail(E_ECA_MEM);
    const Number more(BN_secure_new());  // the first candidate from the start on
    if (!more || BN_mod_sub(more.get(), all.rest.get(), start.get(), all.step.get(), context.get()) != 1 ||
        BN_add(start.get(), start.get(), more.get()) != 1)
        return fail(E_ECA_MEM);
    while (search.goes_on() && BN_num_bits(start.get()) <= static_cast<int>(wish.bits)) {
        if (BN_num_bits(start.get()) == static_cast<int>(wish.bits) &&
            !shares_factor(*start, *exponent, context.get()) && tester.is_prime(start.get())) {
            SecretBytes prime(static_cast<std::size_t>(BN_num_bytes(start.get())));
            BN_bn2bin(start.get(), prime.data());
            return prime;
        }
        if (BN_add(start.get(), start.get(), all.step.get()) != 1) return fail(E_ECA_MEM);
    }
    CS2SIM_TRY(search.check());
    return fail(E_ECA_TOO_BIG);
}

}  // namespace cs2sim
