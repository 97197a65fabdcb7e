/* cryptoserversdk/os_tmr.h: timers
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_OS_TMR_H
#define CRYPTOSERVERSDK_OS_TMR_H

#include "os.h"
#include "os_mem.h"

typedef enum {
    OS_TMR_RES_10ms,
    OS_TMR_RES_100ms,
    OS_TMR_RES_1s,
    OS_TMR_RES_1min,
    OS_TMR_RES_1h,
    OS_TMR_RES_1d,
    OS_TMR_RES_COUNT
} T_OS_TMR_RES;

typedef struct {
    void (*_os_tmr_adjust)(void*, unsigned int);
    void (*_os_tmr_del)(void*);
    int (*_os_tmr_expired)(void*);
    void* (*_os_tmr_new)(unsigned int, unsigned int, void*, T_OS_TMR_RES, T_OS_MEM_TYPE);
    void (*_os_tmr_start)(void*, unsigned int);
    void (*_os_tmr_stop)(void*);
    unsigned int (*_os_tmr_cnt_get)(void*);
    void (*_os_tmr_get_clk)(unsigned int*, unsigned int*);
} T_OS_TMR_TABLE_PUB;

#define os_tmr_adjust (((T_OS_TMR_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_tmr)->_os_tmr_adjust)
#define os_tmr_del (((T_OS_TMR_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_tmr)->_os_tmr_del)
#define os_tmr_expired (((T_OS_TMR_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_tmr)->_os_tmr_expired)
#define os_tmr_new (((T_OS_TMR_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_tmr)->_os_tmr_new)
#define os_tmr_start (((T_OS_TMR_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_tmr)->_os_tmr_start)
#define os_tmr_stop (((T_OS_TMR_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_tmr)->_os_tmr_stop)
#define os_tmr_cnt_get (((T_OS_TMR_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_tmr)->_os_tmr_cnt_get)
#define os_tmr_get_clk (((T_OS_TMR_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_tmr)->_os_tmr_get_clk)

#endif
