// Signing and verifying, also with recovery of the data.
#include "host-lib/pkcs11/handlers.h"
#include "host-lib/pkcs11/signing.h"

namespace cs2sim::p11::functions {
namespace {

// Takes the whole data once, however often the caller asks for the length.
Result<Delivery> sign_data(Session& session, Operation& operation, const CK_BYTE* data, CK_ULONG length,
                           CK_BYTE* out, CK_ULONG* out_length) {
    CS2SIM_TRY_LET(given, input(data, length));
    const bool exact = operation.prepared->row->work != Work::vendor;
    return deliver(operation, out, out_length, signature_size(operation, given.size()), exact,
                   [&]() -> Result<SecretBytes> {
                       CS2SIM_TRY(take_data(session, operation, given));
                       return make_signature(session, operation);
                   });
}

Answer verify_data(Session& session, Operation& operation, const CK_BYTE* data, CK_ULONG length,
                   const CK_BYTE* signature, CK_ULONG signature_length) {
    CS2SIM_TRY_LET(given, input(data, length));
    CS2SIM_TRY_LET(expected, input(signature, signature_length));
    CS2SIM_TRY(take_data(session, operation, given));
    return check_signature(session, operation, expected);
}

Answer update(Session& session, Slot slot, const CK_BYTE* data, CK_ULONG length) {
    CS2SIM_TRY_LET(operation, active(session, slot, false));
    const auto given = input(data, length);
    Answer taken = given ? take_data(session, *operation, *given) : Answer(fail(given.error()));
    operation->updating = true;
    if (!taken) operation->end();
    return taken;
}

}  // namespace

Answer SignInit(Session& session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {
    return begin(session, Slot::sign, kSign, mechanism, key);
}

Answer Sign(Session& session, CK_BYTE* data, CK_ULONG length, CK_BYTE* out, CK_ULONG* out_length) {
    CS2SIM_TRY_LET(operation, active(session, Slot::sign, true));
    return conclude(*operation, sign_data(session, *operation, data, length, out, out_length));
}

Answer SignUpdate(Session& session, CK_BYTE* data, CK_ULONG length) {
    return update(session, Slot::sign, data, length);
}

Answer SignFinal(Session& session, CK_BYTE* out, CK_ULONG* out_length) {
    CS2SIM_TRY_LET(operation, active(session, Slot::sign, false));
    return conclude(*operation, sign_data(session, *operation, nullptr, 0, out, out_length));
}

Answer VerifyInit(Session& session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {
    return begin(session, Slot::verify, kVerify, mechanism, key);
}

Answer Verify(Session& session, CK_BYTE* data, CK_ULONG length, CK_BYTE* signature,
              CK_ULONG signature_length) {
    CS2SIM_TRY_LET(operation, active(session, Slot::verify, true));
    const Answer verified = verify_data(session, *operation, data, length, signature, signature_length);
    operation->end();
    return verified;
}

Answer VerifyUpdate(Session& session, CK_BYTE* data, CK_ULONG length) {
    return update(session, Slot::verify, data, length);
}

Answer VerifyFinal(Session& session, CK_BYTE* signature, CK_ULONG length) {
    CS2SIM_TRY_LET(operation, active(session, Slot::verify, false));
    const Answer verified = verify_data(session, *operation, nullptr, 0, signature, length);
    operation->end();
    return verified;
}

Answer SignRecoverInit(Session& session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {
    return begin(session, Slot::sign_recover, kSignRecover, mechanism, key);
}

Answer SignRecover(Session& session, CK_BYTE* data, CK_ULONG length, CK_BYTE* out, CK_ULONG* out_length) {
    CS2SIM_TRY_LET(operation, active(session, Slot::sign_recover, true));
    return conclude(*operation, sign_data(session, *operation, data, length, out, out_length));
}

Answer VerifyRecoverInit(Session& session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {
    return begin(session, Slot::verify_recover, kVerifyRecover, mechanism, key);
}

Answer VerifyRecover(Session& session, CK_BYTE* signature, CK_ULONG length, CK_BYTE* out,
                     CK_ULONG* out_length) {
    CS2SIM_TRY_LET(operation, active(session, Slot::verify_recover, true));
    const auto given = input(signature, length);
    if (!given) {
        operation->end();
        return fail(given.error());
    }
    const std::size_t modulus = key_bytes(*operation->key);
    const auto recover = [&]() -> Result<SecretBytes> {
        if (given->size() != modulus) return fail(CKR_SIGNATURE_LEN_RANGE);
        CS2SIM_TRY_LET(answer, session.execute(FC_CXI, SFC_CXI_VERIFY,
                                               {+CXI_FLAG_VERIFY_RECOVER, operation->prepared->cxi,
                                                operation->key->reference, ByteView(), *given, ByteView()}));
        return to_secret(answer.block.bytes("data"));
    };
    return conclude(*operation, deliver(*operation, out, out_length, modulus, false, recover));
}

}  // namespace cs2sim::p11::functions
