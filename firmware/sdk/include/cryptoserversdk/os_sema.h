/* cryptoserversdk/os_sema.h: semaphores
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_OS_SEMA_H
#define CRYPTOSERVERSDK_OS_SEMA_H

#include "os.h"
#include "os_mem.h"

typedef struct {
    void (*_os_sema_del)(void* sema);
    void* (*_os_sema_new)(T_OS_MEM_TYPE mem_type);
    int (*_os_sema_req)(void* sema, unsigned int dly_cnt);
    void (*_os_sema_rls)(void* sema);
} T_OS_SEMA_TABLE_PUB;

#define os_sema_del (((T_OS_SEMA_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_sema)->_os_sema_del)
#define os_sema_new (((T_OS_SEMA_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_sema)->_os_sema_new)
#define os_sema_req (((T_OS_SEMA_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_sema)->_os_sema_req)
#define os_sema_rls (((T_OS_SEMA_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_sema)->_os_sema_rls)

#endif
