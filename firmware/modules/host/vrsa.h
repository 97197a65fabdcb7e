/* VRSA: RSA with keys in tokens, whose form is ours: no public source gives the device's. A token is "RSAT",
 * its whole length (4 bytes), then numbers as the service takes them: which (VRSA_KC_*), length (2 bytes),
 * bytes. */
#ifndef CS2SIM_MODULES_VRSA_H
#define CS2SIM_MODULES_VRSA_H

#include "host.h"

enum { TOKEN_HEAD = 8, LONGEST_NUMBER = 1024, LONGEST_TOKEN = TOKEN_HEAD + 8 * (3 + LONGEST_NUMBER) };

/* Numbers of a key on their way to the simulator, or back. Cleanse them. */
struct numbers {
    u32 length;
    int too_long;
    u8 bytes[LONGEST_TOKEN];
};

/* --- vrsa_tokens.c --- */
void add_number(struct numbers* numbers, u32 which, u32 length, const u8* bytes);
/* In `left` bytes of numbers at `at`; NULL when it is not there. */
const u8* find_number(const u8* at, u32 left, u32 which, u32* length);
u32 token_size(const u8* token); /* 0: it is none */
/* Of two tokens the first counts where both have a number. */
int add_token(struct numbers* numbers, const u8* token);
/* The numbers of `mask` as a token into `out` (NULL: nowhere); its size. */
u32 write_token(const struct numbers* numbers, u32 mask, u8* out);
u8* new_token(const struct numbers* numbers, u32 mask, const void* caller); /* NULL: no memory */

/* --- vrsa_keys.c --- */
/* By SERVICE_rsa_complete, which adds what follows from the primes and an exponent, or SERVICE_rsa_check. */
int complete_key(struct numbers* numbers, enum service service);

#endif
