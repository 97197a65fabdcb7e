// Calls of the library in one line, for tests that look at what comes out.
#pragma once

#include "test/unit/pkcs11/application.h"

namespace cs2sim {

// A mechanism with its parameter, as calls take it.
struct Given {
    CK_MECHANISM mechanism;
    explicit Given(CK_MECHANISM_TYPE type, void* parameter = nullptr, CK_ULONG length = 0)
        : mechanism{type, parameter, length} {}
    template <class Parameter>
    Given(CK_MECHANISM_TYPE type, Parameter& parameter) : mechanism{type, &parameter, sizeof parameter} {}
    operator CK_MECHANISM*() { return &mechanism; }
};

Code create(CK_SESSION_HANDLE session, Attributes attributes, CK_OBJECT_HANDLE* object);
Code set(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, Attributes changes);
Code copy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, Attributes changes, CK_OBJECT_HANDLE* made);
Code generate(CK_SESSION_HANDLE session, Given mechanism, Attributes attributes, CK_OBJECT_HANDLE* key);
Code wrap(CK_SESSION_HANDLE session, Given mechanism, CK_OBJECT_HANDLE wrapping, CK_OBJECT_HANDLE key,
          Bytes& out);
Code unwrap(CK_SESSION_HANDLE session, Given mechanism, CK_OBJECT_HANDLE unwrapping, ByteView wrapped,
            Attributes attributes, CK_OBJECT_HANDLE* key);
Code derive(CK_SESSION_HANDLE session, Given mechanism, CK_OBJECT_HANDLE base, Attributes attributes,
            CK_OBJECT_HANDLE* key);

// From …Init to the end; the first error that one of the calls gives.
Code sign(CK_SESSION_HANDLE session, Given mechanism, CK_OBJECT_HANDLE key, ByteView data, Bytes& out);
Code verify(CK_SESSION_HANDLE session, Given mechanism, CK_OBJECT_HANDLE key, ByteView data,
            ByteView signature);
Code encrypt(CK_SESSION_HANDLE session, Given mechanism, CK_OBJECT_HANDLE key, ByteView data, Bytes& out);
Code decrypt(CK_SESSION_HANDLE session, Given mechanism, CK_OBJECT_HANDLE key, ByteView data, Bytes& out);

// Templates.
Attributes secret_value(CK_KEY_TYPE type, ByteView value);  // of a session object that may be read and do all
Attributes readable(CK_KEY_TYPE type, CK_ULONG length = 0);  // of a key to be derived or unwrapped

}  // namespace cs2sim
