// The handlers of FC 068, one a row of the table in cxi_module.cpp.
#pragma once

#include "firmware/cmds/call.h"

namespace cs2sim {

// key_functions.cpp
Result<Bytes> cxi_get_info(Call& call);
Result<Bytes> cxi_key_init(Call& call);
Result<Bytes> cxi_key_generate(Call& call);
Result<Bytes> cxi_key_pair_gen(Call& call);
Result<Bytes> cxi_key_open(Call& call);
Result<Bytes> cxi_key_delete(Call& call);
Result<Bytes> cxi_obj_create(Call& call);
Result<Bytes> cxi_p11_permissions(Call& call);
Result<Bytes> cxi_not_supported(Call& call);

// property_functions.cpp
Result<Bytes> cxi_key_list(Call& call);
Result<Bytes> cxi_key_prop_get(Call& call);
Result<Bytes> cxi_key_prop_set(Call& call);
Result<Bytes> cxi_obj_copy(Call& call);

// move_functions.cpp
Result<Bytes> cxi_key_backup(Call& call);
Result<Bytes> cxi_key_restore(Call& call);
Result<Bytes> cxi_key_export(Call& call);
Result<Bytes> cxi_key_import(Call& call);
Result<Bytes> cxi_key_wrap(Call& call);
Result<Bytes> cxi_key_unwrap(Call& call);

// work_functions.cpp
Result<Bytes> cxi_hash_compute(Call& call);
Result<Bytes> cxi_crypt(Call& call);
Result<Bytes> cxi_sign(Call& call);
Result<Bytes> cxi_sign_bulk(Call& call);
Result<Bytes> cxi_verify(Call& call);
Result<Bytes> cxi_rnd_gen(Call& call);

// derive_functions.cpp
Result<Bytes> cxi_secret_agree(Call& call);
Result<Bytes> cxi_key_derive(Call& call);

}  // namespace cs2sim
