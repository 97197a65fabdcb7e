/* cryptoserversdk/os_file.h: files of the device
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_OS_FILE_H
#define CRYPTOSERVERSDK_OS_FILE_H

#include "stype.h"

#define OS_FILE_HANDLE int
#define OS_FILE_INVALID_HANDLE -1
#define OS_FILE_PATH_LB_MAX 32
#define OS_FILE_NAME_LB_MAX (OS_FILE_PATH_LB_MAX / 2)
#define OS_FILE_EXIST 0
#define OS_FILE_EXIST_WRITE 0
#define OS_FILE_EXIST_READ 0
#define OS_FILE_EXIST_RDWR 0
#define OS_FILE_O_RD_ONLY 0x0000
#define OS_FILE_O_WR_ONLY 0x0001
#define OS_FILE_O_RDWR 0x0002
#define OS_FILE_O_NOP 0x0003
#define OS_FILE_O_APPEND 0x0008
#define OS_FILE_O_CREATE 0x0100
#define OS_FILE_O_CCREATE 0x0200
#define OS_FILE_O_WRITE_PROTECT 0x010000
#define OS_FILE_O_NODEL_ON_CLEAR 0x020000
#define OS_FILE_O_NODEL_ON_ALARM 0x040000
#define OS_FILE_O_SYSTEM 0x080000
#define OS_FILE_O_TEXT 0
#define OS_FILE_O_BINARY 0
#define OS_FILE_FLASH "FLASH\\"
#define OS_FILE_SYS "SYS\\"
#define OS_FILE_NVRAM "NVRAM\\"
#define OS_FILE_GEOM_INFO 0
#define OS_FILE_MEM_INFO 1
#define OS_FILE_FAT_INFO 2
#define OS_FILE_STATS 3
#define OF_FILE_STATE_ECC_SPARE 1
#define OF_FILE_STATE_ECC_PAGE 2

typedef struct {
    unsigned int flg_attrib;
    unsigned int time_create;
    unsigned int size;
    char name[OS_FILE_NAME_LB_MAX];
} T_OS_FILE_INFO;

typedef struct {
    unsigned int max_size;
    unsigned int used_size;
    unsigned int free_size;
    unsigned int available_size;
} T_OS_FILE_MEM_INFO;

typedef struct T_OS_FILE_SCAN_INFO_ T_OS_FILE_SCAN_INFO;

typedef struct {
    const void* _dumy;
    OS_FILE_HANDLE (*_os_file_open)(const char*, unsigned int);
    int (*_os_file_read)(OS_FILE_HANDLE, void*, unsigned int);
    int (*_os_file_write)(OS_FILE_HANDLE, const void*, unsigned int);
    int (*_os_file_close)(OS_FILE_HANDLE);
    int (*_os_file_pos)(OS_FILE_HANDLE, unsigned int);
    int (*_os_file_pos_relativ)(OS_FILE_HANDLE, int);
    int (*_os_file_length)(OS_FILE_HANDLE);
    int (*_os_file_rename)(const char*, char*);
    OS_FILE_HANDLE (*_os_file_find_first)(const char*, T_OS_FILE_INFO*);
    int (*_os_file_find_next)(OS_FILE_HANDLE, T_OS_FILE_INFO*);
    void (*_os_file_find_close)(OS_FILE_HANDLE);
    int (*_os_file_access)(const char*, unsigned int);
    int (*_os_file_unlink)(const char*);
    int (*_os_file_flush)(OS_FILE_HANDLE);
    int (*_os_file_mem_info)(T_OS_FILE_MEM_INFO*, const char*);
    int (*_os_file_hash_bl)(int rfu, unsigned char* hash);
    int (*_os_file_info)(const char* path, int mode, void* info);
    int (*_os_file_scan)(const char* path, T_OS_FILE_SCAN_INFO* info);
} T_OS_FILE_TABLE_PUB;

#define os_file_open (((T_OS_FILE_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_file)->_os_file_open)
#define os_file_read (((T_OS_FILE_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_file)->_os_file_read)
#define os_file_write (((T_OS_FILE_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_file)->_os_file_write)
#define os_file_close (((T_OS_FILE_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_file)->_os_file_close)
#define os_file_pos (((T_OS_FILE_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_file)->_os_file_pos)
#define os_file_pos_relativ (((T_OS_FILE_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_file)->_os_file_pos_relativ)
#define os_file_length (((T_OS_FILE_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_file)->_os_file_length)
#define os_file_rename (((T_OS_FILE_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_file)->_os_file_rename)
#define os_file_find_first (((T_OS_FILE_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_file)->_os_file_find_first)
#define os_file_find_next (((T_OS_FILE_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_file)->_os_file_find_next)
#define os_file_find_close (((T_OS_FILE_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_file)->_os_file_find_close)
#define os_file_access (((T_OS_FILE_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_file)->_os_file_access)
#define os_file_unlink (((T_OS_FILE_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_file)->_os_file_unlink)
#define os_file_flush (((T_OS_FILE_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_file)->_os_file_flush)
#define os_file_mem_info (((T_OS_FILE_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_file)->_os_file_mem_info)
#define os_file_hash_bl (((T_OS_FILE_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_file)->_os_file_hash_bl)
#define os_file_info (((T_OS_FILE_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_file)->_os_file_info)
#define os_file_scan (((T_OS_FILE_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_file)->_os_file_scan)

#endif
