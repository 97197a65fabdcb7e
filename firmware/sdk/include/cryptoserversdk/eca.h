/* cryptoserversdk/eca.h: elliptic curve arithmetic
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_ECA_H
#define CRYPTOSERVERSDK_ECA_H

#include "os_mdl.h"
#include "stype.h"

#define ECA_MODE_REAL_RND 0x00
#define ECA_MODE_PSEUDO_RND 0x01
#define ECA_FMT_UNCOMP 4
#define ECA_FMT_COMP 2
#define ECA_FMT_MASK 6
#define ECA_FMT_X 8
#define ECA_LB_INTERN 1
#define ECA_LB_UNCOMP ECA_FMT_UNCOMP
#define ECA_LB_COMP ECA_FMT_COMP
#define ECA_LB_X 8
#define ECA_DP_NAME 1
#define ECA_DP_OID 2
#define ECA_DP_ORDER_INT 3
#define ECA_DP_SIZE 4
#define ECA_DP_MODE 5
#define ECA_DP_G 6
#define ECA_DP_P 7
#define ECA_DP_NE 8
#define ECA_DP_A 9
#define ECA_DP_B 10
#define ECA_SC_BL_LEN 2
#define ECA_WORD_BITS 32
#define ECF_GFTYPE_MASK 1
#define ECF_GFp_FIELD 0
#define ECF_GF2m_FIELD 1
#define ECF_A_IS_MINUS_3 2
#define ECF_A_IS_ONE 2
#define ECF_A_IS_NULL 4
#define ECF_COORDINATE_MASK 0x70
#define ECF_CMP_MASK 0x7F
#define ECF_SECURE_ALGO 0x80
#define ECF_VAR_LENGTH 0x4000
#define ECF_STATIC_NAME 0x8000
#define ECF_TEMP 0x1000
#define ECF_SHORT_WEIERSTRASS 0x00
#define ECF_MONTGOMERY 0x10
#define ECF_TWISTED_EDWARDS 0x20

typedef unsigned int fword;

typedef struct ECDP_ ECDP;

typedef struct ECPCP_ ECPCP;

typedef struct {
    unsigned short n;
    unsigned short flags;
    const unsigned char* p;
    const unsigned char* a;
    const unsigned char* b;
    const unsigned char* Gx;
    const unsigned char* Gy;
    unsigned int l_r;
    const unsigned char* r;
    unsigned int cof;
    const char* name;
    unsigned short l_oid;
    const unsigned char* oid;
    unsigned short la;
    unsigned short lb;
    unsigned short lGx;
    unsigned short lGy;
} EC_DOMAIN_PARAM;

typedef struct {
    void* p_data;
    int (*start)(T_OS_MDL_HDL smos, void* file, void* coff_mem);
    int (*stop)(void);
    int (*pre_replace)(void);
    int (*pre_delete)(void);
    const void* reserved;
    const void* p_module_info;
    int (*_eca_dp_register)(const EC_DOMAIN_PARAM*, ECDP**);
    int (*_eca_dp_find_name)(const char* name, ECDP** dp);
    int (*_eca_dp_find_oid)(unsigned int, const unsigned char*, ECDP**);
    int (*_eca_dp_get_info)(ECDP*, int, unsigned int*, unsigned char**);
    void (*_eca_btow)(unsigned int, const unsigned char*, fword*);
    void (*_eca_wtob)(fword*, unsigned int, unsigned char*);
    unsigned int (*_eca_point_get_len)(ECDP*, int);
    int (*_eca_point_mul_G)(ECDP*, unsigned int, fword*, fword*);
    int (*_eca_point_mul_G_P)(ECDP*, unsigned int, fword*, unsigned int, fword*, fword*, fword*);
    int (*_eca_point_mul_G_pcP)(ECDP*, unsigned int, fword*, unsigned int, fword*, ECPCP*, fword*);
    int (*_eca_fmto2point)(ECDP* dp, unsigned int, const unsigned char* x, fword* pt);
    int (*_eca_point2fmto)(ECDP* dp, fword* pt, int flag, unsigned char* x);
    int (*_eca_int_get_wlen)(ECDP*);
    int (*_eca_int_get_blen)(ECDP*);
    int (*_eca_int_add)(ECDP*, fword*, fword*, fword*);
    int (*_eca_int_mul)(ECDP*, fword*, fword*, fword*);
    int (*_eca_int_div)(ECDP*, fword*, fword*, fword*);
    int (*_eca_int_mod)(ECDP*, unsigned int, fword*, fword*);
    int (*_eca_int_rnd)(ECDP*, unsigned int, fword*);
    int (*_eca_point2int)(ECDP*, fword*, fword*);
    int (*_eca_b2int)(ECDP*, unsigned int, const unsigned char*, fword*);
    int (*_eca_point_precalc)(ECDP* dp, fword* a, ECPCP** pcp);
    void (*_eca_pcp_free)(ECPCP* pcp);
    int (*_eca_int_get_cof)(ECDP*, fword*);
    int (*_eca_dp_a2s)(unsigned int, unsigned char*, EC_DOMAIN_PARAM*);
    int (*_eca_point_check)(ECDP*, fword*);
    int (*_eca_dp_register_asn1)(unsigned int, unsigned char*, const char*, unsigned int, unsigned char*,
            unsigned int, ECDP**);
    int (*_eca_dp_find_asn1)(unsigned int, unsigned char*, ECDP**);
    int (*_eca_int_register)(unsigned int, unsigned char*, ECDP** dp);
    int (*_eca_hash2int)(ECDP*, unsigned int, const unsigned char*, fword*);
    int (*_eca_int_sub)(ECDP*, fword*, fword*, fword*);
    int (*_eca_hash2int_m)(ECDP*, unsigned int, const unsigned char*, fword*);
    int (*_eca_dp_set_algo)(ECDP*, unsigned int);
    void (*_eca_dp_unregister)(ECDP* dp);
    int (*_eca_point_bl_get)(ECDP*, fword**, fword**);
    void (*_eca_point_bl_clr)(void);
    int (*_eca_point_add)(ECDP*, fword*, fword*, fword*);
} T_ECA_TABLE_PUB;

extern T_OS_MDL_HDL P_ECA;

#define eca_dp_register (((T_ECA_TABLE_PUB*)P_ECA)->_eca_dp_register)
#define eca_dp_find_name (((T_ECA_TABLE_PUB*)P_ECA)->_eca_dp_find_name)
#define eca_dp_find_oid (((T_ECA_TABLE_PUB*)P_ECA)->_eca_dp_find_oid)
#define eca_dp_get_info (((T_ECA_TABLE_PUB*)P_ECA)->_eca_dp_get_info)
#define eca_btow (((T_ECA_TABLE_PUB*)P_ECA)->_eca_btow)
#define eca_wtob (((T_ECA_TABLE_PUB*)P_ECA)->_eca_wtob)
#define eca_point_get_len (((T_ECA_TABLE_PUB*)P_ECA)->_eca_point_get_len)
#define eca_point_mul_G (((T_ECA_TABLE_PUB*)P_ECA)->_eca_point_mul_G)
#define eca_point_mul_G_P (((T_ECA_TABLE_PUB*)P_ECA)->_eca_point_mul_G_P)
#define eca_point_mul_G_pcP (((T_ECA_TABLE_PUB*)P_ECA)->_eca_point_mul_G_pcP)
#define eca_fmto2point (((T_ECA_TABLE_PUB*)P_ECA)->_eca_fmto2point)
#define eca_point2fmto (((T_ECA_TABLE_PUB*)P_ECA)->_eca_point2fmto)
#define eca_int_get_wlen (((T_ECA_TABLE_PUB*)P_ECA)->_eca_int_get_wlen)
#define eca_int_get_blen (((T_ECA_TABLE_PUB*)P_ECA)->_eca_int_get_blen)
#define eca_int_add (((T_ECA_TABLE_PUB*)P_ECA)->_eca_int_add)
#define eca_int_mul (((T_ECA_TABLE_PUB*)P_ECA)->_eca_int_mul)
#define eca_int_div (((T_ECA_TABLE_PUB*)P_ECA)->_eca_int_div)
#define eca_int_mod (((T_ECA_TABLE_PUB*)P_ECA)->_eca_int_mod)
#define eca_int_rnd (((T_ECA_TABLE_PUB*)P_ECA)->_eca_int_rnd)
#define eca_point2int (((T_ECA_TABLE_PUB*)P_ECA)->_eca_point2int)
#define eca_b2int (((T_ECA_TABLE_PUB*)P_ECA)->_eca_b2int)
#define eca_point_precalc (((T_ECA_TABLE_PUB*)P_ECA)->_eca_point_precalc)
#define eca_pcp_free (((T_ECA_TABLE_PUB*)P_ECA)->_eca_pcp_free)
#define eca_int_get_cof (((T_ECA_TABLE_PUB*)P_ECA)->_eca_int_get_cof)
#define eca_dp_a2s (((T_ECA_TABLE_PUB*)P_ECA)->_eca_dp_a2s)
#define eca_point_check (((T_ECA_TABLE_PUB*)P_ECA)->_eca_point_check)
#define eca_dp_register_asn1 (((T_ECA_TABLE_PUB*)P_ECA)->_eca_dp_register_asn1)
#define eca_dp_find_asn1 (((T_ECA_TABLE_PUB*)P_ECA)->_eca_dp_find_asn1)
#define eca_int_register (((T_ECA_TABLE_PUB*)P_ECA)->_eca_int_register)
#define eca_hash2int (((T_ECA_TABLE_PUB*)P_ECA)->_eca_hash2int)
#define eca_int_sub (((T_ECA_TABLE_PUB*)P_ECA)->_eca_int_sub)
#define eca_hash2int_m (((T_ECA_TABLE_PUB*)P_ECA)->_eca_hash2int_m)
#define eca_dp_set_algo (((T_ECA_TABLE_PUB*)P_ECA)->_eca_dp_set_algo)
#define eca_dp_unregister (((T_ECA_TABLE_PUB*)P_ECA)->_eca_dp_unregister)
#define eca_point_bl_get (((T_ECA_TABLE_PUB*)P_ECA)->_eca_point_bl_get)
#define eca_point_bl_clr (((T_ECA_TABLE_PUB*)P_ECA)->_eca_point_bl_clr)
#define eca_point_add (((T_ECA_TABLE_PUB*)P_ECA)->_eca_point_add)

#define E_ECA_MEM 0xB08F0001u /* heap exhausted */
#define E_ECA_NOT_SUPP 0xB08F0002u /* operation unavailable */
#define E_ECA_BAD_PARAM 0xB08F0003u /* argument not acceptable */
#define E_ECA_NOT_FOUND 0xB08F0004u /* curve unknown */
#define E_ECA_EXISTS 0xB08F0005u /* curve present already */
#define E_ECA_TOO_BIG 0xB08F0006u /* number out of range */
#define E_ECA_INFINITE 0xB08F0007u /* result is infinity */
#define E_ECA_PCP_INCOMP 0xB08F0008u /* precomputed point from other curve */
#define E_ECA_LEN 0xB08F0009u /* argument length wrong */
#define E_ECA_BAD_TAG 0xB08F000Au /* point format byte wrong */
#define E_ECA_NO_SQRT 0xB08F000Bu /* no root exists */
#define E_ECA_NO_NON_RESIDUE 0xB08F000Cu /* no non-residue located */
#define E_ECA_NO_ASN1 0xB08F000Du /* ASN1 module absent */
#define E_ECA_ECDP_DECODE 0xB08F000Eu /* curve DER not decodable */
#define E_ECA_BAD_POINT 0xB08F000Fu /* point not on curve */
#define E_ECA_BAD_VALUE 0xB08F0010u /* curve parameter value wrong */
#define E_ECA_ECDP_DIFFER 0xB08F0011u /* curve differs from registered */
#define E_ECA_BAD_DOMAIN_PARA 0xB08F0012u /* curve parameters unusable */
#define E_ECA_BAD_POLYNOM 0xB08F0013u /* polynomial not irreducible */
#define E_ECA_NO_SECURE_CURVE 0xB08F0016u /* CC: curve too weak */
#define E_ECA_BL_TBL 0xB08F0017u /* blinding table unusable */
#define E_ECA_DIV0 0xB08F0018u /* divisor zero */
#define E_ECA_NO_INVERSE 0xB08F0019u /* not invertible */
#define E_ECA_ARG_LEN 0xB08F0101u /* command argument length wrong */
#define E_ECA_INT 0xB08F0102u /* unexpected internal failure */
#define E_ECA_OBSOLETE 0xB08F0103u /* retired function */

#endif
