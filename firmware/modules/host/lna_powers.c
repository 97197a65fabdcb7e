/* LNA: powers, inverses, primes, which the simulator computes. The modulus comes first (our assumption, as
 * where the types leave no choice), results are as long as it. */
#include "lna.h"

enum { POWER = 1, INVERSE, COMMON, PRIME }; /* of SERVICE_number */

struct words {
    u32 length;
    const lword* at;
};
static struct words words(u32 length, const lword* at) {
    const struct words all = {length, at};
    return all;
}

static int put_words(struct request* request, struct words number) {
    u8 bytes[4 * MOST_WORDS];
    if (number.length > MOST_WORDS || (!number.at && number.length)) return 0;
    sdk_lna_wtob(number.length, (lword*)(uintptr_t)number.at, 4 * number.length, bytes);
    put_bytes(request, 2, bytes, 4 * number.length);
    explicit_bzero(bytes, sizeof bytes);
    return 1;
}

/* Into l_out words. */
static int give(struct answer* answer, u32 l_out, lword* out) {
    u32 length;
    const u8* bytes = get_rest(answer, &length);
    if (!out) return CODE(E_ECA_BAD_PARAM);
    if (length > 4 * l_out) return CODE(E_ECA_TOO_BIG);
    memset(out, 0, 4 * (size_t)l_out);
    sdk_lna_btow(length, (u8*)(uintptr_t)bytes, out);
    return 0;
}

static int compute(u32 work, struct words m, struct words a, u32 l_e, const u8* e, u32 l_out, lword* out) {
    struct request request = request_for(SERVICE_number);
    struct answer answer;
    int code;
    if (!out || (!e && l_e) || l_e > 4 * MOST_WORDS) return CODE(E_ECA_BAD_PARAM);
    put_number(&request, work, 1);
    if (!put_words(&request, m) || !put_words(&request, a)) return CODE(E_ECA_BAD_PARAM);
    put_raw(&request, e, l_e);
    code = ask(&request, &answer);
    return code ? code : give(&answer, l_out, out);
}

/* --- powers: exponents in bytes, or in words; flags say how, which is the simulator's affair --- */

int sdk_lna_exp_mg(u32 l_m, lword* m, u32 l_e, u8* e, u32 l_b, lword* b, lword* out) {
    return compute(POWER, words(l_m, m), words(l_b, b), l_e, e, l_m, out);
}
int sdk_lna_exp2_mg(u32 l_m, lword* m, u32 l_e, lword* e, u32 l_b, lword* b, lword* out) {
    u8 bytes[4 * MOST_WORDS];
    int code;
    if (l_e > MOST_WORDS || !e) return CODE(E_ECA_BAD_PARAM);
    sdk_lna_wtob(l_e, e, 4 * l_e, bytes);
    code = sdk_lna_exp_mg(l_m, m, 4 * l_e, bytes, l_b, b, out);
    explicit_bzero(bytes, sizeof bytes);
    return code;
}
int sdk_lna_exp(u32 l_m, lword* m, u32 flags, u32 l_e, u8* e, u32 l_b, lword* b, lword* out) {
    (void)flags;
    return sdk_lna_exp_mg(l_m, m, l_e, e, l_b, b, out);
}
int sdk_lna_exp2(u32 l_m, lword* m, u32 flags, u32 l_e, lword* e, u32 l_b, lword* b, lword* out) {
    (void)flags;
    return sdk_lna_exp2_mg(l_m, m, l_e, e, l_b, b, out);
}
int sdk_lna_mod_exp_mg(u32 flags, u32 l_m, lword* m, u32 l_e, u8* e, u32 l_b, lword* b, lword* out) {
    return sdk_lna_exp(l_m, m, flags, l_e, e, l_b, b, out);
}
int sdk_lna_mod_exp2_mg(u32 flags, u32 l_m, lword* m, u32 l_e, lword* e, u32 l_b, lword* b, lword* out) {
    return sdk_lna_exp2(l_m, m, flags, l_e, e, l_b, b, out);
}

/* --- the inverse of a modulo m; what two numbers have in common --- */

int sdk_lna_euclid(u32 l_m, lword* m, u32 l_a, lword* a, lword* out) {
    return compute(INVERSE, words(l_m, m), words(l_a, a), 0, NULL, l_m, out);
}
int sdk_lna_gcd(u32 l_a, lword* a, u32 l_b, lword* b, u32* l_out, lword* out) {
    const u32 shorter = l_a < l_b ? l_a : l_b;
    const int code = compute(COMMON, words(l_a, a), words(l_b, b), 0, NULL, shorter, out);
    if (code == 0 && l_out) *l_out = used_words(shorter, out);
    return code;
}

/* --- primes: *prime 1 or 0, of as many rounds as the simulator takes, more where more are wanted --- */

static int test_prime(u32 l_a, lword* a, int* prime) {
    lword said = 0;
    const int code = prime && l_a ? compute(PRIME, words(l_a, a), words(0, NULL), 0, NULL, 1, &said)
                                  : CODE(E_ECA_BAD_PARAM);
    if (code == 0) *prime = (int)said;
    return code;
}
int sdk_lna_prime_test_mr(u32 l_a, lword* a, u32 flags, u32 rounds, int* prime) {
    (void)flags;
    (void)rounds;
    return test_prime(l_a, a, prime);
}
int sdk_lna_prime_test_lucas(u32 l_a, lword* a, int* prime) { return test_prime(l_a, a, prime); }
