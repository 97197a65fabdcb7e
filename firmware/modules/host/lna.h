/* Long numbers: words, the least significant first. */
#ifndef CS2SIM_MODULES_LNA_H
#define CS2SIM_MODULES_LNA_H

#include "host.h"

enum { MOST_WORDS = 512 }; /* 16384 bits */

/* Without zeros at the top. */
u32 used_words(u32 length, const lword* words);
/* -1, 0 or 1. */
int compare_words(u32 l_a, const lword* a, u32 l_b, const lword* b);
/* Of used words, b not 0: a becomes what is left (as long as it was), q (unless NULL) gets l_a words. */
void divide_words(u32 l_a, lword* a, u32 l_b, const lword* b, lword* q);

#endif
