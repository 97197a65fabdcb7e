/* cryptoserversdk/os_link.h: linked lists
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_OS_LINK_H
#define CRYPTOSERVERSDK_OS_LINK_H

#include "os.h"

typedef struct {
    void* p_first;
    void* p_last;
    unsigned int cnt;
    void* p_user;
} T_OS_LINK_HEAD;

typedef struct {
    void* p_next;
    void* p_prev;
    T_OS_LINK_HEAD* p_owner;
    void* p_user;
} T_OS_LINK;

#endif
