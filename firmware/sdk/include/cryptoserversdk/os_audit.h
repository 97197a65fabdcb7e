/* cryptoserversdk/os_audit.h: audit log
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_OS_AUDIT_H
#define CRYPTOSERVERSDK_OS_AUDIT_H

#include "os.h"
#include <stdarg.h>

#define OS_AUDIT_CLASS_FIRMWARE 0x00000001
#define OS_AUDIT_CLASS_USER 0x00000002
#define OS_AUDIT_CLASS_TIME 0x00000004
#define OS_AUDIT_CLASS_STARTUP 0x00000008
#define OS_AUDIT_CLASS_AUDIT 0x00000010
#define OS_AUDIT_CLASS_MBK 0x00000020
#define OS_AUDIT_CLASS_KEY 0x00000040
#define OS_AUDIT_CLASS_AUTH_SUCCESS 0x00000080
#define OS_AUDIT_CLASS_AUTH_FAILED 0x00000100
#define OS_AUDIT_CLASS_BACKUP_RESTORE 0x00000200
#define OS_AUDIT_CLASS_SYSTEM 0x00000400
#define OS_AUDIT_CLASS_CUSTOM_MASK 0x7F000000
#define OS_AUDIT_CLASS_RESERVED 0x80000000
#define OS_AUDIT_CLASS_ALWAYS 0xffffffff
#define OS_AUDIT_CFG_FILE_MAX 1
#define OS_AUDIT_CFG_FILE_ROTATE 2
#define OS_AUDIT_CFG_FILE_SIZE 3
#define OS_AUDIT_CFG_CLASS_MASK 4
#define OS_AUDIT_INFO_VERSION 2

typedef struct {
    unsigned char* p_data;
    unsigned int len;
} T_OS_AUDIT_LOG;

typedef struct {
    unsigned int id;
    unsigned int ivalue;
} T_OS_AUDIT_CFG_ITEM;

typedef struct {
    unsigned int version;
    unsigned int record_size_max;
    unsigned int file_first;
    unsigned int file_no;
    unsigned int file_size;
    unsigned int file_size_max;
    unsigned char file_count_max;
    unsigned char file_rotate;
} T_OS_AUDIT_INFO;

typedef struct {
    int (*_os_audit_write)(unsigned int mclass, unsigned char* str, ...);
    int (*_os_audit_read)(unsigned int file_no, unsigned int* len, unsigned char* data);
    int (*_os_audit_clear)(unsigned int leave);
    int (*_os_audit_write_ex)(unsigned int mclass, unsigned int l_uinfo, unsigned char* uinfo, unsigned char*
            str, va_list);
    int (*_os_audit_cfg_read)(T_OS_AUDIT_CFG_ITEM** cfg, unsigned int* cnt);
    int (*_os_audit_cfg_write)(T_OS_AUDIT_CFG_ITEM* cfg, unsigned int cnt);
    int (*_os_audit_open)(const char* basename, void** handle);
    int (*_os_audit_close)(void* handle);
    int (*_os_audit_entry)(void* handle, unsigned int mclass, unsigned int l_extra, unsigned char* extra,
            unsigned char* format, va_list ap);
    int (*_os_audit_print)(void* handle, unsigned int mclass, unsigned char* format, ...);
    int (*_os_audit_manage)(void* handle, unsigned int manop, void* param, unsigned int* value);
    int (*_os_audit_read_file)(unsigned int* file_no, unsigned int* len, unsigned char* data);
    int (*_os_audit_clear_files)(unsigned int* file_max, unsigned int* file_min);
    int (*_os_audit_info)(T_OS_AUDIT_INFO* info);
} T_OS_AUDIT_TABLE_PUB;

#define os_audit_write (((T_OS_AUDIT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_audit)->_os_audit_write)
#define os_audit_read (((T_OS_AUDIT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_audit)->_os_audit_read)
#define os_audit_clear (((T_OS_AUDIT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_audit)->_os_audit_clear)
#define os_audit_write_ex (((T_OS_AUDIT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_audit)->_os_audit_write_ex)
#define os_audit_cfg_read (((T_OS_AUDIT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_audit)->_os_audit_cfg_read)
#define os_audit_cfg_write (((T_OS_AUDIT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_audit)->_os_audit_cfg_write)
#define os_audit_open (((T_OS_AUDIT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_audit)->_os_audit_open)
#define os_audit_close (((T_OS_AUDIT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_audit)->_os_audit_close)
#define os_audit_entry (((T_OS_AUDIT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_audit)->_os_audit_entry)
#define os_audit_print (((T_OS_AUDIT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_audit)->_os_audit_print)
#define os_audit_manage (((T_OS_AUDIT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_audit)->_os_audit_manage)
#define os_audit_read_file (((T_OS_AUDIT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_audit)->_os_audit_read_file)
#define os_audit_clear_files (((T_OS_AUDIT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_audit)->_os_audit_clear_files)
#define os_audit_info (((T_OS_AUDIT_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_audit)->_os_audit_info)

#endif
