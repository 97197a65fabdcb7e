// The vendor's functions: backup of single objects and users, agreement on a secret, what a session is.
#include <array>

#include "host-lib/pkcs11/derivation.h"
#include "host-lib/pkcs11/external_objects.h"
#include "host-lib/pkcs11/handlers.h"
#include "host-lib/pkcs11/key_commands.h"
#include "host-lib/pkcs11/key_use.h"
#include "host-lib/pkcs11/parameter_reading.h"
#include "host-lib/pkcs11/text_fields.h"

namespace cs2sim::p11::functions::cs {
namespace {

// A buffer of the library's, until the session's next call of this kind.
Answer give(Session& session, ByteView bytes, CK_BYTE_PTR* out, CK_ULONG* length) {
    session.given = to_secret(bytes);
    *out = session.given.data();
    *length = session.given.size();
    return {};
}

Result<std::string> user_name(const CK_UTF8CHAR* name, CK_ULONG length) {
    if (!name || length == 0 || length > 255) return fail(CKR_ARGUMENTS_BAD);
    return std::string(reinterpret_cast<const char*>(name), length);
}

}  // namespace

// A blob under the MBK. A session object is one already.
Answer BackupObject(Session& session, CK_OBJECT_HANDLE handle, CK_BYTE_PTR* blob, CK_ULONG* length) {
    if (!blob || !length) return fail(CKR_ARGUMENTS_BAD);
    CS2SIM_TRY_LET(found, object_in_use(session, handle, CKR_OBJECT_HANDLE_INVALID));
    const SharedObject& object = found;
    if (object->reference[0] == CXI_TAG_EXTERNAL)
        return give(session, ByteView(object->reference).subspan(1), blob, length);
    CS2SIM_TRY_LET(answer, session.execute(FC_CXI, SFC_CXI_KEY_BACKUP, {object->reference}));
    return give(session, answer.block.bytes("blob"), blob, length);
}

Answer BackupUser(Session& session, CK_UTF8CHAR* name, CK_ULONG name_length, CK_BYTE_PTR* blob,
                  CK_ULONG* length) {
    CS2SIM_TRY_LET(user, user_name(name, name_length));
    if (!blob || !length) return fail(CKR_ARGUMENTS_BAD);
    CS2SIM_TRY_LET(answer, session.execute(FC_CMDS, SFC_CMDS_BACKUP_USER, {user}));
    return give(session, answer.block.bytes("record"), blob, length);
}

// The object is the token's again, as it was.
Answer RestoreObject(Session& session, CK_BYTE* blob, CK_ULONG length, CK_OBJECT_HANDLE* handle) {
    const auto given = part(blob, length);
    if (!given) return fail(CKR_ARGUMENTS_BAD);
    if (!handle || given->empty()) return fail(CKR_ARGUMENTS_BAD);
    if (!session.read_write) return fail(CKR_SESSION_READ_ONLY);
    CS2SIM_TRY_LET(answer, session.execute(FC_CXI, SFC_CXI_KEY_RESTORE, {0, ByteView(), *given}));
    CS2SIM_TRY_LET(restored, adopt(session, {true, 0}, {to_bytes(answer.block.bytes("key"))}));
    *handle = restored->handle;
    return {};
}

Answer RestoreUser(Session& session, CK_BYTE* blob, CK_ULONG length) {
    const auto given = part(blob, length);
    if (!given || given->empty()) return fail(CKR_ARGUMENTS_BAD);
    CS2SIM_TRY(session.execute(FC_CMDS, SFC_CMDS_RESTORE_USER, {*given}));
    return {};
}

Answer DeleteUser(Session& session, CK_UTF8CHAR* name, CK_ULONG length) {
    CS2SIM_TRY_LET(user, user_name(name, length));
    CS2SIM_TRY(session.execute(FC_CXI, SFC_CXI_USER_DELETE, {user}));
    return {};
}

Answer GetFunctionListCS(CS_FUNCTION_LIST** list) {
    if (!list) return fail(CKR_ARGUMENTS_BAD);
    *list = list_cs();
    return {};
}

Answer GetSessionInfo(Session& session, CS_SESSION_INFO* info) {
    if (!info) return fail(CKR_ARGUMENTS_BAD);
    info->slotID = session.token.slot;
    info->authState = session.token.permissions();
    info->ulDeviceError = session.device_error;
    fill_text(info->device, session.channel().device_name());
    return {};
}

// Those of the slot that another MBK sealed; `count`: how many were sealed anew.
Answer RecryptExternalKeys(Session& session, CK_ULONG* count) {
    if (!count) return fail(CKR_ARGUMENTS_BAD);
    *count = 0;
    if (!session.token.external) return fail(CKR_FUNCTION_NOT_SUPPORTED);
    CS2SIM_TRY_LET(store, key_store_of(session));
    Answer refused;
    const keystore::Watch watch{{}, [&](const keystore::KeyIndex& index, std::uint32_t code) {
                                    session.token.external->report(index, code);
                                    if (refused) refused = fail(code);
                                }};
    CS2SIM_TRY_LET(done, keystore::recrypt_keys(*store, executed_by(session), session.token.group(), watch));
    *count = done.done;
    const auto log = [&](const std::string& line) {
        session.library.log.write(LogLevel::info, "CS_RecryptExternalKeys", line);
    };
    for (const auto& [mbk, keys] : done.by_mbk)
        log(std::to_string(keys) + " keys were sealed by the MBK " + to_hex(mbk));
    CS2SIM_TRY_LET(now, keystore::current_mbk(executed_by(session)));
    log(std::to_string(done.done) + " keys sealed by the MBK of slot 3, " + to_hex(now) + "; " +
        std::to_string(done.bad) + " refused");
    return refused;
}

// The shared secret itself, in clear.
Answer AgreeSecret(Session& session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE handle, CK_BYTE_PTR* secret,
                   CK_ULONG* length) {
    if (!secret || !length) return fail(CKR_ARGUMENTS_BAD);
    CS2SIM_TRY_LET(prepared, prepare(*session.token.profile(), mechanism, CKF_DERIVE));
    if (prepared.row->parameter != ParameterCodec::ecdh || hash_of(prepared.cxi))
        return fail(CKR_MECHANISM_INVALID);
    CS2SIM_TRY_LET(key, key_for(session, kDerive, handle, *prepared.row));
    CS2SIM_TRY_LET(data, agreement_data(prepared, *key));
    const auto parameter = parse(LAYOUT_CXI_X963_PARAMETER, data);
    if (!parameter) return fail(CKR_MECHANISM_PARAM_INVALID);
    CS2SIM_TRY_LET(answer, session.execute(FC_CXI, SFC_CXI_SECRET_AGREE,
                                           {0, prepared.cxi, key->reference, parameter->bytes("peer")}));
    const Answer given = give(session, answer.block.bytes("secret"), secret, length);
    cleanse(answer.bytes.data(), answer.bytes.size());
    return given;
}

}  // namespace cs2sim::p11::functions::cs
