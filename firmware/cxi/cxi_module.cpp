#include "firmware/cxi/cxi.h"
#include "firmware/cxi/handlers.h"

namespace cs2sim {
namespace {

// Numbers 0, 2 and 6 are retired,
// and DSA is not implemented.
constexpr Function kFunctions[] = {
    {SFC_CXI_CHECK_GENUINENESS, cxi_not_supported},
    {SFC_CXI_GET_INFO, cxi_get_info},
    {SFC_CXI_GET_PERSKEY, cxi_not_supported},
    {SFC_CXI_KEY_INIT, cxi_key_init},
    {SFC_CXI_KEY_HASH_GET, cxi_not_supported},
    {SFC_CXI_KEY_DSA_XGEN, cxi_not_supported},
    {SFC_CXI_KEY_BACKUP, cxi_key_backup},
    {SFC_CXI_KEY_RESTORE, cxi_key_restore},
    {SFC_CXI_KEY_LIST, cxi_key_list},
    {SFC_CXI_KEY_GENERATE, cxi_key_generate},
    {SFC_CXI_KEY_OPEN, cxi_key_open},
    {SFC_CXI_KEY_DELETE, cxi_key_delete},
    {SFC_CXI_KEY_PROP_GET, cxi_key_prop_get},
    {SFC_CXI_KEY_PROP_SET, cxi_key_prop_set},
    {SFC_CXI_KEY_EXPORT, cxi_key_export},
    {SFC_CXI_KEY_IMPORT, cxi_key_import},
    {SFC_CXI_HASH_COMPUTE, cxi_hash_compute},
    {SFC_CXI_CRYPT, cxi_crypt},
    {SFC_CXI_SIGN, cxi_sign},
    {SFC_CXI_VERIFY, cxi_verify},
    {SFC_CXI_RND_GEN, cxi_rnd_gen},
    {SFC_CXI_SECRET_AGREE, cxi_secret_agree},
    {SFC_CXI_OBJ_CREATE, cxi_obj_create},
    {SFC_CXI_KEY_PAIR_GEN, cxi_key_pair_gen},
    {SFC_CXI_OBJ_COPY, cxi_obj_copy},
    {SFC_CXI_KEY_DERIVE, cxi_key_derive},
    {SFC_CXI_KEY_WRAP, cxi_key_wrap},
    {SFC_CXI_KEY_UNWRAP, cxi_key_unwrap},
    {SFC_CXI_KEY_DSA_PQGEN, cxi_not_supported},
    {SFC_CXI_KEY_DSA_GGEN, cxi_not_supported},
    {SFC_CXI_P11_PERMISSIONS, cxi_p11_permissions},
    {SFC_CXI_SIGN_BULK, cxi_sign_bulk},
};

}  // namespace

Module cxi_module(Cxi& cxi) { return {FC_CXI, kFunctions, ModuleState(cxi)}; }

}  // namespace cs2sim
