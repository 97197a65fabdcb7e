/* cryptoserversdk/lna.h: long number arithmetic
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_LNA_H
#define CRYPTOSERVERSDK_LNA_H

#include "os_mdl.h"
#include "stype.h"

typedef unsigned int lword;

typedef int (*T_LNA_RND)(unsigned char* out, unsigned int len);

typedef struct {
    void* p_data;
    int (*start)(T_OS_MDL_HDL smos, void* file, void* coff_mem);
    int (*stop)(void);
    int (*pre_replace)(void);
    int (*pre_delete)(void);
    const void* reserved;
    const void* p_module_info;
    unsigned int (*_lna_wlen)(unsigned int lw, lword* w);
    void (*_lna_btow)(unsigned int lb, unsigned char* b, lword* w);
    void (*_lna_wtob)(unsigned int lw, lword* w, unsigned int lb, unsigned char* b);
    int (*_lna_cmp_eq)(unsigned int, lword*, unsigned int, lword*);
    int (*_lna_cmp)(unsigned int, lword*, unsigned int, lword*);
    int (*_lna_add)(unsigned int, lword*, unsigned int, lword*, unsigned int*, lword*);
    int (*_lna_inc)(unsigned int, lword*);
    int (*_lna_sub)(unsigned int, lword*, unsigned int, lword*, lword*);
    int (*_lna_dec)(unsigned int la, lword*);
    int (*_lna_mul)(unsigned int, lword*, unsigned int, lword*, lword*);
    int (*_lna_sqr)(unsigned int, lword*, lword*);
    int (*_lna_mod)(unsigned int, lword*, unsigned int*, lword*);
    int (*_lna_mod_s)(unsigned int, lword*, unsigned int*, lword*);
    int (*_lna_div)(unsigned int la, lword*, unsigned int, lword*, unsigned int*, lword*, unsigned int*,
            lword*);
    void (*_lna_shr)(unsigned int, unsigned int, lword*);
    void (*_lna_shl)(unsigned int, unsigned int, lword*);
    void (*_lna_shl_cpy)(unsigned int, unsigned int, lword*, lword*);
    unsigned int (*_lna_norm)(unsigned int, lword*);
    int (*_lna_exp)(unsigned int, lword*, unsigned int, unsigned int, unsigned char*, unsigned int, lword*,
            lword*);
    int (*_lna_euclid)(unsigned int, lword*, unsigned int, lword*, lword*);
    int (*_lna_gcd)(unsigned int, lword*, unsigned int, lword*, unsigned int*, lword*);
    unsigned int (*_lna_bitlen)(unsigned int lw, lword* w);
    int (*_lna_mod_1)(lword, unsigned int, lword*, lword*);
    int (*_lna_exp2)(unsigned int, lword*, unsigned int, unsigned int, lword*, unsigned int, lword*, lword*);
    int (*_lna_prime_test_mr)(unsigned int, lword*, unsigned int, unsigned int, int*);
    int (*_lna_gen_prob_prime)(unsigned int, unsigned int, unsigned int, lword, T_LNA_RND rnd, lword*);
    const void* _lna_prime_tab;
    int (*_lna_gen_prov_prime)(unsigned int, unsigned int, T_LNA_RND rnd, lword*);
    int (*_lna_exp_mg)(unsigned int, lword*, unsigned int, unsigned char*, unsigned int, lword*, lword*);
    int (*_lna_exp2_mg)(unsigned int, lword*, unsigned int, lword*, unsigned int, lword*, lword*);
    int (*_lna_prime_test_lucas)(unsigned int, lword*, int*);
    int (*_lna_gen_ansi_prime)(unsigned int, unsigned int, T_LNA_RND rnd, lword*);
    int (*_lna_gen_ansi_prime_ex)(unsigned int, unsigned int, T_LNA_RND rnd, unsigned int, lword*, lword*);
    int (*_lna_gen_prob_prime_aux_prob)(unsigned int, unsigned int, T_LNA_RND rnd, unsigned int, lword*,
            unsigned int, unsigned int, lword*);
    int (*_lna_mod_exp_mg)(unsigned int, unsigned int, lword*, unsigned int, unsigned char*, unsigned int,
            lword*, lword*);
    int (*_lna_mod_exp2_mg)(unsigned int, unsigned int, lword*, unsigned int, lword*, unsigned int, lword*,
            lword*);
} T_LNA_TABLE_PUB;

extern T_OS_MDL_HDL P_LNA;

#define lna_wlen (((T_LNA_TABLE_PUB*)P_LNA)->_lna_wlen)
#define lna_btow (((T_LNA_TABLE_PUB*)P_LNA)->_lna_btow)
#define lna_wtob (((T_LNA_TABLE_PUB*)P_LNA)->_lna_wtob)
#define lna_cmp_eq (((T_LNA_TABLE_PUB*)P_LNA)->_lna_cmp_eq)
#define lna_cmp (((T_LNA_TABLE_PUB*)P_LNA)->_lna_cmp)
#define lna_add (((T_LNA_TABLE_PUB*)P_LNA)->_lna_add)
#define lna_inc (((T_LNA_TABLE_PUB*)P_LNA)->_lna_inc)
#define lna_sub (((T_LNA_TABLE_PUB*)P_LNA)->_lna_sub)
#define lna_dec (((T_LNA_TABLE_PUB*)P_LNA)->_lna_dec)
#define lna_mul (((T_LNA_TABLE_PUB*)P_LNA)->_lna_mul)
#define lna_sqr (((T_LNA_TABLE_PUB*)P_LNA)->_lna_sqr)
#define lna_mod (((T_LNA_TABLE_PUB*)P_LNA)->_lna_mod)
#define lna_mod_s (((T_LNA_TABLE_PUB*)P_LNA)->_lna_mod_s)
#define lna_div (((T_LNA_TABLE_PUB*)P_LNA)->_lna_div)
#define lna_shr (((T_LNA_TABLE_PUB*)P_LNA)->_lna_shr)
#define lna_shl (((T_LNA_TABLE_PUB*)P_LNA)->_lna_shl)
#define lna_shl_cpy (((T_LNA_TABLE_PUB*)P_LNA)->_lna_shl_cpy)
#define lna_norm (((T_LNA_TABLE_PUB*)P_LNA)->_lna_norm)
#define lna_exp (((T_LNA_TABLE_PUB*)P_LNA)->_lna_exp)
#define lna_euclid (((T_LNA_TABLE_PUB*)P_LNA)->_lna_euclid)
#define lna_gcd (((T_LNA_TABLE_PUB*)P_LNA)->_lna_gcd)
#define lna_bitlen (((T_LNA_TABLE_PUB*)P_LNA)->_lna_bitlen)
#define lna_mod_1 (((T_LNA_TABLE_PUB*)P_LNA)->_lna_mod_1)
#define lna_exp2 (((T_LNA_TABLE_PUB*)P_LNA)->_lna_exp2)
#define lna_prime_test_mr (((T_LNA_TABLE_PUB*)P_LNA)->_lna_prime_test_mr)
#define lna_gen_prob_prime (((T_LNA_TABLE_PUB*)P_LNA)->_lna_gen_prob_prime)
#define lna_prime_tab (((T_LNA_TABLE_PUB*)P_LNA)->_lna_prime_tab)
#define lna_gen_prov_prime (((T_LNA_TABLE_PUB*)P_LNA)->_lna_gen_prov_prime)
#define lna_exp_mg (((T_LNA_TABLE_PUB*)P_LNA)->_lna_exp_mg)
#define lna_exp2_mg (((T_LNA_TABLE_PUB*)P_LNA)->_lna_exp2_mg)
#define lna_prime_test_lucas (((T_LNA_TABLE_PUB*)P_LNA)->_lna_prime_test_lucas)
#define lna_gen_ansi_prime (((T_LNA_TABLE_PUB*)P_LNA)->_lna_gen_ansi_prime)
#define lna_gen_ansi_prime_ex (((T_LNA_TABLE_PUB*)P_LNA)->_lna_gen_ansi_prime_ex)
#define lna_gen_prob_prime_aux_prob (((T_LNA_TABLE_PUB*)P_LNA)->_lna_gen_prob_prime_aux_prob)
#define lna_mod_exp_mg (((T_LNA_TABLE_PUB*)P_LNA)->_lna_mod_exp_mg)
#define lna_mod_exp2_mg (((T_LNA_TABLE_PUB*)P_LNA)->_lna_mod_exp2_mg)

#endif
