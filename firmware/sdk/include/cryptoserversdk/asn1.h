/* cryptoserversdk/asn1.h: ASN.1
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_ASN1_H
#define CRYPTOSERVERSDK_ASN1_H

#include "os_mdl.h"
#include "os_mem.h"

typedef struct {
    unsigned int tag;
    unsigned int len;
    unsigned char* p_data;
    unsigned short raw_off;
    unsigned short nitems;
} ASN1_ITEM;

#define ASN_TAG(cls,kind,number) ((cls) | (kind) | ((number) << 3))
#define ASN_NUM_OF(tag) ((tag) >> 3)
#define ASN_CLASS_OF(tag) ((tag) & 7)
#define ASN_UNIVERSAL 0
#define ASN_APPLICATION 2
#define ASN_CONTEXT 4
#define ASN_PRIVATE 6
#define ASN_PRIMITIV 0
#define ASN_STRUCT 1
#define ASN_IS_STRUCT(tag) (((tag) & ASN_STRUCT) != 0)
#define ASN_SE(n) ASN_TAG(ASN_CONTEXT, ASN_STRUCT, (n))
#define ASN_PE(n) ASN_TAG(ASN_CONTEXT, ASN_PRIMITIV, (n))
#define ASN_EOC 0x05
#define ASN_BOOLEAN 0x08
#define ASN_INTEGER 0x10
#define ASN_BIT_STRING 0x18
#define ASN_OCTET_STRING 0x20
#define ASN_NULL 0x28
#define ASN_OBJECT_ID 0x30
#define ASN_ENUMERATED 0x50
#define ASN_UTF8STRING 0x60
#define ASN_SEQUENCE 0x81
#define ASN_SET 0x89
#define ASN_PRINTABLE_STRING 0x98
#define ASN_TELETEXT_STRING 0xA0
#define ASN_IA5STRING 0xB0
#define ASN_UTCTIME 0xB8
#define ASN_GENERALIZEDTIME 0xC0
#define ASN_ANY 0x7FFFF8
#define ASN_TRUE "\xff"
#define ASN_FALSE "\x00"
#define ASN_TAGS_ONLY 1
#define ASN_LONG_LENGTH 2
#define ASN_USE_PREFIX 4
#define ASN_TOP_LEVEL_ONLY 1
#define ASN_LEVEL_MASK 0xff
#define ASN_RAW_OFFSET 0x100
#define ASN1_RSA_KC_MIN 0x100

typedef struct {
    void* p_data;
    int (*start)(T_OS_MDL_HDL smos, void* file, void* coff_mem);
    int (*stop)(void);
    int (*pre_replace)(void);
    int (*pre_delete)(void);
    const void* reserved;
    const void* p_module_info;
    int (*_asn1_rsa_zka_to_tok)(unsigned int flag, unsigned int zka_data_len, unsigned char* zka_data,
            T_OS_MEM_TYPE, unsigned char** keyt);
    int (*_asn1_rsa_tok_to_zka)(unsigned int flag1, unsigned char* keyt1, unsigned int flag2, unsigned char*
            keyt2, int flag, T_OS_MEM_TYPE memtype, unsigned int* zka_data_len, unsigned char** zka_data);
    int (*_asn1_encode)(ASN1_ITEM* tab, unsigned int nitems, int flag, unsigned char** data, unsigned int*
            size);
    int (*_asn1_decode)(unsigned char* data, unsigned int size, int flag, ASN1_ITEM* tab, unsigned int*
            tab_len);
    int (*_asn1_find_item)(ASN1_ITEM* item, unsigned char* path, int* npath, ASN1_ITEM** entry);
    int (*_asn1_rsa_pkcs1_to_tok)(unsigned int flag, unsigned int pkcs1_data_len, unsigned char* pkcs1_data,
            T_OS_MEM_TYPE, unsigned char** keyt);
    int (*_asn1_rsa_tok_to_pkcs1)(unsigned int type, unsigned char* keyt1, unsigned char* keyt2, T_OS_MEM_TYPE
            memtype, unsigned int* pkcs1_data_len, unsigned char** pkcs1_data);
    int (*_asn1_find_object)(unsigned char* oid, unsigned int l_oid, ASN1_ITEM* item, ASN1_ITEM** found);
    int (*_asn1_get_item)(unsigned int l_data, unsigned char* data, ASN1_ITEM* item);
} T_ASN1_TABLE_PUB;

extern T_OS_MDL_HDL P_ASN1;

#define asn1_rsa_zka_to_tok (((T_ASN1_TABLE_PUB*)P_ASN1)->_asn1_rsa_zka_to_tok)
#define asn1_rsa_tok_to_zka (((T_ASN1_TABLE_PUB*)P_ASN1)->_asn1_rsa_tok_to_zka)
#define asn1_encode (((T_ASN1_TABLE_PUB*)P_ASN1)->_asn1_encode)
#define asn1_decode (((T_ASN1_TABLE_PUB*)P_ASN1)->_asn1_decode)
#define asn1_find_item (((T_ASN1_TABLE_PUB*)P_ASN1)->_asn1_find_item)
#define asn1_rsa_pkcs1_to_tok (((T_ASN1_TABLE_PUB*)P_ASN1)->_asn1_rsa_pkcs1_to_tok)
#define asn1_rsa_tok_to_pkcs1 (((T_ASN1_TABLE_PUB*)P_ASN1)->_asn1_rsa_tok_to_pkcs1)
#define asn1_find_object (((T_ASN1_TABLE_PUB*)P_ASN1)->_asn1_find_object)
#define asn1_get_item (((T_ASN1_TABLE_PUB*)P_ASN1)->_asn1_get_item)

#define E_ASN1_MEM 0xB0910001u /* heap failure */
#define E_ASN1_FLAG 0xB0910002u /* unknown flag */
#define E_ASN1_TAB_OVL 0xB0910003u /* item table too short */
#define E_ASN1_BAD_ZKA 0xB0910004u /* ZKA structure malformed */
#define E_ASN1_DATASIZE 0xB0910005u /* reads past input end */
#define E_ASN1_TAGSIZE 0xB0910006u /* tag number too large */
#define E_ASN1_INDEF_LEN 0xB0910007u /* indefinite length refused */
#define E_ASN1_LENSIZE 0xB0910008u /* length field too long */
#define E_ASN1_STACK_OVL 0xB0910009u /* nesting too deep */
#define E_ASN1_NOT_FOUND 0xB091000Au /* no such item */
#define E_ASN1_BUFF_OVL 0xB091000Bu /* output buffer short */
#define E_ASN1_ITEMCOUNT 0xB091000Cu /* nitems inconsistent */
#define E_ASN1_BADTAG 0xB091000Du /* tag is zero */
#define E_ASN1_BAD_PKCS1 0xB091000Eu /* PKCS#1 structure malformed */
#define E_ASN1_DECODE_ERR 0xB091000Fu /* undecodable input */
#define E_ASN1_SIZE_EXCEEDED 0xB0910010u /* item longer than input */

#endif
