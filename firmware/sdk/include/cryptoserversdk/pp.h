/* cryptoserversdk/pp.h: PIN pad
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_PP_H
#define CRYPTOSERVERSDK_PP_H

#include "os_mdl.h"

#define PP_CLEAR 1
#define PP_APPEND 2
#define PP_INVISIBLE 1
#define PP_NOT_EMPTY 2
#define PP_HEX 4
#define PP_GET_KEY 8
#define PP_TYPE_SAFEPAD 0
#define PP_TYPE_CARDMAN8630 1
#define PP_TYPE_ACR80 2
#define PP_TYPE_AUTO1 3
#define PP_TYPE_CYBERJACK 4
#define PP_TYPE_CYBERJACK_ONE 5
#define PP_TYPE_DEFAULT PP_TYPE_AUTO1
#define PP_TXT_INSERT_CARD 0
#define PP_TXT_ENTER_PIN 1
#define PP_TXT_ENTER_NEW_PIN 2
#define PP_TXT_REPEAT_ENTRY 3
#define PP_TXT_BAD_REPETITION 4
#define PP_TXT_CONFIRM 5
#define PP_KEY_CODE_0 0
#define PP_KEY_CODE_1 1
#define PP_KEY_CODE_2 2
#define PP_KEY_CODE_3 3
#define PP_KEY_CODE_4 4
#define PP_KEY_CODE_5 5
#define PP_KEY_CODE_6 6
#define PP_KEY_CODE_7 7
#define PP_KEY_CODE_8 8
#define PP_KEY_CODE_9 9
#define PP_KEY_CODE_CANCEL 0x0A
#define PP_KEY_CODE_OK 0x0B
#define PP_KEY_CODE_CLEAR 0x0C
#define PP_KEY_CODE_ASTERIK 0x0D
#define PP_KEY_CODE_SHIFT_DOWN 0x0E
#define PP_KEY_CODE_SHIFT_UP 0x0F
#define SP_KEY_STOP 0x10
#define SP_KEY_CORR 0x11
#define SP_KEY_OK 0x12
#define PP_SC_REMOVED 0
#define PP_SC_INSERTED 1
#define PP_SC_POWERED 2

typedef struct {
    void* p_data;
    int (*start)(T_OS_MDL_HDL smos, void* file, void* coff_mem);
    int (*stop)(void);
    int (*pre_replace)(void);
    int (*pre_delete)(void);
    const void* reserved;
    const void* p_module_info;
    int (*_pp_open)(void);
    int (*_pp_display)(int, int, int, char*);
    int (*_pp_getkey)(int, char*);
    int (*_pp_getstr)(int, int, int, int, int, char*, int*);
    void (*_pp_close)(void);
    int (*_pp_card_apdu)(int, unsigned char*, int*, unsigned char*, unsigned int*);
    int (*_pp_card_reset)(unsigned char*, int*);
    int (*_pp_card_unload)(void);
    int (*_pp_gethexdata)(int, int, int, int, int, unsigned char*);
    int (*_pp_set_type)(int, int);
    const void* _type;
    int (*_pp_output)(const char* text);
    int (*_pp_request)(const char* text, unsigned int timeout);
    int (*_pp_input)(const char* text, unsigned int flags, unsigned int timeout, unsigned int l_input,
            unsigned char* input, unsigned int* l_input_);
    int (*_pp_pin_verify)(unsigned int timeout, unsigned int l_apdu, unsigned char* apdu, unsigned int pos,
            unsigned int l_pin, unsigned char* pin, unsigned int* sw);
    int (*_pp_pin_change)(unsigned int timeout, unsigned int l_apdu, unsigned char* apdu, unsigned int pos,
            unsigned int l_pin_old, unsigned char* pin_old, unsigned int l_pin_new, unsigned char* pin_new,
            unsigned int* sw);
    int (*_pp_slot_stat)(unsigned int* slot_stat);
} T_PP_TABLE_PUB;

extern T_OS_MDL_HDL P_PP;

#define pp_open (((T_PP_TABLE_PUB*)P_PP)->_pp_open)
#define pp_display (((T_PP_TABLE_PUB*)P_PP)->_pp_display)
#define pp_getkey (((T_PP_TABLE_PUB*)P_PP)->_pp_getkey)
#define pp_getstr (((T_PP_TABLE_PUB*)P_PP)->_pp_getstr)
#define pp_close (((T_PP_TABLE_PUB*)P_PP)->_pp_close)
#define pp_card_apdu (((T_PP_TABLE_PUB*)P_PP)->_pp_card_apdu)
#define pp_card_reset (((T_PP_TABLE_PUB*)P_PP)->_pp_card_reset)
#define pp_card_unload (((T_PP_TABLE_PUB*)P_PP)->_pp_card_unload)
#define pp_gethexdata (((T_PP_TABLE_PUB*)P_PP)->_pp_gethexdata)
#define pp_set_type (((T_PP_TABLE_PUB*)P_PP)->_pp_set_type)
#define pp_output (((T_PP_TABLE_PUB*)P_PP)->_pp_output)
#define pp_request (((T_PP_TABLE_PUB*)P_PP)->_pp_request)
#define pp_input (((T_PP_TABLE_PUB*)P_PP)->_pp_input)
#define pp_pin_verify (((T_PP_TABLE_PUB*)P_PP)->_pp_pin_verify)
#define pp_pin_change (((T_PP_TABLE_PUB*)P_PP)->_pp_pin_change)
#define pp_slot_stat (((T_PP_TABLE_PUB*)P_PP)->_pp_slot_stat)

#define E_PP_ABORT 0xB0820001u /* user cancelled or time ran out */
#define E_PP_LEN 0xB0820002u /* command too long */
#define E_PP_WRITE_TIMEOUT 0xB0820003u /* no write progress */
#define E_PP_BUFSIZE 0xB0820004u /* output buffer short */
#define E_PP_READ_TIMEOUT 0xB0820005u /* no answer in time */
#define E_PP_IO 0xB0820006u /* line failure */
#define E_PP_NOT_OPEN 0xB0820007u /* reader not opened */
#define E_PP_INVAL 0xB0820008u /* argument not acceptable */
#define E_PP_BAD_RAPDU 0xB0820009u /* card answer malformed */
#define E_PP_NO_CARD 0xB082000Au /* card missing */
#define E_PP_BAD_TYPE 0xB082000Bu /* reader type unknown */
#define E_PP_DATALEN 0xB082000Cu /* command length wrong */
#define E_PP_PROT 0xB082000Du /* protocol violated */
#define E_PP_KEY_TIMEOUT 0xB082000Eu /* no key press in time */
#define E_PP_RESET_TIMEOUT 0xB082000Fu /* no card inserted in time */
#define E_PP_PIN_REPETITION 0xB0820010u /* PIN entries differ */
#define E_PP_NOT_SUPPORTED 0xB0820011u /* operation unavailable */
#define E_PP_PARAM 0xB0820012u /* argument out of range */
#define E_PP_ACCESS_DENIED 0xB0820013u /* caller not permitted */
#define E_PP_BAD_INPUT 0xB0820014u /* entry unusable */
#define E_PP_CARD_TIMEOUT 0xB0820015u /* card silent */
#define E_PP_READER_NOT_CONNECTED 0xB0820016u /* no usable reader attached */
#define E_PP_CC_BLOCKED 0xB0820017u /* CC: function locked */

#endif
