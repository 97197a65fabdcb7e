// The handlers of FC 068, one a row of the table in cxi_module.cpp.
#pragma once

#include "firmware/cmds/vendor_mechanism.h"
#include "firmware/cxi/access.h"
#include "firmware/cxi/make_key.h"

namespace cs2sim {

// key_functions.cpp
Result<Bytes> cxi_get_info(CxiCall& call);
Result<Bytes> cxi_key_init(CxiCall& call);
Result<Bytes> cxi_key_generate(CxiCall& call);
Result<Bytes> cxi_key_dsa_xgen(CxiCall& call);
Result<Bytes> cxi_key_dsa_pqgen(CxiCall& call);
Result<Bytes> cxi_key_dsa_ggen(CxiCall& call);
Result<Bytes> cxi_key_pair_gen(CxiCall& call);
Result<Bytes> cxi_key_open(CxiCall& call);
Result<Bytes> cxi_key_delete(CxiCall& call);
Result<Bytes> cxi_obj_create(CxiCall& call);
Result<Bytes> cxi_p11_permissions(CxiCall& call);
Result<Bytes> cxi_p11_profile(CxiCall& call);
Result<Bytes> cxi_p11_events(CxiCall& call);
Result<Bytes> cxi_not_supported(CxiCall& call);

// token_users.cpp
Result<Bytes> cxi_user_add(CxiCall& call);  // E_CXI_PERMISSION_DENIED, E_CMDS_BAD_NAME, and as CMDS.ADD_USER
Result<Bytes> cxi_user_delete(
    CxiCall& call);  // E_CXI_PERMISSION_DENIED, E_CMDS_BAD_NAME, and as CMDS.DELETE_USER

// authorise_functions.cpp; but for cxi_key_authorize() all of them E_CXI_NOT_SUPPORTED without
// key_authorisation of the profile, and those of Cxi::bind_kak(), authorise() and unblock()
Result<Bytes> cxi_key_initialize(CxiCall& call);
Result<Bytes> cxi_key_auth_challenge(CxiCall& call);
Result<Bytes> cxi_key_authorize(CxiCall& call);
Result<Bytes> cxi_key_unblock(CxiCall& call);

// property_functions.cpp
Result<Bytes> cxi_key_list(CxiCall& call);
Result<Bytes> cxi_key_prop_get(CxiCall& call);
Result<Bytes> cxi_key_prop_set(CxiCall& call);
Result<Bytes> cxi_obj_copy(CxiCall& call);

// What a listing says of an object: those of `wanted` that it has and that may be read.
Result<PropertyList> row_of(const KeyObject& key, const std::vector<std::uint32_t>& wanted);

// What is told of a key that the command made (CXI_FLAG_KEY_TOLD), empty when nothing is. Errors: those of
// load_key().
Result<Bytes> told_of(const CxiCall& call, const KeyObject& made);
// The answer of a command that made one.
Result<Bytes> answer_made(const CxiCall& call, ByteView reference, const KeyObject& made);

// How many keys one command may decode for what it shows of them, a third of a millisecond each: few for a
// caller who has not logged on, who gets the other rows by asking again.
class Decodings {
public:
    explicit Decodings(const CxiCall& call) : unbounded_(!call.is_unknown()) {}
    // Whether there is one left for this row, or it needs none.
    bool suffice(const KeyObject& key, const std::vector<std::uint32_t>& wanted);

private:
    const bool unbounded_;
    unsigned left_ = 4;
};

// external_functions.cpp; both E_CXI_INVALID_PARAM_VAL with no blob or more than CXI_MOST_EXTERNAL of them.
// The first answers the first row and as many of the others as Decodings lets it.
Result<Bytes> cxi_external_props(CxiCall& call);
Result<Bytes> cxi_external_reseal(CxiCall& call);

// move_functions.cpp
Result<Bytes> cxi_key_backup(CxiCall& call);
Result<Bytes> cxi_key_restore(CxiCall& call);
Result<Bytes> cxi_key_export(CxiCall& call);
Result<Bytes> cxi_key_import(CxiCall& call);
Result<Bytes> cxi_key_wrap(CxiCall& call);
Result<Bytes> cxi_key_unwrap(CxiCall& call);

// work_functions.cpp
Result<Bytes> cxi_hash_compute(CxiCall& call);
Result<Bytes> cxi_crypt(CxiCall& call);
Result<Bytes> cxi_sign(CxiCall& call);
Result<Bytes> cxi_sign_bulk(CxiCall& call);
Result<Bytes> cxi_verify(CxiCall& call);
Result<Bytes> cxi_rnd_gen(CxiCall& call);

// vendor_functions.cpp: what those before do with a mechanism that is_vendor()
Result<Bytes> vendor_crypt(CxiCall& call);
Result<Bytes> vendor_sign(CxiCall& call);
Result<Bytes> vendor_verify(CxiCall& call);
Result<Bytes> vendor_digest(CxiCall& call);
// And in the middle of what makes, moves and ends keys. Precondition: whoever asks may. Errors: as
// VendorMechanisms; E_CXI_PROP_NOT_FOUND, E_CXI_KEY_INVALID_ALGO for a template without an algorithm, or with
// one whose keys callbacks do not make.
Result<VendorResult> vendor_generate(CxiCall& call, const PropertyList& properties);
Result<VendorResult> vendor_derive(CxiCall& call, const LoadedKey& base, const PropertyList& properties);
Result<VendorResult> vendor_wrap(CxiCall& call, const LoadedKey& wrapping, ByteView parameter,
                                 const LoadedKey& key);
Result<VendorResult> vendor_unwrap(CxiCall& call, const LoadedKey& wrapping, ByteView parameter,
                                   ByteView wrapped, const PropertyList& properties);
Result<void> vendor_destroy(CxiCall& call, const LoadedKey& key);
Result<KeyObject> key_of_vendor(PropertyList properties, const VendorResult& made, const Circumstances& now);

// derive_functions.cpp
Result<Bytes> cxi_secret_agree(CxiCall& call);
Result<Bytes> cxi_key_derive(CxiCall& call);

}  // namespace cs2sim
