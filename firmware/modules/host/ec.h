/* ECA's curves and points, as the files of ECA and ECDSA share them. */
#ifndef CS2SIM_MODULES_EC_H
#define CS2SIM_MODULES_EC_H

#include "host.h"

enum { LONGEST_FIELD = 66 };

struct ECDP_ {
    int used;
    u32 place; /* the services' name of it */
    u32 bits;
    u32 l_order; /* bytes */
    u32 l_field;
    u32 flags;
    u32 cofactor;
    u32 lengths[ECA_DP_B + 1];
    u8* values[ECA_DP_B + 1];
};

/* A public key, or a point, made ready: itself. */
struct ECPCP_ {
    u32 l_y;
    u8 y[];
};

/* Whether it is one that eca_dp_find_* gave. */
int is_curve(const ECDP* curve);
/* The curve that an answer of ec_curve, ec_register or ec_find describes; numbers modulo one (ec_modulus). */
int take_curve(struct answer* answer, ECDP** out);
int take_modulus(struct answer* answer, u32 length, const u8* modulus, ECDP** out);
/* Its place is free again. */
void forget_curve(ECDP* curve);
/* A point, 04 || X || Y, in the form that the flags ask for (of a twisted Edwards curve its only one); its
 * length. */
u32 form_point(const ECDP* curve, u32 flags, const u8* y, u32 l_y, u8* out);

#endif
