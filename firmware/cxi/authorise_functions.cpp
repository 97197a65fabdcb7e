// Key authorisation keys: bound to keys, and letting them work.
#include "firmware/crypto/random.h"
#include "firmware/cxi/access.h"
#include "firmware/cxi/authorisation.h"
#include "firmware/cxi/cxi.h"
#include "firmware/cxi/handlers.h"

namespace cs2sim {
namespace {

// Between the challenge and the signature. A new challenge takes its place.
struct PendingAuthorisation {
    std::uint32_t handle = 0;
    Bytes index;
    std::uint32_t uses = 0;
    Bytes data;
};

// The key of a command of these: one that the device keeps, with something secret. `error` for a public one.
Result<const LoadedKey*> authorised_key(const CxiCall& call, std::uint32_t error) {
    if (!call.device.profile.key_authorisation) return fail(E_CXI_NOT_SUPPORTED);
    const LoadedKey& key = call.key("key");
    if (key.external) return fail(E_CXI_INTERNAL_INPUT_ONLY);
    if (key.object.is_public()) return fail(error);
    if (!key.object.is_private() && !key.object.is_secret()) return fail(E_CXI_KEY_TYPE);
    return &key;
}

}  // namespace

Result<Bytes> cxi_key_initialize(CxiCall& call) {
    const std::uint8_t assigned = call.request.u8("assigned");
    const auto key =
        authorised_key(call, assigned != 0 ? E_CXI_CC_ASSIGNED_KEY_PUBLIC : E_CXI_CC_KEY_AUTH_PUBLIC);
    CS2SIM_TRY(key);
    if (assigned > 1) return fail(E_CXI_INVALID_PARAM_VAL);
    CS2SIM_TRY(call.cxi.bind_kak(**key, call.request.bytes("krad"), assigned != 0));
    call.audit_key(assigned != 0 ? "key initialised and assigned" : "key initialised", (*key)->object);
    return call.answer({});
}

Result<Bytes> cxi_key_auth_challenge(CxiCall& call) {
    CS2SIM_TRY_LET(key, authorised_key(call, E_CXI_CC_KEY_AUTH_PUBLIC));
    CS2SIM_TRY(call.cxi.may_authorise(*key));
    HandleTable& handles = call.context.handles;
    if (const auto before = handles.only<PendingAuthorisation>()) handles.drop(before->handle);
    auto pending = std::make_shared<PendingAuthorisation>();
    pending->index = key->index;
    pending->uses = call.request.u32("count");
    CS2SIM_TRY_LET(data, compose(LAYOUT_CXI_AUTHORISATION,
                                 {CXI_AUTH_PURPOSE, random_bytes(16), pending->index, pending->uses}));
    pending->data = std::move(data);
    pending->handle = handles.put(pending);
    if (pending->handle == 0) return fail(E_CXI_MALLOC);
    return call.answer({pending->handle, pending->data});
}

Result<Bytes> cxi_key_authorize(CxiCall& call) {
    HandleTable& handles = call.context.handles;
    const std::uint32_t handle = call.request.u32("handle");
    const auto pending = handles.get<PendingAuthorisation>(handle);
    if (!pending) return fail(E_CXI_INVALID_PARAM_VAL);
    handles.drop(handle);  // a challenge serves once
    CS2SIM_TRY_LET(key, call.cxi.keys.find(pending->index));
    CS2SIM_TRY(call.require(RIGHT_USE, key->object.group()));
    const auto done = call.cxi.authorise(*key, pending->data, call.request.bytes("signature"), pending->uses);
    if (!done && done.error().code == E_CXI_CC_KEY_AUTH_FAILED)
        call.audit_key("authorisation of a key failed", key->object);
    CS2SIM_TRY(done);
    call.audit_key("key authorised", key->object);
    return call.answer({});
}

Result<Bytes> cxi_key_unblock(CxiCall& call) {
    CS2SIM_TRY_LET(key, authorised_key(call, E_CXI_CC_KEY_AUTH_PUBLIC));
    CS2SIM_TRY(call.cxi.unblock(*key));
    call.audit_key("key unblocked", key->object);
    return call.answer({});
}

}  // namespace cs2sim
