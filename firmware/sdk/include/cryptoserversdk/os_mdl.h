/* cryptoserversdk/os_mdl.h: linking of modules and their states
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_OS_MDL_H
#define CRYPTOSERVERSDK_OS_MDL_H

#include "os.h"

#define OS_MDL_NAME_LEN 16
#define OS_MDL_INIT_NONE 0
#define OS_MDL_INIT_INTERNAL 1
#define OS_MDL_INIT_DEP_OK 2
#define OS_MDL_INIT_OK 3
#define OS_MDL_INIT_FAILED 4
#define OS_MDL_INACTIVE 5
#define OS_MDL_SUSPENDED 6
#define OS_MDL_CPU_TYPE_C62 0x00
#define OS_MDL_CPU_TYPE_C64 0x01
#define OS_MDL_CPU_TYPE_C64PLUS 0x02
#define OS_MDL_CPU_TYPE_SIM_WIN 0x0A
#define OS_MDL_CPU_TYPE_SIM_LINUX 0x0B
#define OS_MDL_MDL_TYPE_CS2_COFF 0x01
#define OS_MDL_MDL_TYPE_SIM_DLL 0x02
#define OS_MDL_MDL_TYPE_SIM_SO 0x03
#define OS_MDL_HW_TYPE_CS2000 0x00
#define OS_MDL_HW_TYPE_CS2064 0x01
#define OS_MDL_HW_TYPE_CS2086 0x02
#define OS_MDL_HW_TYPE_CS2057 0x03
#define OS_MDL_HW_TYPE_CS5 0x05

typedef struct {
    T_OS_MDL_HDL (*_os_mdl_link_pub)(const char* name, const unsigned int version);
    int (*_os_mdl_link_new)(const char* mdl_name, const unsigned int mdl_version, const unsigned short mdl_id,
            void* coff_mem, void* global);
    void (*_os_mdl_state_set)(unsigned short module_id, const unsigned int state);
    int (*_os_mdl_state_wait)(const char* name, unsigned int state);
    int (*_os_mdl_name_get)(unsigned short module_id, char* mdl_name, unsigned int* mdl_version);
    void (*_os_mdl_shutdown)(void);
    int (*_os_mdl_slf_param_get)(char* name, unsigned char** value, unsigned int* len);
    int (*_os_mdl_list)(const unsigned int tab_id, char* mdl_name, unsigned int* mdl_version, unsigned short*
            mdl_id, unsigned int* mdl_state);
    int (*_os_mdl_mdl_unpack)(char*, void**, unsigned int*, unsigned int*);
    void (*_os_mdl_cpu_set)(unsigned short module_id, const unsigned int cpu);
    int (*_os_mdl_cpu_get)(unsigned short module_id, unsigned int* cpu_type);
    int (*_os_mdl_cfg_find)(unsigned int l_cfg, unsigned char* cfg, unsigned char* name, unsigned char**
            value, unsigned int* len);
    int (*_os_mdl_unpack)(char*, unsigned char**, unsigned int*, unsigned char**, unsigned int*, unsigned
            char**, unsigned int*, unsigned int*);
    int (*_os_mdl_check)(unsigned short module_id);
    int (*_os_mdl_check_all)(unsigned int flags);
} T_OS_MDL_TABLE_PUB;

#define os_mdl_link_pub (((T_OS_MDL_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mdl)->_os_mdl_link_pub)
#define os_mdl_link_new (((T_OS_MDL_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mdl)->_os_mdl_link_new)
#define os_mdl_state_set (((T_OS_MDL_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mdl)->_os_mdl_state_set)
#define os_mdl_state_wait (((T_OS_MDL_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mdl)->_os_mdl_state_wait)
#define os_mdl_name_get (((T_OS_MDL_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mdl)->_os_mdl_name_get)
#define os_mdl_shutdown (((T_OS_MDL_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mdl)->_os_mdl_shutdown)
#define os_mdl_slf_param_get (((T_OS_MDL_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mdl)->_os_mdl_slf_param_get)
#define os_mdl_list (((T_OS_MDL_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mdl)->_os_mdl_list)
#define os_mdl_mdl_unpack (((T_OS_MDL_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mdl)->_os_mdl_mdl_unpack)
#define os_mdl_cpu_set (((T_OS_MDL_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mdl)->_os_mdl_cpu_set)
#define os_mdl_cpu_get (((T_OS_MDL_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mdl)->_os_mdl_cpu_get)
#define os_mdl_cfg_find (((T_OS_MDL_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mdl)->_os_mdl_cfg_find)
#define os_mdl_unpack (((T_OS_MDL_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mdl)->_os_mdl_unpack)
#define os_mdl_check (((T_OS_MDL_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mdl)->_os_mdl_check)
#define os_mdl_check_all (((T_OS_MDL_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mdl)->_os_mdl_check_all)

#endif
