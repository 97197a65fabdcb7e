#include "host-lib/pkcs11/key_use.h"

#include "firmware/crypto/digest.h"
#include "host-lib/pkcs11/attributes.h"
#include "host-lib/pkcs11/config_objects.h"
#include "host-lib/pkcs11/external_objects.h"
#include "host-lib/pkcs11/token_time.h"

namespace cs2sim::p11 {

const UseRow kEncrypt{CKA_ENCRYPT, CKF_ENCRYPT, CLASS_PUBLIC | CLASS_SECRET, CKR_KEY_HANDLE_INVALID,
                      CKR_KEY_TYPE_INCONSISTENT};
const UseRow kDecrypt{CKA_DECRYPT, CKF_DECRYPT, CLASS_PRIVATE | CLASS_SECRET, CKR_KEY_HANDLE_INVALID,
                      CKR_KEY_TYPE_INCONSISTENT};
const UseRow kSign{CKA_SIGN, CKF_SIGN, CLASS_PRIVATE | CLASS_SECRET, CKR_KEY_HANDLE_INVALID,
                   CKR_KEY_TYPE_INCONSISTENT};
const UseRow kVerify{CKA_VERIFY, CKF_VERIFY, CLASS_PUBLIC | CLASS_SECRET, CKR_KEY_HANDLE_INVALID,
                     CKR_KEY_TYPE_INCONSISTENT};
const UseRow kSignRecover{CKA_SIGN_RECOVER, CKF_SIGN_RECOVER, CLASS_PRIVATE, CKR_KEY_HANDLE_INVALID,
                          CKR_KEY_TYPE_INCONSISTENT};
const UseRow kVerifyRecover{CKA_VERIFY_RECOVER, CKF_VERIFY_RECOVER, CLASS_PUBLIC, CKR_KEY_HANDLE_INVALID,
                            CKR_KEY_TYPE_INCONSISTENT};
const UseRow kWrap{CKA_WRAP, CKF_WRAP, CLASS_PUBLIC | CLASS_SECRET, CKR_WRAPPING_KEY_HANDLE_INVALID,
                   CKR_WRAPPING_KEY_TYPE_INCONSISTENT};
const UseRow kUnwrap{CKA_UNWRAP, CKF_UNWRAP, CLASS_PRIVATE | CLASS_SECRET, CKR_UNWRAPPING_KEY_HANDLE_INVALID,
                     CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT};
const UseRow kDerive{CKA_DERIVE, CKF_DERIVE, CLASS_PRIVATE | CLASS_SECRET, CKR_KEY_HANDLE_INVALID,
                     CKR_KEY_TYPE_INCONSISTENT};

namespace {

bool allows(const Object& key, CK_MECHANISM_TYPE mechanism) {
    ByteView list = key.properties.bytes(find_attribute(CKA_ALLOWED_MECHANISMS)->property);
    if (list.empty()) return true;
    for (; list.size() >= 8; list = list.subspan(8))
        if (big_endian(list.first(8)) == mechanism) return true;
    return false;
}

// START_DATE and END_DATE, where the slot's CFG_CHECK_VALIDITY_PERIOD says so; by the device's clock.
Answer check_dates(Session& session, const Object& key) {
    const auto date = [&](CK_ATTRIBUTE_TYPE type) {
        return as_text(key.properties.bytes(find_attribute(type)->property));
    };
    const std::string_view start = date(CKA_START_DATE), end = date(CKA_END_DATE);
    if (start.empty() && end.empty()) return {};
    CS2SIM_TRY_LET(checks, slot_setting(session, CXI_PROP_CFG_CHECK_VALIDITY_PERIOD, 0));
    if (checks == 0) return {};
    CS2SIM_TRY_LET(now, token_time(session.token));
    const std::string_view today = std::string_view(now).substr(0, sizeof(CK_DATE));
    if ((!start.empty() && today < start) || (!end.empty() && today > end))
        return fail(CKR_KEY_FUNCTION_NOT_PERMITTED);
    return {};
}

}  // namespace

Result<SharedObject> key_for(Session& session, const UseRow& use, CK_OBJECT_HANDLE handle,
                             const MechanismRow& mechanism) {
    CS2SIM_TRY_LET(found, object_in_use(session, handle, use.bad_handle));
    const SharedObject& key = found;
    const std::uint8_t bit = class_bit(class_of(key->properties));
    if ((bit & use.classes) == 0 || !takes(mechanism.keys, key_type_of(key->properties)))
        return fail(static_cast<std::uint32_t>(use.bad_type));
    const auto allowed = attribute_value(key->properties, *find_attribute(use.attribute), true);
    if (!allowed || allowed->at(0) == CK_FALSE) return fail(CKR_KEY_FUNCTION_NOT_PERMITTED);
    if (!allows(*key, mechanism.type)) return fail(CKR_MECHANISM_INVALID);
    CS2SIM_TRY(check_dates(session, *key));
    return key;
}

Answer begin(Session& session, Slot slot, const UseRow& use, const CK_MECHANISM* mechanism,
             CK_OBJECT_HANDLE handle) {
    Operation& operation = session.operation(slot);
    if (!mechanism) {
        if (!operation.active()) return fail(CKR_ARGUMENTS_BAD);
        operation.end();
        return {};
    }
    if (operation.active()) return fail(CKR_OPERATION_ACTIVE);
    CS2SIM_TRY_LET(prepared, prepare(*session.token.profile(), mechanism, use.flag));
    CS2SIM_TRY_LET(key, key_for(session, use, handle, *prepared.row));
    Operation begun;
    if (prepared.row->work == Work::hash_signature) {
        begun.hash.reset(EVP_MD_CTX_new());
        if (!begun.hash ||
            EVP_DigestInit_ex2(begun.hash.get(), digest_method(hash_of(prepared.cxi)->name), nullptr) != 1)
            return fail(CKR_HOST_MEMORY);
    }
    // "The user has to supply the PIN for each use (sign or decrypt)": C_Login(CKU_CONTEXT_SPECIFIC) between
    // …Init and the work (PKCS#11 3.0, section 4.9). C_UnwrapKey, C_DeriveKey and C_WrapKey are one call,
    // with no operation that somebody could be authenticated for, and ask for none; SENSITIVE, EXTRACTABLE
    // and the usages guard what they make.
    begun.authenticated = !key->properties.flag_or(CXI_PROP_ALWAYS_AUTHENTICATE, false) ||
                          class_of(key->properties) != CKO_PRIVATE_KEY;
    begun.compares = slot == Slot::verify;
    begun.prepared = std::move(prepared);
    begun.key = std::move(key);
    operation = std::move(begun);
    return {};
}

Result<Operation*> active(Session& session, Slot slot, bool whole) {
    Operation& operation = session.operation(slot);
    if (!operation.active() || operation.message) return fail(CKR_OPERATION_NOT_INITIALIZED);
    if (!operation.authenticated) {
        operation.end();
        return fail(CKR_USER_NOT_LOGGED_IN);
    }
    if (whole && operation.updating) {
        operation.end();
        return fail(CKR_OPERATION_ACTIVE);
    }
    return &operation;
}

std::size_t key_bytes(const Object& key) {
    const CK_KEY_TYPE type = key_type_of(key.properties);
    if (type == CKK_AES) return 16;
    if (type == CKK_DES2 || type == CKK_DES3) return 8;
    if (type == CKK_EC_EDWARDS) return 32;
    return (key.properties.number_or(CXI_PROP_KEY_SIZE, 0) + 7) / 8;
}

}  // namespace cs2sim::p11
