/* cryptoserversdk/util.h: time and random numbers
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_UTIL_H
#define CRYPTOSERVERSDK_UTIL_H

#include "os_mdl.h"

typedef struct {
    int year;
    int month;
    int day;
    int hour;
    int minute;
    int second;
    int fraction;
} TIME_STR;

#define TIME_ASC_CENTURY 0x80

typedef struct {
    void* p_data;
    int (*start)(T_OS_MDL_HDL smos, void* file, void* coff_mem);
    int (*stop)(void);
    int (*pre_replace)(void);
    int (*pre_delete)(void);
    const void* reserved;
    const void* p_module_info;
    int (*_util_get_time)(unsigned int*, unsigned int*);
    int (*_util_set_time)(unsigned int);
    int (*_util_time_to_str)(unsigned int, unsigned int, TIME_STR*);
    int (*_util_str_to_time)(TIME_STR*, unsigned int*, unsigned int*);
    int (*_util_str_to_asc)(TIME_STR*, int, char*);
    int (*_util_asc_to_str)(int, char*, TIME_STR*);
    int (*_util_get_str_time)(TIME_STR*);
    int (*_util_set_str_time)(TIME_STR*);
    int (*_util_init_pseudo_rnd)(void);
    int (*_util_get_pseudo_rnd)(unsigned char*, unsigned int);
    int (*_util_get_real_rnd)(unsigned char*, unsigned int);
    const void* _P_util_eid;
    int (*_util_set_time_ex)(unsigned int, unsigned int);
    int (*_util_get_time_cal)(int*);
    int (*_util_set_time_cal)(int);
    int (*_util_mem_cmp_ti)(const void*, const void*, unsigned int);
} T_UTIL_TABLE_PUB;

extern T_OS_MDL_HDL P_UTIL;

#define util_get_time (((T_UTIL_TABLE_PUB*)P_UTIL)->_util_get_time)
#define util_set_time (((T_UTIL_TABLE_PUB*)P_UTIL)->_util_set_time)
#define util_time_to_str (((T_UTIL_TABLE_PUB*)P_UTIL)->_util_time_to_str)
#define util_str_to_time (((T_UTIL_TABLE_PUB*)P_UTIL)->_util_str_to_time)
#define util_str_to_asc (((T_UTIL_TABLE_PUB*)P_UTIL)->_util_str_to_asc)
#define util_asc_to_str (((T_UTIL_TABLE_PUB*)P_UTIL)->_util_asc_to_str)
#define util_get_str_time (((T_UTIL_TABLE_PUB*)P_UTIL)->_util_get_str_time)
#define util_set_str_time (((T_UTIL_TABLE_PUB*)P_UTIL)->_util_set_str_time)
#define util_init_pseudo_rnd (((T_UTIL_TABLE_PUB*)P_UTIL)->_util_init_pseudo_rnd)
#define util_get_pseudo_rnd (((T_UTIL_TABLE_PUB*)P_UTIL)->_util_get_pseudo_rnd)
#define util_get_real_rnd (((T_UTIL_TABLE_PUB*)P_UTIL)->_util_get_real_rnd)
#define P_util_eid (((T_UTIL_TABLE_PUB*)P_UTIL)->_P_util_eid)
#define util_set_time_ex (((T_UTIL_TABLE_PUB*)P_UTIL)->_util_set_time_ex)
#define util_get_time_cal (((T_UTIL_TABLE_PUB*)P_UTIL)->_util_get_time_cal)
#define util_set_time_cal (((T_UTIL_TABLE_PUB*)P_UTIL)->_util_set_time_cal)
#define util_mem_cmp_ti (((T_UTIL_TABLE_PUB*)P_UTIL)->_util_mem_cmp_ti)

#define E_UTIL_RTC_OPEN 0xB0860001u /* RTC open failed */
#define E_UTIL_RTC_IOCTL 0xB0860002u /* RTC control failed */
#define E_UTIL_RTC_READ 0xB0860003u /* RTC not readable */
#define E_UTIL_RTC_WRITE 0xB0860004u /* RTC not writable */
#define E_UTIL_RTC_CLOSE 0xB0860005u /* RTC close failed */
#define E_UTIL_TIME_WRONG_FORMAT 0xB0860006u /* time string malformed */
#define E_UTIL_TIME_NULL_POINTER 0xB0860007u /* time: null argument */
#define E_UTIL_FILE_OPEN 0xB0860008u /* file not openable */
#define E_UTIL_FILE_READ 0xB0860009u /* file not readable */
#define E_UTIL_FILE_CLOSE 0xB086000Au /* file not closable */
#define E_UTIL_RND_NULL_POINTER 0xB086000Bu /* random: null argument */
#define E_UTIL_RND_FAILED 0xB086000Cu /* random source failed */
#define E_UTIL_MALLOC 0xB086000Du /* heap exhausted */
#define E_UTIL_INVAL 0xB086000Eu /* argument not acceptable */
#define E_UTIL_NOT_SUPPORTED 0xB086000Fu /* operation unavailable */
#define E_UTIL_RND_KAT 0xB0860010u /* random self-test failed */
#define E_UTIL_RND_INIT 0xB0860011u /* random source not started */
#define E_UTIL_RND_PARAMETER 0xB0860012u /* random: argument wrong */
#define E_UTIL_RND_SEC_STRENGTH 0xB0860013u /* security strength unavailable */
#define E_UTIL_RND_REQ 0xB0860014u /* too many random bits asked */
#define E_UTIL_RND_PRED_RESISTANCE 0xB0860015u /* prediction resistance unavailable */
#define E_UTIL_TIME_RTC_POWER_FAILED 0xB0860020u /* RTC battery was lost */
#define E_UTIL_TIME_NOT_INIT 0xB0860021u /* clock never set */
#define E_UTIL_LINK_SMOS 0xB086FC00u /* OS version unsuitable */

#endif
