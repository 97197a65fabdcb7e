/* LNA: what is done with the words themselves. No public source gives more than the types; the rest is our
 * assumption: lengths are in words, results have as many as the operation can make (a sum one more than the
 * longer number, a product both together), codes are ECA's. */
#include "lna.h"

u32 used_words(u32 length, const lword* words) {
    while (length > 0 && words[length - 1] == 0) --length;
    return length;
}

int compare_words(u32 l_a, const lword* a, u32 l_b, const lword* b) {
    l_a = used_words(l_a, a);
    l_b = used_words(l_b, b);
    if (l_a != l_b) return l_a < l_b ? -1 : 1;
    while (l_a-- > 0)
        if (a[l_a] != b[l_a]) return a[l_a] < b[l_a] ? -1 : 1;
    return 0;
}

static int is_number(u32 length, const lword* words) { return words && length <= MOST_WORDS; }

/* --- bytes, lengths, order --- */

u32 sdk_lna_wlen(u32 length, lword* words) { return words ? used_words(length, words) : 0; }
u32 sdk_lna_bitlen(u32 length, lword* words) {
    const u32 used = words ? used_words(length, words) : 0;
    return used ? 32 * used - (u32)__builtin_clz(words[used - 1]) : 0;
}
void sdk_lna_btow(u32 length, u8* bytes, lword* words) { sdk_eca_btow(length, bytes, words); }
/* Fewer words are filled up with zeros. */
void sdk_lna_wtob(u32 l_words, lword* words, u32 length, u8* bytes) {
    u32 i;
    if (!words || !bytes) return;
    for (i = 0; i < length; ++i)
        bytes[length - 1 - i] = i / 4 < l_words ? (u8)(words[i / 4] >> 8 * (i % 4)) : 0;
}
/* Both 0 for what is equal. */
int sdk_lna_cmp(u32 l_a, lword* a, u32 l_b, lword* b) {
    return is_number(l_a, a) && is_number(l_b, b) ? compare_words(l_a, a, l_b, b) : CODE(E_ECA_BAD_PARAM);
}
int sdk_lna_cmp_eq(u32 l_a, lword* a, u32 l_b, lword* b) { return sdk_lna_cmp(l_a, a, l_b, b) != 0; }

/* --- sums and products --- */

int sdk_lna_add(u32 l_a, lword* a, u32 l_b, lword* b, u32* l_sum, lword* sum) {
    const u32 longer = l_a > l_b ? l_a : l_b;
    u64 carry = 0;
    u32 i;
    if (!is_number(l_a, a) || !is_number(l_b, b) || !sum) return CODE(E_ECA_BAD_PARAM);
    for (i = 0; i < longer; ++i) {
        carry += (u64)(i < l_a ? a[i] : 0) + (i < l_b ? b[i] : 0);
        sum[i] = (lword)carry;
        carry >>= 32;
    }
    if (carry) sum[i++] = (lword)carry;
    if (l_sum) *l_sum = i;
    return 0;
}
/* As long as a. */
int sdk_lna_sub(u32 l_a, lword* a, u32 l_b, lword* b, lword* difference) {
    u64 borrow = 0;
    u32 i;
    if (!is_number(l_a, a) || !is_number(l_b, b) || !difference) return CODE(E_ECA_BAD_PARAM);
    if (compare_words(l_a, a, l_b, b) < 0) return CODE(E_ECA_TOO_BIG);
    for (i = 0; i < l_a; ++i) {
        const u64 taken = (i < l_b ? b[i] : 0) + borrow;
        borrow = a[i] < taken;
        difference[i] = (lword)(a[i] - taken);
    }
    return 0;
}
/* 1 when it turned over. */
int sdk_lna_inc(u32 length, lword* a) {
    u32 i;
    if (!is_number(length, a)) return CODE(E_ECA_BAD_PARAM);
    for (i = 0; i < length; ++i)
        if (++a[i] != 0) return 0;
    return 1;
}
int sdk_lna_dec(u32 length, lword* a) {
    u32 i;
    if (!is_number(length, a)) return CODE(E_ECA_BAD_PARAM);
    for (i = 0; i < length; ++i)
        if (a[i]-- != 0) return 0;
    return 1;
}
int sdk_lna_mul(u32 l_a, lword* a, u32 l_b, lword* b, lword* product) {
    u32 i, j;
    if (!is_number(l_a, a) || !is_number(l_b, b) || !product || product == a || product == b)
        return CODE(E_ECA_BAD_PARAM);
    memset(product, 0, 4 * (size_t)(l_a + l_b));
    for (i = 0; i < l_a; ++i) {
        u64 carry = 0;
        for (j = 0; j < l_b; ++j) {
            carry += (u64)a[i] * b[j] + product[i + j];
            product[i + j] = (lword)carry;
            carry >>= 32;
        }
        product[i + l_b] = (lword)carry;
    }
    return 0;
}
int sdk_lna_sqr(u32 length, lword* a, lword* square) { return sdk_lna_mul(length, a, length, a, square); }

/* --- shifts: of `bits`, in place; what leaves is lost --- */

