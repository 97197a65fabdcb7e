/* cryptoserversdk/os_cfg.h: configuration files
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_OS_CFG_H
#define CRYPTOSERVERSDK_OS_CFG_H

#include "os.h"

#define OS_CFG_HANDLE void*
#define OS_CFG_INVALID_HANDLE ((void*)0)
#define OS_CFG_GLOBAL_SECT ((void*)0)
#define OS_CFG_FIND_FIRST 0
#define OS_CFG_FIND_NEXT 1

typedef struct {
    int (*_os_cfg_open)(const char* filename, OS_CFG_HANDLE* handle);
    int (*_os_cfg_close)(OS_CFG_HANDLE handle);
    int (*_os_cfg_get_value)(OS_CFG_HANDLE handle, const char* section, const char* key, unsigned char** val,
            unsigned int* l_val);
    int (*_os_cfg_find)(OS_CFG_HANDLE handle, unsigned int flags, const char* section, unsigned char** key,
            unsigned int* l_key, unsigned char** val, unsigned int* l_val);
} T_OS_CFG_TABLE_PUB;

#define os_cfg_open (((T_OS_CFG_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_cfg)->_os_cfg_open)
#define os_cfg_close (((T_OS_CFG_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_cfg)->_os_cfg_close)
#define os_cfg_get_value (((T_OS_CFG_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_cfg)->_os_cfg_get_value)
#define os_cfg_find (((T_OS_CFG_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_cfg)->_os_cfg_find)

#endif
