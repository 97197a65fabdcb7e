/* cryptoserversdk/module_1.5.h: the module framework
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_MODULE_1_5_H
#define CRYPTOSERVERSDK_MODULE_1_5_H

#include "os_mdl.h"
#include "cs2_macro.h"
#include <stdio.h>

typedef struct {
    unsigned char tag[8];
    unsigned char abbr[12];
    unsigned int id;
    unsigned int version;
    char name[32];
} T_MODULE_INFO;

typedef struct {
    T_OS_MDL_HDL* p_mdl_hdl;
    unsigned char name[13];
    unsigned int version;
    int flags;
} T_MODULE_LINK_TAB;

int module_start(void*);

void module_init_failed(int err);

void module_init_terminate(int err, int state);

int module_wait_ext(void);

#define MODULE_INIT_C "module_init_1.5.c"
#define MODULE_INFO_TAG { 0xA3, 0x07, 0x55, 0x2E, 0xD3, 0x44, 0xD5, 0xBA }
#define MODULE_OPTIONAL 1
#define MODULE_DEFER_WAIT 2
#define MDL_ID_TYP(x) ((unsigned short)CS2_BIG_ENDIAN_TO_U32(x))
#define E_MODULE_ERR_SMOS (0xB000FC00u | ((unsigned int)MDL_ID_TYP(Module_info.id) << 16))
#define E_MODULE_ERR_TASK (0xB000FD00u | ((unsigned int)MDL_ID_TYP(Module_info.id) << 16))
#define E_MODULE_ERR_LINK(n) (0xB000FE00u | ((unsigned int)MDL_ID_TYP(Module_info.id) << 16) | (unsigned int)(n))
#define E_MODULE_ERR_WAIT(n) (0xB000FF00u | ((unsigned int)MDL_ID_TYP(Module_info.id) << 16) | (unsigned int)(n))

#endif
