/* cryptoserversdk/adm.h: administration
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_ADM_H
#define CRYPTOSERVERSDK_ADM_H

#include "os_mdl.h"
#include "cmds.h"

typedef struct {
    void* p_data;
    int (*start)(T_OS_MDL_HDL smos, void* file, void* coff_mem);
    int (*stop)(void);
    int (*pre_replace)(void);
    int (*pre_delete)(void);
    const void* reserved;
    const void* p_module_info;
    int (*_adm_set_time)(unsigned int sec, unsigned int msec);
    int (*_adm_mdl_decrypt_all)(void);
    int (*_adm_file_load_chunked)(T_CMDS_HANDLE* handle, unsigned int single_chunk, unsigned int part,
            unsigned char* path, unsigned int l_data, unsigned char* data);
    int (*_adm_sig_verify)(unsigned int key_type, unsigned int hash_algo, unsigned char* data, unsigned int
            l_data, unsigned char* sig, unsigned int l_sig);
} T_ADM_TABLE_PUB;

extern T_OS_MDL_HDL P_ADM;

#define adm_set_time (((T_ADM_TABLE_PUB*)P_ADM)->_adm_set_time)
#define adm_mdl_decrypt_all (((T_ADM_TABLE_PUB*)P_ADM)->_adm_mdl_decrypt_all)
#define adm_file_load_chunked (((T_ADM_TABLE_PUB*)P_ADM)->_adm_file_load_chunked)
#define adm_sig_verify (((T_ADM_TABLE_PUB*)P_ADM)->_adm_sig_verify)

#endif
