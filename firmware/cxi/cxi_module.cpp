#include "firmware/cxi/cxi.h"
#include "firmware/cxi/handlers.h"

namespace cs2sim {
namespace {

using rules::kCxi;
using rules::kCxiPlainSecret;

// Permission 0: what a caller needs depends on the group of the key (cxi.h). Numbers 0, 2 and 6 are retired,
// and DSA is not implemented.
constexpr Function kFunctions[] = {
    {SFC_CXI_CHECK_GENUINENESS, 0, kCxi, cxi_not_supported},
    {SFC_CXI_GET_INFO, 0, kCxi, cxi_get_info},
    {SFC_CXI_GET_PERSKEY, 0, kCxi, cxi_not_supported},
    {SFC_CXI_KEY_INIT, 0, kCxi, cxi_key_init},
    {SFC_CXI_KEY_HASH_GET, 0, kCxi, cxi_not_supported},
    {SFC_CXI_KEY_DSA_XGEN, 0, kCxi, cxi_not_supported},
    {SFC_CXI_KEY_BACKUP, 0, kCxi, cxi_key_backup},
    {SFC_CXI_KEY_RESTORE, 0, kCxi, cxi_key_restore},
    {SFC_CXI_KEY_LIST, 0, kCxi, cxi_key_list},
    {SFC_CXI_KEY_GENERATE, 0, kCxi, cxi_key_generate},
    {SFC_CXI_KEY_OPEN, 0, kCxi, cxi_key_open},
    {SFC_CXI_KEY_DELETE, 0, kCxi, cxi_key_delete},
    {SFC_CXI_KEY_PROP_GET, 0, kCxi, cxi_key_prop_get},
    {SFC_CXI_KEY_PROP_SET, 0, kCxi, cxi_key_prop_set},
    {SFC_CXI_KEY_EXPORT, 0, kCxi, cxi_key_export},
    {SFC_CXI_KEY_IMPORT, 0, kCxi, cxi_key_import},
    {SFC_CXI_HASH_COMPUTE, 0, kCxi, cxi_hash_compute},
    {SFC_CXI_CRYPT, 0, kCxi, cxi_crypt},
    {SFC_CXI_SIGN, 0, kCxi, cxi_sign},
    {SFC_CXI_VERIFY, 0, kCxi, cxi_verify},
    {SFC_CXI_RND_GEN, 0, kCxi, cxi_rnd_gen},
    {SFC_CXI_SECRET_AGREE, 0, kCxiPlainSecret, cxi_secret_agree},
    {SFC_CXI_OBJ_CREATE, 0, kCxi, cxi_obj_create},
    {SFC_CXI_KEY_PAIR_GEN, 0, kCxi, cxi_key_pair_gen},
    {SFC_CXI_OBJ_COPY, 0, kCxi, cxi_obj_copy},
    {SFC_CXI_KEY_DERIVE, 0, kCxi, cxi_key_derive},
    {SFC_CXI_KEY_WRAP, 0, kCxi, cxi_key_wrap},
    {SFC_CXI_KEY_UNWRAP, 0, kCxi, cxi_key_unwrap},
    {SFC_CXI_KEY_DSA_PQGEN, 0, kCxi, cxi_not_supported},
    {SFC_CXI_KEY_DSA_GGEN, 0, kCxi, cxi_not_supported},
    {SFC_CXI_P11_PERMISSIONS, 0, kCxi, cxi_p11_permissions},
    {SFC_CXI_SIGN_BULK, 0, kCxi, cxi_sign_bulk},
};

}  // namespace

Module cxi_module() { return {FC_CXI, kFunctions}; }

}  // namespace cs2sim
