#include "test/unit/pkcs11/calls.h"

namespace cs2sim {
namespace {

CK_BYTE* bytes_of(ByteView view) { return const_cast<CK_BYTE*>(view.data()); }

// A call with output, asked for its length first.
template <class Call>
Code with_output(Call call, Bytes& out) {
    CK_ULONG length = 0;
    if (const CK_RV asked = call(nullptr, &length); asked != CKR_OK) return {asked};
    out.resize(length);
    const CK_RV done = call(out.data(), &length);
    if (done == CKR_OK) out.resize(length);
    return {done};
}

}  // namespace

Code create(CK_SESSION_HANDLE session, Attributes attributes, CK_OBJECT_HANDLE* object) {
    return {C_CreateObject(session, attributes.data(), attributes.size(), object)};
}
Code set(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, Attributes changes) {
    return {C_SetAttributeValue(session, object, changes.data(), changes.size())};
}
Code copy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, Attributes changes, CK_OBJECT_HANDLE* made) {
    return {C_CopyObject(session, object, changes.data(), changes.size(), made)};
}
Code generate(CK_SESSION_HANDLE session, Given mechanism, Attributes attributes, CK_OBJECT_HANDLE* key) {
    return {C_GenerateKey(session, mechanism, attributes.data(), attributes.size(), key)};
}
Code wrap(CK_SESSION_HANDLE session, Given mechanism, CK_OBJECT_HANDLE wrapping, CK_OBJECT_HANDLE key,
          Bytes& out) {
    return with_output(
        [&](CK_BYTE* to, CK_ULONG* length) {
            return C_WrapKey(session, mechanism, wrapping, key, to, length);
        },
        out);
}
Code unwrap(CK_SESSION_HANDLE session, Given mechanism, CK_OBJECT_HANDLE unwrapping, ByteView wrapped,
            Attributes attributes, CK_OBJECT_HANDLE* key) {
    return {C_UnwrapKey(session, mechanism, unwrapping, bytes_of(wrapped), wrapped.size(), attributes.data(),
                        attributes.size(), key)};
}
Code derive(CK_SESSION_HANDLE session, Given mechanism, CK_OBJECT_HANDLE base, Attributes attributes,
            CK_OBJECT_HANDLE* key) {
    return {C_DeriveKey(session, mechanism, base, attributes.data(), attributes.size(), key)};
}

Code sign(CK_SESSION_HANDLE session, Given mechanism, CK_OBJECT_HANDLE key, ByteView data, Bytes& out) {
    if (const CK_RV begun = C_SignInit(session, mechanism, key); begun != CKR_OK) return {begun};
    return with_output(
        [&](CK_BYTE* to, CK_ULONG* length) {
            return C_Sign(session, bytes_of(data), data.size(), to, length);
        },
        out);
}
Code verify(CK_SESSION_HANDLE session, Given mechanism, CK_OBJECT_HANDLE key, ByteView data,
            ByteView signature) {
    if (const CK_RV begun = C_VerifyInit(session, mechanism, key); begun != CKR_OK) return {begun};
    return {C_Verify(session, bytes_of(data), data.size(), bytes_of(signature), signature.size())};
}
Code encrypt(CK_SESSION_HANDLE session, Given mechanism, CK_OBJECT_HANDLE key, ByteView data, Bytes& out) {
    if (const CK_RV begun = C_EncryptInit(session, mechanism, key); begun != CKR_OK) return {begun};
    return with_output(
        [&](CK_BYTE* to, CK_ULONG* length) {
            return C_Encrypt(session, bytes_of(data), data.size(), to, length);
        },
        out);
}
Code decrypt(CK_SESSION_HANDLE session, Given mechanism, CK_OBJECT_HANDLE key, ByteView data, Bytes& out) {
    if (const CK_RV begun = C_DecryptInit(session, mechanism, key); begun != CKR_OK) return {begun};
    return with_output(
        [&](CK_BYTE* to, CK_ULONG* length) {
            return C_Decrypt(session, bytes_of(data), data.size(), to, length);
        },
        out);
}

Attributes secret_value(CK_KEY_TYPE type, ByteView value) {
    Attributes attributes = readable(type);
    for (const CK_ATTRIBUTE_TYPE usage :
         {CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY, CKA_WRAP, CKA_UNWRAP, CKA_DERIVE})
        attributes.flag(usage, true);
    return attributes.bytes(CKA_VALUE, value);
}

Attributes readable(CK_KEY_TYPE type, CK_ULONG length) {
    Attributes attributes;
    attributes.number(CKA_CLASS, CKO_SECRET_KEY)
        .number(CKA_KEY_TYPE, type)
        .flag(CKA_SENSITIVE, false)
        .flag(CKA_EXTRACTABLE, true);
    if (length != 0) attributes.number(CKA_VALUE_LEN, length);
    return attributes;
}

}  // namespace cs2sim
