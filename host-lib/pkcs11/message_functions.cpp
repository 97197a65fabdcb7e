// The message functions of version 3.0: GCM and CCM, a message a call (PKCS#11 3.0, sections 5.10 and 5.12).
// Messages in parts, and signatures of messages, are not supported.
#include <cstring>

#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"
#include "host-lib/pkcs11/ciphering.h"
#include "host-lib/pkcs11/handlers.h"
#include "host-lib/pkcs11/parameter_reading.h"

namespace cs2sim::p11::functions {
namespace {

// What a message brings along: a nonce, and where its tag is.
struct MessageParameter {
    ByteView nonce;
    CK_BYTE* tag = nullptr;
    CK_ULONG tag_length = 0;
};

const auto kNotSupported = fail(CKR_FUNCTION_NOT_SUPPORTED);

Result<MessageParameter> read_parameter(const Operation& operation, const void* parameter, CK_ULONG length) {
    MessageParameter out;
    if ((operation.prepared->cxi & CXI_MECH_CHAIN_MASK) == CXI_MECH_CHAIN_GCM) {
        const auto given = structure<CK_GCM_MESSAGE_PARAMS>(parameter, length);
        if (!given || given->ivGenerator != 0 || given->ulTagBits % 8 != 0) return kBad;
        if (!given->pIv || !given->pTag) return fail(CKR_ARGUMENTS_BAD);
        out = {ByteView(given->pIv, given->ulIvLen), given->pTag, given->ulTagBits / 8};
    } else {
        const auto given = structure<CK_CCM_MESSAGE_PARAMS>(parameter, length);
        if (!given || given->nonceGenerator != 0) return kBad;
        if (!given->pNonce || !given->pMAC) return fail(CKR_ARGUMENTS_BAD);
        out = {ByteView(given->pNonce, given->ulNonceLen), given->pMAC, given->ulMACLen};
    }
    if (out.nonce.empty() || out.nonce.size() > 256 || out.tag_length < 4 || out.tag_length > 16) return kBad;
    return out;
}

Answer begin_messages(Session& session, Slot slot, const UseRow& use, CK_MECHANISM* mechanism,
                      CK_OBJECT_HANDLE handle) {
    Operation& operation = session.operation(slot);
    if (!mechanism) return fail(CKR_ARGUMENTS_BAD);
    if (operation.active()) return fail(CKR_OPERATION_ACTIVE);
    const MechanismRow* row = find_mechanism(mechanism->mechanism);
    if (!row || (flags_of(*row, *session.token.profile()) & CKF_MESSAGE_ENCRYPT) == 0)
        return fail(CKR_MECHANISM_INVALID);
    CS2SIM_TRY_LET(key, key_for(session, use, handle, *row));
    operation.prepared = Prepared{};
    operation.prepared->row = row;
    operation.prepared->cxi = row->cxi;
    operation.key = std::move(key);
    operation.message = true;
    return {};
}

Answer end_messages(Session& session, Slot slot) {
    Operation& operation = session.operation(slot);
    if (!operation.active() || !operation.message) return fail(CKR_OPERATION_NOT_INITIALIZED);
    operation.end();
    return {};
}

// One message in one command: the tag travels apart from the text.
Answer one_message(Session& session, Slot slot, Direction direction, void* parameter,
                   CK_ULONG parameter_length, CK_BYTE* associated, CK_ULONG associated_length, CK_BYTE* data,
                   CK_ULONG length, CK_BYTE* out, CK_ULONG* out_length) {
    Operation& operation = session.operation(slot);
    if (!operation.active() || !operation.message) return fail(CKR_OPERATION_NOT_INITIALIZED);
    const auto with = input(associated, associated_length);
    const auto text = input(data, length);
    if (!with || !text || !out_length) return fail(CKR_ARGUMENTS_BAD);
    CS2SIM_TRY_LET(given, read_parameter(operation, parameter, parameter_length));
    const CK_ULONG room = *out_length;
    *out_length = length;
    if (!out && length != 0) return {};
    if (room < length) return fail(CKR_BUFFER_TOO_SMALL);
    Operation once;
    once.prepared = *operation.prepared;
    once.key = operation.key;
    auto composed =
        compose(LAYOUT_CXI_CRYPT_PARAMETER, {CXI_IV_NO_GENERATE, given.nonce, *with, given.tag_length * 8});
    if (!composed) return fail(CKR_MECHANISM_PARAM_INVALID);
    once.prepared->parameter = *std::move(composed);
    SecretBytes sent = to_secret(*text);
    if (direction == Direction::decrypt) sent.insert(sent.end(), given.tag, given.tag + given.tag_length);
    CS2SIM_TRY_LET(made, cipher_whole(session, once, direction, sent));
    if (made.size() < length) return fail(E_CSA_PROTOCOL);
    if (length != 0) std::memcpy(out, made.data(), length);
    if (direction == Direction::encrypt) std::memcpy(given.tag, made.data() + length, given.tag_length);
    return {};
}

}  // namespace

Answer MessageEncryptInit(Session& session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {
    return begin_messages(session, Slot::encrypt, kEncrypt, mechanism, key);
}
Answer EncryptMessage(Session& session, CK_VOID_PTR parameter, CK_ULONG parameter_length, CK_BYTE* associated,
                      CK_ULONG associated_length, CK_BYTE* data, CK_ULONG length, CK_BYTE* out,
                      CK_ULONG* out_length) {
    return one_message(session, Slot::encrypt, Direction::encrypt, parameter, parameter_length, associated,
                       associated_length, data, length, out, out_length);
}
Answer MessageEncryptFinal(Session& session) { return end_messages(session, Slot::encrypt); }
Answer MessageDecryptInit(Session& session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {
    return begin_messages(session, Slot::decrypt, kDecrypt, mechanism, key);
}
Answer DecryptMessage(Session& session, CK_VOID_PTR parameter, CK_ULONG parameter_length, CK_BYTE* associated,
                      CK_ULONG associated_length, CK_BYTE* data, CK_ULONG length, CK_BYTE* out,
                      CK_ULONG* out_length) {
    return one_message(session, Slot::decrypt, Direction::decrypt, parameter, parameter_length, associated,
                       associated_length, data, length, out, out_length);
}
Answer MessageDecryptFinal(Session& session) { return end_messages(session, Slot::decrypt); }

Answer EncryptMessageBegin(Session&, CK_VOID_PTR, CK_ULONG, CK_BYTE*, CK_ULONG) { return kNotSupported; }
Answer EncryptMessageNext(Session&, CK_VOID_PTR, CK_ULONG, CK_BYTE*, CK_ULONG, CK_BYTE*, CK_ULONG*,
                          CK_FLAGS) {
    return kNotSupported;
}
Answer DecryptMessageBegin(Session&, CK_VOID_PTR, CK_ULONG, CK_BYTE*, CK_ULONG) { return kNotSupported; }
Answer DecryptMessageNext(Session&, CK_VOID_PTR, CK_ULONG, CK_BYTE*, CK_ULONG, CK_BYTE*, CK_ULONG*,
                          CK_FLAGS) {
    return kNotSupported;
}
Answer MessageSignInit(Session&, CK_MECHANISM*, CK_OBJECT_HANDLE) { return kNotSupported; }
Answer SignMessage(Session&, CK_VOID_PTR, CK_ULONG, CK_BYTE*, CK_ULONG, CK_BYTE*, CK_ULONG*) {
    return kNotSupported;
}
Answer SignMessageBegin(Session&, CK_VOID_PTR, CK_ULONG) { return kNotSupported; }
Answer SignMessageNext(Session&, CK_VOID_PTR, CK_ULONG, CK_BYTE*, CK_ULONG, CK_BYTE*, CK_ULONG*) {
    return kNotSupported;
}
Answer MessageSignFinal(Session&) { return kNotSupported; }
Answer MessageVerifyInit(Session&, CK_MECHANISM*, CK_OBJECT_HANDLE) { return kNotSupported; }
Answer VerifyMessage(Session&, CK_VOID_PTR, CK_ULONG, CK_BYTE*, CK_ULONG, CK_BYTE*, CK_ULONG) {
    return kNotSupported;
}
Answer VerifyMessageBegin(Session&, CK_VOID_PTR, CK_ULONG) { return kNotSupported; }
Answer VerifyMessageNext(Session&, CK_VOID_PTR, CK_ULONG, CK_BYTE*, CK_ULONG, CK_BYTE*, CK_ULONG) {
    return kNotSupported;
}
Answer MessageVerifyFinal(Session&) { return kNotSupported; }

}  // namespace cs2sim::p11::functions
