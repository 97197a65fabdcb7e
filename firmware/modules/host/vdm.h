/* Keys of vendor-defined mechanisms: as the simulator sends them, and as callbacks see them. */
#ifndef CS2SIM_MODULES_VDM_H
#define CS2SIM_MODULES_VDM_H

#include <cryptoserversdk/cxi_vdm.h>

#include "host.h"

struct vdm_key {
    u32 type, bits, algorithm, external;
    const u8* private, *public, *public_data, *domain; /* in the job's copy */
    u32 l_private, l_public, l_public_data, l_domain;
    AES_KEY for_aes; /* prepared keys serve both directions here */
    VDES_KEY for_des;
    u8 *public_token, *private_token; /* of RSA */
    u32 l_public_token, l_private_token;
    ECDP* curve;
};

/* --- vdm_keys.c --- */
/* Reads a key (channel.h); none at all is a generic secret without bytes. Put it down in any case. */
int take_key(struct vdm_key* key, const u8* bytes, u32 length);
void put_down_key(struct vdm_key* key);
/* As a callback sees it. `made` and `public_data`: the buffers of a key that is to be made; else NULL. */
void describe_key(struct vdm_key* key, const T_VDM_BUF* made, const T_VDM_BUF* public_data, T_VDM_KEY* out);

#endif
