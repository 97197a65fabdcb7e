/* cryptoserversdk/memutil.h: memory operations
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_MEMUTIL_H
#define CRYPTOSERVERSDK_MEMUTIL_H

#include <string.h>

void memxor(void* to, const void* from, size_t n);
void xormem(size_t n, const void* a, const void* b, void* to);
int memtst(void* p, int byte, size_t n);
int smemcmp(const void* a, const void* b, unsigned int l_a, unsigned int l_b);

#endif
