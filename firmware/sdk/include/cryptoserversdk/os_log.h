/* cryptoserversdk/os_log.h: boot log and debug output
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_OS_LOG_H
#define CRYPTOSERVERSDK_OS_LOG_H

#include "os.h"

#define OS_LOG_TYPE_ERROR_FATAL 0x01
#define OS_LOG_TYPE_ERROR 0x02
#define OS_LOG_TYPE_WARNING 0x03
#define OS_LOG_TYPE_INFO 0x05

typedef struct {
    int (*_os_log_entry_write)(const unsigned char creator_id, const unsigned char type, const int
            reason_code, const char* text, const unsigned int data_len, const void* data);
    void (*_os_log_print)(unsigned char* str, ...);
    void (*_os_log_xprint)(char* txt, void* data, int len);
    void (*_os_log_get_boot)(unsigned char** boot_log, unsigned int* l_boot_log);
} T_OS_LOG_TABLE_PUB;

#define os_log_entry_write (((T_OS_LOG_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_log)->_os_log_entry_write)
#define os_log_print (((T_OS_LOG_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_log)->_os_log_print)
#define os_log_xprint (((T_OS_LOG_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_log)->_os_log_xprint)
#define os_log_get_boot (((T_OS_LOG_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_log)->_os_log_get_boot)

#endif
