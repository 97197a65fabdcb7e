/* cryptoserversdk/os_task.h: tasks
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_OS_TASK_H
#define CRYPTOSERVERSDK_OS_TASK_H

#include "os.h"
#include "os_mem.h"
#include "os_link.h"

typedef struct T_OS_TASK_TCB_ T_OS_TASK_TCB;

typedef struct {
    const char* p_name;
    unsigned int nr;
    char prior;
    unsigned int stack_size;
    void* p_init;
    void (*p_task)(void*);
    T_OS_MEM_TYPE mem_type_tcb;
    T_OS_MEM_TYPE mem_type_stack;
} T_OS_TASK_PAR;

typedef struct {
    unsigned int size;
    unsigned int state;
    const char* p_name;
    char prior;
    unsigned int dly_cnt;
    unsigned int event_got;
    unsigned int event_list;
    int error;
    unsigned int stack_size;
    unsigned int stack_min;
} T_OS_TASK_INFO;

#define OS_TASK_EV_SL_TX 0x00000001
#define OS_TASK_EV_SL_RX 0x00000002
#define OS_TASK_EV_QUEUE_RDY 0x00000010
#define OS_TASK_EV_MDL_SUCCEED 0x00000020
#define OS_TASK_EV_MDL_ERROR 0x00000040
#define OS_TASK_EV_USB_SIE1MSG 0x00000100
#define OS_TASK_EV_USB_SIE2MSG 0x00000200
#define OS_TASK_EV_USB_MBX_OUT 0x00000400
#define OS_TASK_EV_USB0_TDL_RDY 0x00000100
#define OS_TASK_EV_USB1_TDL_RDY 0x00000200
#define OS_TASK_EV_USB0_CONNECT 0x00000400
#define OS_TASK_EV_USB1_CONNECT 0x00000800
#define OS_TASK_EV_SPI_MSP 0x00001000
#define OS_TASK_STATE_READY 0
#define OS_TASK_STATE_DELAY 1
#define OS_TASK_STATE_WAIT 2
#define OS_TASK_NAME_LEN 16
#define OS_TASK_ID_INVALID 0
#define OS_TASK_HZ 25

typedef struct {
    void (*_os_task_del)(T_OS_TASK_TCB* tcb, void* dummy);
    void (*_os_task_dly)(unsigned int dly_cnt);
    unsigned int (*_os_task_dly_wait)(unsigned int dly_cnt, unsigned int event_list);
    void (*_os_task_event_flush)(T_OS_TASK_TCB* tcb, unsigned int event_list);
    unsigned short (*_os_task_event_get_cnt)(T_OS_TASK_TCB* tcb, unsigned int event);
    void (*_os_task_event_rls)(T_OS_TASK_TCB* tcb, unsigned int event, unsigned short cnt);
    T_OS_TASK_TCB* (*_os_task_id_get)(void);
    T_OS_TASK_TCB* (*_os_task_new)(const T_OS_TASK_PAR* par);
    char (*_os_task_prior_set)(T_OS_TASK_TCB* tcb, char prior);
    T_OS_TASK_TCB* (*_os_task_queue_wakeup)(T_OS_LINK_HEAD* head);
    int (*_os_task_queue_wait)(T_OS_LINK_HEAD* head, unsigned int dly_cnt);
    unsigned int (*_os_task_wait)(unsigned int event_list);
    void (*_os_task_wakeup)(T_OS_TASK_TCB* tcb, unsigned int event);
    int (*_os_task_errno_get)(void);
    void (*_os_task_errno_set)(int error);
    void (*_os_task_global_data_set)(void* data);
    void* (*_os_task_global_data_get)(T_OS_TASK_TCB* tcb);
    int (*_os_task_check_stack)(unsigned int* actual_free, unsigned int* minimum_free);
    int (*_os_task_info)(T_OS_TASK_INFO* task_list, unsigned int max_cnt, unsigned int* cnt);
} T_OS_TASK_TABLE_PUB;

#define os_task_del (((T_OS_TASK_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_task)->_os_task_del)
#define os_task_dly (((T_OS_TASK_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_task)->_os_task_dly)
#define os_task_dly_wait (((T_OS_TASK_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_task)->_os_task_dly_wait)
#define os_task_event_flush (((T_OS_TASK_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_task)->_os_task_event_flush)
#define os_task_event_get_cnt (((T_OS_TASK_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_task)->_os_task_event_get_cnt)
#define os_task_event_rls (((T_OS_TASK_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_task)->_os_task_event_rls)
#define os_task_id_get (((T_OS_TASK_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_task)->_os_task_id_get)
#define os_task_new (((T_OS_TASK_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_task)->_os_task_new)
#define os_task_prior_set (((T_OS_TASK_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_task)->_os_task_prior_set)
#define os_task_queue_wakeup (((T_OS_TASK_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_task)->_os_task_queue_wakeup)
#define os_task_queue_wait (((T_OS_TASK_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_task)->_os_task_queue_wait)
#define os_task_wait (((T_OS_TASK_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_task)->_os_task_wait)
#define os_task_wakeup (((T_OS_TASK_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_task)->_os_task_wakeup)
#define os_task_errno_get (((T_OS_TASK_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_task)->_os_task_errno_get)
#define os_task_errno_set (((T_OS_TASK_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_task)->_os_task_errno_set)
#define os_task_global_data_set (((T_OS_TASK_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_task)->_os_task_global_data_set)
#define os_task_global_data_get (((T_OS_TASK_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_task)->_os_task_global_data_get)
#define os_task_check_stack (((T_OS_TASK_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_task)->_os_task_check_stack)
#define os_task_info (((T_OS_TASK_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_task)->_os_task_info)

#endif
