/* cryptoserversdk/os_str.h: strings
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_OS_STR_H
#define CRYPTOSERVERSDK_OS_STR_H

#include "os.h"
#include <stdarg.h>

typedef void T_PUTCC(int c);

typedef struct {
    char* (*_os_str_cat)(char*, const char*);
    char* (*_os_str_chr)(const char*, char);
    int (*_os_str_cmp)(const char*, const char*);
    void (*_os_str_cpy)(char*, const char*);
    unsigned int (*_os_str_len)(const char*);
    char* (*_os_str_nchr)(const char*, char, unsigned int);
    int (*_os_str_ncmp)(const char*, const char*, unsigned int);
    void (*_os_str_ncpy)(char*, const char*, unsigned int);
    char* (*_os_str_nstr)(const char*, const char*, unsigned int);
    char* (*_os_str_rchr)(const char*, char);
    char* (*_os_str_str)(const char*, const char*);
    int (*_os_str_match)(unsigned char* str, unsigned char* pattern);
    void (*_os_str_vcprintf)(T_PUTCC* put, unsigned char* str, va_list ap);
    int (*_os_str_snprintf)(unsigned char* buf, unsigned int ct, char* format, ...);
    int (*_os_str_split)(unsigned char* buf, unsigned int l_buf, char sep, unsigned int* nvalues, unsigned
            char*** ppp_values);
} T_OS_STR_TABLE_PUB;

#define os_str_cat (((T_OS_STR_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_str)->_os_str_cat)
#define os_str_chr (((T_OS_STR_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_str)->_os_str_chr)
#define os_str_cmp (((T_OS_STR_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_str)->_os_str_cmp)
#define os_str_cpy (((T_OS_STR_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_str)->_os_str_cpy)
#define os_str_len (((T_OS_STR_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_str)->_os_str_len)
#define os_str_nchr (((T_OS_STR_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_str)->_os_str_nchr)
#define os_str_ncmp (((T_OS_STR_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_str)->_os_str_ncmp)
#define os_str_ncpy (((T_OS_STR_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_str)->_os_str_ncpy)
#define os_str_nstr (((T_OS_STR_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_str)->_os_str_nstr)
#define os_str_rchr (((T_OS_STR_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_str)->_os_str_rchr)
#define os_str_str (((T_OS_STR_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_str)->_os_str_str)
#define os_str_match (((T_OS_STR_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_str)->_os_str_match)
#define os_str_vcprintf (((T_OS_STR_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_str)->_os_str_vcprintf)
#define os_str_snprintf (((T_OS_STR_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_str)->_os_str_snprintf)
#define os_str_split (((T_OS_STR_TABLE_PUB*)((T_OS_TABLE_PUB*)P_SMOS)->p_os_str)->_os_str_split)

#endif
