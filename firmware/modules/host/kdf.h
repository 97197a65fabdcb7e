/* What an agreed secret becomes by the flags of an agreement: ECDSA_KDF_*, and a hash where one is named. */
#ifndef CS2SIM_MODULES_KDF_H
#define CS2SIM_MODULES_KDF_H

#include "host.h"

/* ECDSA_KDF_RAW: the first `length` bytes of the secret. ECDSA_KDF_CT: X9.63's function, hash(secret,
 * counter, shared …); with _CT_NIST SP 800-56A's, hash(counter, secret, shared). Neither: hash(secret,
 * shared) once, from its beginning (our assumption). Codes: E_ECDSA_WRONG_DATA_SIZE for more than there is,
 * E_ECDSA_BAD_HASH_ALGO, E_ECDSA_NOT_SUPP (ECDSA_KDF_HASH_R). */
int derive_secret(const u8* agreed, u32 l_agreed, u32 flags, const u8* shared, u32 l_shared, u8* out,
                  u32 length);

#endif
