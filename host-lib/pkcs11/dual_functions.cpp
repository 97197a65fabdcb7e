// Two operations over the same data, put together of the single ones (PKCS#11 3.0, section 5.15). When the
// caller's buffer is short nothing may be done twice, so the length is asked first.
#include "host-lib/pkcs11/ciphering.h"
#include "host-lib/pkcs11/handlers.h"

namespace cs2sim::p11::functions {
namespace {

using Update = Answer (*)(Session&, CK_BYTE*, CK_ULONG);

Answer both_active(Session& session, Slot one, Slot other) {
    for (const Slot slot : {one, other})
        if (!session.operation(slot).active()) return fail(CKR_OPERATION_NOT_INITIALIZED);
    return {};
}

// The data is hashed or signed, and encrypted.
Answer then_encrypt(Session& session, Slot first, Update update, CK_BYTE* data, CK_ULONG length, CK_BYTE* out,
                    CK_ULONG* out_length) {
    CS2SIM_TRY(both_active(session, first, Slot::encrypt));
    if (!out_length) return fail(CKR_ARGUMENTS_BAD);
    const OutputSize size = update_size(session.operation(Slot::encrypt), Direction::encrypt, length);
    if (out && *out_length >= size.most) CS2SIM_TRY(update(session, data, length));
    return EncryptUpdate(session, data, length, out, out_length);
}

// The data is decrypted, and what comes out is hashed or verified.
Answer decrypt_then(Session& session, Slot second, Update update, CK_BYTE* data, CK_ULONG length,
                    CK_BYTE* out, CK_ULONG* out_length) {
    CS2SIM_TRY(both_active(session, second, Slot::decrypt));
    CS2SIM_TRY(DecryptUpdate(session, data, length, out, out_length));
    if (!out) return {};
    return update(session, out, *out_length);
}

}  // namespace

Answer DigestEncryptUpdate(Session& session, CK_BYTE* data, CK_ULONG length, CK_BYTE* out,
                           CK_ULONG* out_length) {
    return then_encrypt(session, Slot::digest, DigestUpdate, data, length, out, out_length);
}
Answer SignEncryptUpdate(Session& session, CK_BYTE* data, CK_ULONG length, CK_BYTE* out,
                         CK_ULONG* out_length) {
    return then_encrypt(session, Slot::sign, SignUpdate, data, length, out, out_length);
}
Answer DecryptDigestUpdate(Session& session, CK_BYTE* data, CK_ULONG length, CK_BYTE* out,
                           CK_ULONG* out_length) {
    return decrypt_then(session, Slot::digest, DigestUpdate, data, length, out, out_length);
}
Answer DecryptVerifyUpdate(Session& session, CK_BYTE* data, CK_ULONG length, CK_BYTE* out,
                           CK_ULONG* out_length) {
    return decrypt_then(session, Slot::verify, VerifyUpdate, data, length, out, out_length);
}

}  // namespace cs2sim::p11::functions
