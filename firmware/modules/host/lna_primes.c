/* LNA: primes that a generator of random numbers leads to, the module's or (NULL) the device's. The same
 * numbers give the same prime: each of `bits` bits with the two highest ones set, from where the search
 * begins. All are probable primes, as the simulator tests them; flags say how to test, which is its affair.
 * Of the arguments the facts give types alone (our assumption). */
#include "lna.h"

enum { MOST_STARTS = 50, ANSI_FACTOR = 101, SMALLEST = 32, LONGEST = 4 * MOST_WORDS };

static int draw(T_LNA_RND generator, u32 bits, u8* out) {
    const u32 length = (bits + 7) / 8, high = 7 - (8 * length - bits);
    const int code = generator ? generator(out, length) : sdk_os_crypt_drbg_rnd(DRBG_PSEUDO, out, length);
    if (code != 0) return code;
    out[0] &= (u8)((2u << high) - 1);
    out[0] |= (u8)(1u << high);
    if (high > 0)
        out[0] |= (u8)(1u << (high - 1));
    else if (length > 1)
        out[1] |= 0x80;
    return 0;
}

struct wish {
    u32 bits;
    u32 first, second; /* bits of factors of p - 1 and p + 1; 0 without */
    u32 l_exponent;
    const lword* exponent;
    T_LNA_RND generator;
};

static int search_once(const struct wish* wish, u8* start, lword* out) {
    u8 first[LONGEST], second[LONGEST], exponent[LONGEST];
    const u32 l_first = (wish->first + 7) / 8, l_second = (wish->second + 7) / 8;
    struct request request;
    struct answer answer;
    const u8* prime;
    u32 length;
    int code = draw(wish->generator, wish->bits, start);
    if (code == 0 && wish->first) code = draw(wish->generator, wish->first, first);
    if (code == 0 && wish->second) code = draw(wish->generator, wish->second, second);
    if (code != 0) return code;
    request = request_for(SERVICE_prime); /* not before: the generator may ask for services of its own */
    put_number(&request, wish->bits, 4);
    sdk_lna_wtob(wish->l_exponent, (lword*)(uintptr_t)wish->exponent, 4 * wish->l_exponent, exponent);
    put_bytes(&request, 2, exponent, 4 * wish->l_exponent);
    put_bytes(&request, 2, first, l_first);
    put_bytes(&request, 2, second, l_second);
    put_raw(&request, start, (wish->bits + 7) / 8);
    code = ask(&request, &answer);
    if (code != 0) return code;
    prime = get_rest(&answer, &length);
    memset(out, 0, (size_t)4 * ((wish->bits + 31) / 32));
    sdk_lna_btow(length, (u8*)(uintptr_t)prime, out);
    return 0;
}

/* Another start when there was no prime before the end of that many bits. */
static int search(const struct wish* wish, lword* out) {
    u8 start[LONGEST];
    u32 i;
    int code = CODE(E_ECA_TOO_BIG);
    if (!out || wish->bits < SMALLEST || wish->bits > 8 * LONGEST || wish->l_exponent > MOST_WORDS ||
        (!wish->exponent && wish->l_exponent) || (wish->first == 0) != (wish->second == 0) ||
        wish->first >= wish->bits || wish->second >= wish->bits)
        return CODE(E_ECA_BAD_PARAM);
    for (i = 0; i < MOST_STARTS && code == CODE(E_ECA_TOO_BIG); ++i) code = search_once(wish, start, out);
    explicit_bzero(start, sizeof start);
    return code;
}

int sdk_lna_gen_prob_prime(u32 flags, u32 bits, u32 rounds, lword exponent, T_LNA_RND generator, lword* out) {
    const struct wish wish = {bits, 0, 0, 1, &exponent, generator};
    (void)flags, (void)rounds;
    return search(&wish, out);
}
int sdk_lna_gen_prov_prime(u32 flags, u32 bits, T_LNA_RND generator, lword* out) {
    const struct wish wish = {bits, 0, 0, 0, NULL, generator};
    (void)flags;
    return search(&wish, out);
}
/* X9.31: p - 1 and p + 1 have a prime factor of 101 bits each. */
int sdk_lna_gen_ansi_prime_ex(u32 flags, u32 bits, T_LNA_RND generator, u32 l_exponent, lword* exponent,
                              lword* out) {
    const struct wish wish = {bits, ANSI_FACTOR, ANSI_FACTOR, l_exponent, exponent, generator};
    (void)flags;
    return search(&wish, out);
}
int sdk_lna_gen_ansi_prime(u32 flags, u32 bits, T_LNA_RND generator, lword* out) {
    return sdk_lna_gen_ansi_prime_ex(flags, bits, generator, 0, NULL, out);
}
/* The same with factors of other lengths. */
int sdk_lna_gen_prob_prime_aux_prob(u32 flags, u32 bits, T_LNA_RND generator, u32 l_exponent, lword* exponent,
                                    u32 first, u32 second, lword* out) {
    const struct wish wish = {bits, first, second, l_exponent, exponent, generator};
    (void)flags;
    return first && second ? search(&wish, out) : CODE(E_ECA_BAD_PARAM);
}
