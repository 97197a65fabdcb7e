// A key and a mechanism brought together: what …Init checks, all from what is known here.
#pragma once

#include "host-lib/pkcs11/library.h"

namespace cs2sim::p11 {

// What a key may be used for: the attribute that allows it, the flag of mechanisms, the classes of keys.
struct UseRow {
    CK_ATTRIBUTE_TYPE attribute;
    CK_FLAGS flag;
    std::uint8_t classes;
    CK_RV bad_handle, bad_type;
};
extern const UseRow kEncrypt, kDecrypt, kSign, kVerify, kSignRecover, kVerifyRecover, kWrap, kUnwrap, kDerive;

// A key that may be used so. Errors: the row's bad_handle and bad_type, CKR_KEY_FUNCTION_NOT_PERMITTED,
// CKR_MECHANISM_INVALID when ALLOWED_MECHANISMS leaves it out.
Result<SharedObject> key_for(Session& session, const UseRow& use, CK_OBJECT_HANDLE handle,
                             const MechanismRow& mechanism);

// Begins an operation. A null mechanism ends the active one (PKCS#11 3.0, section 5.8.1).
// Errors: CKR_OPERATION_ACTIVE, those of prepare() and key_for().
Answer begin(Session& session, Slot slot, const UseRow& use, const CK_MECHANISM* mechanism,
             CK_OBJECT_HANDLE key);

// The active operation. Errors: CKR_OPERATION_NOT_INITIALIZED, CKR_USER_NOT_LOGGED_IN (CONTEXT_SPECIFIC is
// due); `whole`: CKR_OPERATION_ACTIVE when there were updates before.
Result<Operation*> active(Session& session, Slot slot, bool whole);

// Bytes that a key's algorithm works with: modulus, block, half of a signature.
std::size_t key_bytes(const Object& key);

}  // namespace cs2sim::p11
