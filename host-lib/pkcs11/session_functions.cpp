// Sessions: open, close, what they are, and the state of their digests.
#include "host-lib/pkcs11/find.h"
#include "host-lib/pkcs11/handlers.h"

namespace cs2sim::p11::functions {
namespace {

struct CancelRow {
    CK_FLAGS flag;
    Slot slot;
};
constexpr CancelRow kCancels[] = {
    {CKF_ENCRYPT | CKF_MESSAGE_ENCRYPT, Slot::encrypt},
    {CKF_DECRYPT | CKF_MESSAGE_DECRYPT, Slot::decrypt},
    {CKF_DIGEST, Slot::digest},
    {CKF_SIGN | CKF_MESSAGE_SIGN, Slot::sign},
    {CKF_SIGN_RECOVER, Slot::sign_recover},
    {CKF_VERIFY | CKF_MESSAGE_VERIFY, Slot::verify},
    {CKF_VERIFY_RECOVER, Slot::verify_recover},
};

}  // namespace

Answer OpenSession(Library& library, CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR, CK_NOTIFY,
                   CK_SESSION_HANDLE* session) {
    CS2SIM_TRY_LET(token, library.token(slot));
    if (!session) return fail(CKR_ARGUMENTS_BAD);
    if ((flags & CKF_SERIAL_SESSION) == 0) return fail(CKR_SESSION_PARALLEL_NOT_SUPPORTED);
    CS2SIM_TRY_LET(handle, library.open_session(*token, (flags & CKF_RW_SESSION) != 0));
    *session = handle;
    return {};
}

Answer CloseSession(Library& library, CK_SESSION_HANDLE session) {
    if (!library.close_session(session)) return fail(CKR_SESSION_HANDLE_INVALID);
    return {};
}

Answer CloseAllSessions(Library& library, CK_SLOT_ID slot) {
    CS2SIM_TRY_LET(token, library.token(slot));
    library.close_sessions(*token);
    return {};
}

Answer GetSessionInfo(Session& session, CK_SESSION_INFO* info) {
    if (!info) return fail(CKR_ARGUMENTS_BAD);
    info->slotID = session.token.slot;
    info->state = session.state();
    info->flags = CKF_SERIAL_SESSION | (session.read_write ? CKF_RW_SESSION : 0);
    info->ulDeviceError = session.device_error;
    return {};
}

Answer SessionCancel(Session& session, CK_FLAGS flags) {
    for (const CancelRow& row : kCancels)
        if ((flags & row.flag) != 0) session.operation(row.slot).end();
    if ((flags & CKF_FIND_OBJECTS) != 0) session.search.reset();
    return {};
}

Answer GetFunctionStatus(Session&) { return fail(CKR_FUNCTION_NOT_PARALLEL); }
Answer CancelFunction(Session&) { return fail(CKR_FUNCTION_NOT_PARALLEL); }

}  // namespace cs2sim::p11::functions