void sdk_lna_shr(u32 bits, u32 length, lword* a) {
    const u32 words = bits / 32, rest = bits % 32;
    u32 i;
    if (!is_number(length, a)) return;
    for (i = 0; i < length; ++i) {
        const u64 low = i + words < length ? a[i + words] : 0,
                  high = i + words + 1 < length ? a[i + words + 1] : 0;
        a[i] = (lword)((high << 32 | low) >> rest);
    }
}
void sdk_lna_shl_cpy(u32 bits, u32 length, lword* a, lword* out) {
    const u32 words = bits / 32, rest = bits % 32;
    u32 i;
    if (!is_number(length, a) || !out) return;
    for (i = length; i-- > 0;) {
        const u64 high = i >= words ? a[i - words] : 0, low = i >= words + 1 ? a[i - words - 1] : 0;
        out[i] = (lword)((high << 32 | low) << rest >> 32);
    }
}
void sdk_lna_shl(u32 bits, u32 length, lword* a) { sdk_lna_shl_cpy(bits, length, a, a); }
/* Shifts up until the top bit is set; by how many bits. */
u32 sdk_lna_norm(u32 length, lword* a) {
    const u32 bits = is_number(length, a) ? sdk_lna_bitlen(length, a) : 0;
    if (bits == 0) return 0;
    sdk_lna_shl(32 * length - bits, length, a);
    return 32 * length - bits;
}

/* --- division: Knuth, The Art of Computer Programming 2, 4.3.1, algorithm D --- */

/* One word of the quotient; takes its multiple of b off what stands at a[0] to a[l_b]. */
static lword divide_step(lword* a, u32 l_b, const lword* b) {
    const u64 top = (u64)a[l_b] << 32 | a[l_b - 1];
    u64 guess = top / b[l_b - 1], rest = top % b[l_b - 1], carry = 0, borrow = 0;
    u32 i;
    while (guess >> 32 || (l_b > 1 && guess * b[l_b - 2] > (rest << 32 | a[l_b - 2]))) {
        --guess;
        rest += b[l_b - 1];
        if (rest >> 32) break;
    }
    for (i = 0; i <= l_b; ++i) {
        u64 taken;
        carry += i < l_b ? guess * b[i] : 0;
        taken = (lword)carry + borrow;
        borrow = a[i] < taken;
        a[i] = (lword)(a[i] - taken);
        carry >>= 32;
    }
    if (borrow) { /* one too many */
        --guess;
        for (i = 0, carry = 0; i <= l_b; ++i) {
            carry += (u64)a[i] + (i < l_b ? b[i] : 0);
            a[i] = (lword)carry;
            carry >>= 32;
        }
    }
    return (lword)guess;
}

void divide_words(u32 l_a, lword* a, u32 l_b, const lword* b, lword* q) {
    lword high[MOST_WORDS + 1], divisor[MOST_WORDS];
    const u32 shift = (u32)__builtin_clz(b[l_b - 1]);
    u32 i;
    if (q) memset(q, 0, 4 * (size_t)l_a);
    if (l_a < l_b) return;
    memcpy(divisor, b, 4 * (size_t)l_b);
    memcpy(high, a, 4 * (size_t)l_a);
    high[l_a] = shift ? a[l_a - 1] >> (32 - shift) : 0;
    sdk_lna_shl(shift, l_b, divisor);
    sdk_lna_shl(shift, l_a, high);
    for (i = l_a - l_b + 1; i-- > 0;) {
        const lword word = divide_step(high + i, l_b, divisor);
        if (q) q[i] = word;
    }
    sdk_lna_shr(shift, l_b, high);
    memset(a, 0, 4 * (size_t)l_a);
    memcpy(a, high, 4 * (size_t)l_b);
    explicit_bzero(high, sizeof high);
    explicit_bzero(divisor, sizeof divisor);
}

int sdk_lna_div(u32 l_a, lword* a, u32 l_b, lword* b, u32* l_q, lword* q, u32* l_rest, lword* rest) {
    lword left[MOST_WORDS], quotient[MOST_WORDS];
    if (!is_number(l_a, a) || !is_number(l_b, b)) return CODE(E_ECA_BAD_PARAM);
    l_a = used_words(l_a, a);
    l_b = used_words(l_b, b);
    if (l_b == 0) return CODE(E_ECA_DIV0);
    memcpy(left, a, 4 * (size_t)l_a);
    divide_words(l_a, left, l_b, b, quotient);
    l_a = used_words(l_a, quotient);
    if (q) memcpy(q, quotient, 4 * (size_t)l_a);
    if (l_q) *l_q = l_a;
    l_b = used_words(l_b, left);
    if (rest) memcpy(rest, left, 4 * (size_t)l_b);
    if (l_rest) *l_rest = l_b;
    return 0;
}
/* In place: a becomes a modulo m, and as long as that is. */
int sdk_lna_mod(u32 l_m, lword* m, u32* l_a, lword* a) {
    if (!l_a || !is_number(*l_a, a) || !is_number(l_m, m)) return CODE(E_ECA_BAD_PARAM);
    l_m = used_words(l_m, m);
    if (l_m == 0) return CODE(E_ECA_DIV0);
    *l_a = used_words(*l_a, a);
    divide_words(*l_a, a, l_m, m, NULL);
    *l_a = used_words(*l_a, a);
    return 0;
}
int sdk_lna_mod_s(u32 l_m, lword* m, u32* l_a, lword* a) { return sdk_lna_mod(l_m, m, l_a, a); }
int sdk_lna_mod_1(lword m, u32 l_a, lword* a, lword* rest) {
    u64 left = 0;
    u32 i;
    if (!is_number(l_a, a) || !rest) return CODE(E_ECA_BAD_PARAM);
    if (m == 0) return CODE(E_ECA_DIV0);
    for (i = l_a; i-- > 0;) left = (left << 32 | a[i]) % m;
    *rest = (lword)left;
    return 0;
}
