/* cryptoserversdk/dsa.h: DSA and DH
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_DSA_H
#define CRYPTOSERVERSDK_DSA_H

#include "os_mdl.h"

typedef struct {
    void* p_data;
    int (*start)(T_OS_MDL_HDL smos, void* file, void* coff_mem);
    int (*stop)(void);
    int (*pre_replace)(void);
    int (*pre_delete)(void);
    const void* reserved;
    const void* p_module_info;
    int (*_dsa_chk_size)(unsigned char* keyt, unsigned int max, unsigned int* len);
    int (*_dsa_get_comp)(int component, unsigned char* keyt, unsigned int* l_component, unsigned char**
            component_);
    int (*_dsa_mk_token)(unsigned char** keyt, ...);
    int (*_dsa_xkeygen)(unsigned int flags, unsigned int l_p, unsigned char* p, unsigned int l_q, unsigned
            char* q, unsigned int l_g, unsigned char* g, unsigned char* x, unsigned char* y);
    int (*_dsa_tkeygen)(unsigned int flags, unsigned char* tok, unsigned int* l_x, unsigned char* x, unsigned
            int* l_y, unsigned char* y);
    int (*_dsa_xsign)(unsigned int flags, unsigned int l_p, unsigned char* p, unsigned int l_q, unsigned char*
            q, unsigned int l_g, unsigned char* g, unsigned int l_x, unsigned char* x, unsigned int l_hash,
            unsigned char* hash, unsigned int* l_sign, unsigned char* sign);
    int (*_dsa_tsign)(unsigned int flags, unsigned char* tok, unsigned int l_x, unsigned char* x, unsigned int
            l_hash, unsigned char* hash, unsigned int* l_sign, unsigned char* sign);
    int (*_dsa_xchk)(unsigned int l_p, unsigned char* p, unsigned int l_q, unsigned char* q, unsigned int l_g,
            unsigned char* g, unsigned int l_x, unsigned char* x, unsigned int l_y, unsigned char* y);
    int (*_dsa_tchk)(unsigned char* tok, unsigned int l_x, unsigned char* x, unsigned int l_y, unsigned char*
            y);
    int (*_dsa_xgen)(unsigned int psize, unsigned int qsize, unsigned int mode, unsigned int* l_p, unsigned
            char* p, unsigned int* l_q, unsigned char* q, unsigned char* g);
    int (*_dsa_tgen)(unsigned int psize, unsigned int qsize, unsigned int mode, unsigned char** tok);
    int (*_dsa_xverify)(unsigned int l_p, unsigned char* p, unsigned int l_q, unsigned char* q, unsigned int
            l_g, unsigned char* g, unsigned int l_y, unsigned char* y, unsigned int l_hash, unsigned char*
            hash, unsigned int l_sign_r, unsigned char* sign_r, unsigned int l_sign_s, unsigned char* sign_s);
    int (*_dsa_tverify)(unsigned char* tok, unsigned int l_y, unsigned char* y, unsigned int l_hash, unsigned
            char* hash, unsigned int l_sign_r, unsigned char* sign_r, unsigned int l_sign_s, unsigned char*
            sign_s);
    int (*_dsa_sign_decode)(unsigned int l_sign, unsigned char* sign, unsigned int* l_r, unsigned char** r,
            unsigned int* l_s, unsigned char** s);
    int (*_dsa_sign_encode)(unsigned int l_r, unsigned char* r, unsigned int l_s, unsigned char* s, unsigned
            int* l_sign, unsigned char* sign);
    int (*_dsa_tkeygen2)(unsigned int flags, unsigned char* tok, unsigned char** tok_, unsigned int* l_x,
            unsigned char* x);
    int (*_dsa_dh)(unsigned int l_p, unsigned char* p, unsigned int l_x, unsigned char* x, unsigned int l_y,
            unsigned char* y, unsigned int flags, unsigned int l_shsec, unsigned char* shsec, unsigned int
            l_secret, unsigned char* secret);
    int (*_dsa_dh_gen)(unsigned int l_p, unsigned char* p, unsigned int l_g, unsigned char* g, unsigned int
            l_y, unsigned char* y, unsigned int flags, unsigned int l_shsec, unsigned char* shsec, unsigned
            int l_secret, unsigned char* secret, unsigned char** r);
    int (*_dsa_dh_chk)(unsigned int l_p, unsigned char* p, unsigned int l_g, unsigned char* g, unsigned int
            l_x, unsigned char* x);
    int (*_dsa_xgen_fips186_2)(unsigned int psize, unsigned int qsize, unsigned int mode, unsigned int*
            l_seed, unsigned char* seed_in, unsigned char* seed_out, unsigned int* l_h, unsigned char* h,
            unsigned int* counter, unsigned int* l_p, unsigned char* p, unsigned int* l_q, unsigned char* q,
            unsigned char* g);
    int (*_dsa_pq_gen)(unsigned int psize, unsigned int qsize, unsigned int mode, unsigned int* l_seed,
            unsigned char* seed_in, unsigned char* seed_out, unsigned int retries, unsigned int* counter_p,
            unsigned int* l_p, unsigned char* p, unsigned int* l_q, unsigned char* q);
    int (*_dsa_g_gen)(unsigned int mode, unsigned int l_seed, unsigned char* seed_in, unsigned char index,
            unsigned int l_p, unsigned char* p, unsigned int l_q, unsigned char* q, unsigned char* g);
    int (*_dsa_pq_chk)(unsigned int psize, unsigned int qsize, unsigned int mode, unsigned int l_seed,
            unsigned char* seed_in, unsigned int counter_p, unsigned int l_p, unsigned char* p, unsigned int
            l_q, unsigned char* q);
    int (*_dsa_g_chk)(unsigned int mode, unsigned int l_seed, unsigned char* seed_in, unsigned char index,
            unsigned int l_p, unsigned char* p, unsigned int l_q, unsigned char* q, unsigned char* g);
    int (*_dsa_xgen_fips186_4)(unsigned int psize, unsigned int qsize, unsigned int mode, unsigned int*
            l_seed, unsigned char* seed_in, unsigned char* seed_out, unsigned int retries, unsigned char
            index, unsigned int* counter_p, unsigned int* l_p, unsigned char* p, unsigned int* l_q, unsigned
            char* q, unsigned char* g);
    int (*_dsa_pqg_chk_fips186_4)(unsigned int psize, unsigned int qsize, unsigned int mode, unsigned int
            l_seed, unsigned char* seed_in, unsigned char index, unsigned int counter_p, unsigned int l_p,
            unsigned char* p, unsigned int l_q, unsigned char* q, unsigned char* g);
} T_DSA_TABLE_PUB;

extern T_OS_MDL_HDL P_DSA;

#define dsa_chk_size (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_chk_size)
#define dsa_get_comp (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_get_comp)
#define dsa_mk_token (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_mk_token)
#define dsa_xkeygen (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_xkeygen)
#define dsa_tkeygen (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_tkeygen)
#define dsa_xsign (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_xsign)
#define dsa_tsign (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_tsign)
#define dsa_xchk (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_xchk)
#define dsa_tchk (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_tchk)
#define dsa_xgen (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_xgen)
#define dsa_tgen (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_tgen)
#define dsa_xverify (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_xverify)
#define dsa_tverify (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_tverify)
#define dsa_sign_decode (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_sign_decode)
#define dsa_sign_encode (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_sign_encode)
#define dsa_tkeygen2 (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_tkeygen2)
#define dsa_dh (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_dh)
#define dsa_dh_gen (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_dh_gen)
#define dsa_dh_chk (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_dh_chk)
#define dsa_xgen_fips186_2 (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_xgen_fips186_2)
#define dsa_pq_gen (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_pq_gen)
#define dsa_g_gen (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_g_gen)
#define dsa_pq_chk (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_pq_chk)
#define dsa_g_chk (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_g_chk)
#define dsa_xgen_fips186_4 (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_xgen_fips186_4)
#define dsa_pqg_chk_fips186_4 (((T_DSA_TABLE_PUB*)P_DSA)->_dsa_pqg_chk_fips186_4)

#endif
