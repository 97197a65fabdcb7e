/* cryptoserversdk/db.h: databases
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_DB_H
#define CRYPTOSERVERSDK_DB_H

#include "os_mdl.h"

typedef struct DB_ DB;

typedef struct {
    unsigned int tag;
    int keylen;
    int maxsize;
} DB_INFO;

typedef struct {
    unsigned int used;
    unsigned int free;
} DB_MEM_INFO;

#define DB_EQUAL 0
#define DB_GTEQ 1
#define DB_GREATER 2
#define DB_LOCK 0x10
#define DB_ONLY_VOLATILE 0x20
#define DB_ONLY_PERMANENT 0x40
#define DB_RDONLY 0
#define DB_RDWR 1
#define DB_CREAT 2
#define DB_NO_SECRET 0x10
#define DB_FILE_HEADER_LB 20
#define DB_REC_HEADER_LB 8
#define DB_INFO_TAG (0x8a5b3c00 + sizeof(DB_INFO))
#define DB_UNLOCK 0
#define DB_FREE 1
#define DB_PERMANENT 0
#define DB_VOLATILE 1

typedef struct {
    void* p_data;
    int (*start)(T_OS_MDL_HDL smos, void* file, void* coff_mem);
    int (*stop)(void);
    int (*pre_replace)(void);
    int (*pre_delete)(void);
    const void* reserved;
    const void* p_module_info;
    int (*_db_open)(const char*, int, const DB_INFO*, DB**);
    int (*_db_close)(DB*);
    int (*_db_drop)(const char*);
    int (*_db_find)(DB*, int, void*, unsigned int*, void**, unsigned int*, void**);
    int (*_db_insert)(DB*, const void*, unsigned int, const void*, unsigned int, const void*);
    int (*_db_update)(DB*, const void*, unsigned int, const void*, unsigned int, const void*);
    int (*_db_delete)(DB*, const void*);
    int (*_db_release)(DB*, const void*, int);
    int (*_db_insert2)(DB*, int, const void*, unsigned int, const void*, unsigned int, const void*);
    int (*_db_suspend)(DB*, int);
    int (*_db_mem_info)(DB*, DB_MEM_INFO*);
    int (*_db_get_info)(DB*, DB_INFO*);
    int (*_db_open_ex)(const char*, int, const DB_INFO*, DB**, void*, void*);
} T_DB_TABLE_PUB;

extern T_OS_MDL_HDL P_DB;

#define db_open (((T_DB_TABLE_PUB*)P_DB)->_db_open)
#define db_close (((T_DB_TABLE_PUB*)P_DB)->_db_close)
#define db_drop (((T_DB_TABLE_PUB*)P_DB)->_db_drop)
#define db_find (((T_DB_TABLE_PUB*)P_DB)->_db_find)
#define db_insert (((T_DB_TABLE_PUB*)P_DB)->_db_insert)
#define db_update (((T_DB_TABLE_PUB*)P_DB)->_db_update)
#define db_delete (((T_DB_TABLE_PUB*)P_DB)->_db_delete)
#define db_release (((T_DB_TABLE_PUB*)P_DB)->_db_release)
#define db_insert2 (((T_DB_TABLE_PUB*)P_DB)->_db_insert2)
#define db_suspend (((T_DB_TABLE_PUB*)P_DB)->_db_suspend)
#define db_mem_info (((T_DB_TABLE_PUB*)P_DB)->_db_mem_info)
#define db_get_info (((T_DB_TABLE_PUB*)P_DB)->_db_get_info)
#define db_open_ex (((T_DB_TABLE_PUB*)P_DB)->_db_open_ex)

#define E_DB_NO_MEM 0xB0880001u /* heap exhausted */
#define E_DB_BAD_MKEY 0xB0880002u /* device master key unusable */
#define E_DB_NO_SPACE 0xB0880003u /* database full */
#define E_DB_NOT_FOUND 0xB0880004u /* no matching record */
#define E_DB_EXISTS 0xB0880005u /* key present already */
#define E_DB_NO_CACHE 0xB0880006u /* cache full */
#define E_DB_COR_FILE 0xB0880007u /* file damaged */
#define E_DB_REC_CRC 0xB0880008u /* record checksum wrong */
#define E_DB_BAD_NAME 0xB0880009u /* name not acceptable */
#define E_DB_BAD_HANDLE 0xB088000Au /* handle invalid */
#define E_DB_FILE_TYPE 0xB088000Bu /* file is no database */
#define E_DB_BAD_INFO 0xB088000Du /* DB_INFO not acceptable */
#define E_DB_IN_USE 0xB088000Eu /* still opened elsewhere */
#define E_DB_LENGTH 0xB088000Fu /* data length not acceptable */
#define E_DB_HDL_CONF 0xB0880011u /* handle inconsistent */
#define E_DB_INCONS 0xB0880012u /* internal state broken */
#define E_DB_SMOSVER 0xB0880013u /* OS version insufficient */
#define E_DB_BAD_PARAM 0xB0880014u /* argument not acceptable */
#define E_DB_DATALEN 0xB0881000u /* command length wrong (test interface) */
#define E_DB_FILE_ERR 0xB0881001u /* file I/O failed */
#define E_DB_NOT_OPEN 0xB0881002u /* test database closed */
#define E_DB_CORR_HDL 0xB0881003u /* damaged handle */
#define E_DB_CORR_NODE 0xB0881004u /* damaged tree node */
#define E_DB_CORR_CACHE 0xB0881005u /* damaged cache */

#endif
