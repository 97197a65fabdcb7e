/* cryptoserversdk/cxi_vdm.h: vendor-defined mechanisms of CXI and PKCS#11
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_CXI_VDM_H
#define CRYPTOSERVERSDK_CXI_VDM_H

#include "aes.h"
#include "vdes.h"
#include "eca.h"
#include "cxi.h"

#define VDM_FLAG_LEN 1
#define VDM_PRIORITY_DEFAULT 0

typedef unsigned char* T_VDM_PTR;

typedef struct {
    T_VDM_PTR const pBuf;
    unsigned int len;
} T_VDM_BUF;

typedef enum {
    VDM_TYPE_GENERIC_SECRET = 0,
    VDM_TYPE_DES = 1,
    VDM_TYPE_AES = 2,
    VDM_TYPE_RSA = 3,
    VDM_TYPE_ECC = 4,
    VDM_TYPE_DSA = 5,
    VDM_TYPE_CUSTOM = 6
} T_VDM_TYPE;

typedef enum {
    VDM_INTERNAL_KEY = 0,
    VDM_EXTERNAL_KEY = 1
} T_VDM_EXT_OR_INT_KEY;

typedef struct {
    unsigned int Type;
    T_VDM_BUF Param;
} T_VDM_MECH;

typedef struct {
    const T_VDM_TYPE type;
    unsigned int size;
    union { struct { AES_KEY* const p_enc; AES_KEY* const p_dec; } AES; struct { VDES_KEY* const p_enc;
            VDES_KEY* const p_dec; } DES; struct { const T_VDM_BUF pub_exp; } RSA; struct { ECDP* const p_dp;
            } ECC; struct { const T_VDM_BUF p; const T_VDM_BUF q; const T_VDM_BUF g; } DSA; struct { const
            unsigned int algo; const T_VDM_EXT_OR_INT_KEY ext_or_int; } CUSTOM; } comp;
    T_VDM_BUF pub_token;
    T_VDM_BUF priv_token;
    T_VDM_BUF pub_data;
} T_VDM_KEY;

typedef int (*fctCrypt)(const T_VDM_MECH* const, const unsigned int flags, const T_VDM_KEY* const, const
        T_VDM_BUF* const in, const T_VDM_BUF* const state_in, T_VDM_BUF* const out, T_VDM_BUF* const
        state_out);

typedef int (*fctSign)(const T_VDM_MECH* const, const unsigned int flags, const T_VDM_KEY* const, const
        T_VDM_BUF* const in, const T_VDM_BUF* const state_in, T_VDM_BUF* const result);

typedef int (*fctVerify)(const T_VDM_MECH* const, const unsigned int flags, const T_VDM_KEY* const, const
        T_VDM_BUF* const in, const T_VDM_BUF* const signature, const T_VDM_BUF* const state_in, T_VDM_BUF*
        const state_out);

typedef int (*fctDigest)(const T_VDM_MECH* const, const unsigned int flags, const T_VDM_BUF* const in, const
        T_VDM_BUF* const state_in, T_VDM_BUF* const result);

typedef int (*fctGenKey)(const T_VDM_MECH* const, T_VDM_KEY* const key);

typedef int (*fctDerive)(const T_VDM_MECH* const, const T_VDM_KEY* const base, T_VDM_KEY* const key);

typedef int (*fctWrap)(const T_VDM_MECH* const, const T_VDM_KEY* const wrapping, const T_VDM_KEY* const key,
        T_VDM_BUF* const wrapped);

typedef int (*fctUnwrap)(const T_VDM_MECH* const, const T_VDM_KEY* const unwrapping, const T_VDM_BUF* const
        wrapped, T_VDM_KEY* const key);

typedef int (*fctDelKey)(const T_VDM_KEY* const key);

typedef enum {
    VDM_FCT_ENCRYPT,
    VDM_FCT_DECRYPT,
    VDM_FCT_SIGN,
    VDM_FCT_VERIFY,
    VDM_FCT_DIGEST,
    VDM_FCT_GENKEY,
    VDM_FCT_DERIVE,
    VDM_FCT_WRAP,
    VDM_FCT_UWRAP,
    VDM_FCT_DELKEY
} T_VDM_FCT_TYPE;

typedef union {
    fctCrypt Encrypt;
    fctCrypt Decrypt;
    fctSign Sign;
    fctVerify Verify;
    fctDigest Digest;
    fctGenKey GenKey;
    fctDerive Derive;
    fctWrap Wrap;
    fctUnwrap Unwrap;
    fctDelKey DelKey;
} T_VDM_CB_FCT;

struct vdmCallback {
    T_VDM_FCT_TYPE fctType;
    T_VDM_CB_FCT cbFct;
};

#endif
