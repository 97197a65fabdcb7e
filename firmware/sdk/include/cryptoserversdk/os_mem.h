/* cryptoserversdk/os_mem.h: memory with types and tags
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_OS_MEM_H
#define CRYPTOSERVERSDK_OS_MEM_H

#include "os.h"

typedef enum {
    OS_MEM_TYPE_ID,
    OS_MEM_TYPE_KC,
    OS_MEM_TYPE_SD,
    OS_MEM_NUM_MEM_TYPES
} T_OS_MEM_TYPE;

typedef struct {
    unsigned int used_blocks;
    unsigned int used_bytes;
    unsigned int free_blocks;
    unsigned int free_bytes;
    unsigned int free_largest_area;
} T_OS_MEM_INFO;

typedef struct {
    unsigned int tag;
    const char* file;
    unsigned int line;
    unsigned int size[2];
} T_OS_MEM_BLOCK;

#define OS_MEM_TYPE_SECURE OS_MEM_TYPE_ID
#define os_mem_clr(a,b) os_mem_set(a,0,b)

typedef struct {
    void (*_os_mem_and)(const void*, const void*, void*, unsigned int);
    int (*_os_mem_cmp)(const void*, const void*, unsigned int);
    void (*_os_mem_cpy)(void*, const void*, unsigned int);
    void (*_os_mem_del)(void*);
    void* (*_os_mem_new)(unsigned int size, T_OS_MEM_TYPE mem_type);
    void* (*_os_mem_sys_new)(unsigned int size, T_OS_MEM_TYPE mem_type);
    void (*_os_mem_set)(void*, unsigned char, unsigned int);
    void (*_os_mem_xor)(const void*, const void*, void*, unsigned int);
    const void* _dumy;
    void (*_os_mem_del_set)(void*, unsigned char);
    int (*_os_mem_info)(T_OS_MEM_TYPE mem_type, T_OS_MEM_INFO* info);
    int (*_os_mem_check)(void* mem, unsigned int* size);
    T_OS_MEM_TYPE (*_os_mem_get_type)(void*);
    void* (*_os_mem_new_tag)(unsigned int size, T_OS_MEM_TYPE mem_type, const char* file, unsigned int line);
    int (*_os_mem_trace)(T_OS_MEM_BLOCK* mem_list, unsigned int max_cnt, unsigned int* cnt);
    int (*_os_mem_smcp)(const void* mem1, const void* mem2, unsigned int len1, unsigned int len2);
    int (*_os_mem_tst)(void* mem, int ch, unsigned int len);
    int (*_os_mem_cmp_ti)(const void* mem1, const void* mem2, int len);
} T_OS_MEM_TABLE_PUB;

#define os_mem_and (((T_OS_MEM_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mem)->_os_mem_and)
#define os_mem_cmp (((T_OS_MEM_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mem)->_os_mem_cmp)
#define os_mem_cpy (((T_OS_MEM_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mem)->_os_mem_cpy)
#define os_mem_del (((T_OS_MEM_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mem)->_os_mem_del)
#define os_mem_new (((T_OS_MEM_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mem)->_os_mem_new)
#define os_mem_sys_new (((T_OS_MEM_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mem)->_os_mem_sys_new)
#define os_mem_set (((T_OS_MEM_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mem)->_os_mem_set)
#define os_mem_xor (((T_OS_MEM_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mem)->_os_mem_xor)
#define os_mem_del_set (((T_OS_MEM_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mem)->_os_mem_del_set)
#define os_mem_info (((T_OS_MEM_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mem)->_os_mem_info)
#define os_mem_check (((T_OS_MEM_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mem)->_os_mem_check)
#define os_mem_get_type (((T_OS_MEM_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mem)->_os_mem_get_type)
#define os_mem_new_tag (((T_OS_MEM_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mem)->_os_mem_new_tag)
#define os_mem_trace (((T_OS_MEM_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mem)->_os_mem_trace)
#define os_mem_smcp (((T_OS_MEM_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mem)->_os_mem_smcp)
#define os_mem_tst (((T_OS_MEM_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mem)->_os_mem_tst)
#define os_mem_cmp_ti (((T_OS_MEM_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_mem)->_os_mem_cmp_ti)

#ifdef MEM_TRACE
#undef os_mem_new
#define os_mem_new(size, type) os_mem_new_tag(size, type, __FILE__, __LINE__)
#endif

#endif
