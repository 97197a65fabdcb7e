#include "test/hostile/pkcs11_calls.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace cs2sim::test {
namespace {

constexpr CK_ULONG kOdd[] = {0,        1,          2,          7,          8,          16,
                             0x7FFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000, 0x80C00001, ~0UL};
constexpr CK_ULONG kBeyondReason[] = {1UL << 21, 1UL << 31, 1UL << 40, ~0UL - 7, ~0UL};

constexpr CK_ATTRIBUTE_TYPE kAttributes[] = {CKA_CLASS,
                                             CKA_TOKEN,
                                             CKA_PRIVATE,
                                             CKA_LABEL,
                                             CKA_VALUE,
                                             CKA_KEY_TYPE,
                                             CKA_ID,
                                             CKA_SENSITIVE,
                                             CKA_ENCRYPT,
                                             CKA_DECRYPT,
                                             CKA_WRAP,
                                             CKA_UNWRAP,
                                             CKA_SIGN,
                                             CKA_VERIFY,
                                             CKA_DERIVE,
                                             CKA_START_DATE,
                                             CKA_END_DATE,
                                             CKA_MODULUS,
                                             CKA_MODULUS_BITS,
                                             CKA_PUBLIC_EXPONENT,
                                             CKA_PRIVATE_EXPONENT,
                                             CKA_PRIME_1,
                                             CKA_VALUE_LEN,
                                             CKA_EXTRACTABLE,
                                             CKA_LOCAL,
                                             CKA_EC_PARAMS,
                                             CKA_EC_POINT,
                                             CKA_MODIFIABLE,
                                             CKA_ALWAYS_AUTHENTICATE,
                                             CKA_CHECK_VALUE,
                                             CKA_TRUSTED,
                                             CKA_SUBJECT,
                                             CKA_ALLOWED_MECHANISMS,
                                             CKA_UNIQUE_ID};

// Mechanisms whose parameter is a structure with pointers get it whole; the others take anything.
constexpr CK_MECHANISM_TYPE kMechanisms[] = {CKM_AES_KEY_GEN,     CKM_GENERIC_SECRET_KEY_GEN,
                                             CKM_EC_KEY_PAIR_GEN, CKM_AES_ECB,
                                             CKM_AES_CBC,         CKM_AES_CBC_PAD,
                                             CKM_AES_GCM,         CKM_AES_CCM,
                                             CKM_AES_CTR,         CKM_AES_CMAC,
                                             CKM_SHA256_HMAC,     CKM_SHA256,
                                             CKM_SHA512,          CKM_ECDSA,
                                             CKM_ECDSA_SHA256,    CKM_RSA_PKCS,
                                             CKM_RSA_PKCS_OAEP,   CKM_RSA_PKCS_PSS,
                                             CKM_AES_KEY_WRAP,    CKM_ECDH1_DERIVE,
                                             CKM_EDDSA,           CKM_DES3_CBC,
                                             CKM_RSA_X_509};

constexpr CK_BYTE kP256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};

template <class T, std::size_t N>
T pick(const T (&list)[N], std::uint8_t which) {
    return list[which % N];
}

}  // namespace

HostileCalls::~HostileCalls() {
    for (const CK_SESSION_HANDLE each : sessions_) C_CloseSession(each);
}

std::uint8_t HostileCalls::byte() {
    if (script_.empty()) return 0;
    const std::uint8_t value = script_[0];
    script_ = script_.subspan(1);
    return value;
}

std::uint64_t HostileCalls::number(unsigned bytes) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bytes; ++i) value = value << 8 | byte();
    return value;
}

CK_ULONG HostileCalls::any_number() {
    const std::uint8_t kind = byte();
    return kind < 200 ? pick(kOdd, kind) : number(4);
}

CK_SESSION_HANDLE HostileCalls::session() {
    const std::uint8_t which = byte();
    if (sessions_.empty() || which > 240) return which % 3 == 0 ? any_number() : 0;
    return sessions_[which % sessions_.size()];
}

CK_OBJECT_HANDLE HostileCalls::object() {
    const std::uint8_t which = byte();
    if (objects_.empty() || which > 230) return any_number();
    return objects_[which % objects_.size()];
}

CK_BYTE* HostileCalls::data() { return byte() % 16 == 0 ? nullptr : buffer_; }
CK_ULONG HostileCalls::true_length() {
    const std::uint8_t kind = byte();
    return kind < 128 ? kind % 65 : number(2) % (sizeof buffer_ + 1);
}
CK_BYTE* HostileCalls::out() { return byte() % 8 == 0 ? nullptr : out_; }
CK_ULONG* HostileCalls::out_length() {
    const std::uint8_t kind = byte();
    if (kind % 16 == 0) return nullptr;
    out_length_ = kind < 160 ? sizeof out_ : kind % 40;
    return &out_length_;
}

CK_MECHANISM* HostileCalls::mechanism() {
    const std::uint8_t kind = byte();
    if (kind == 255) return nullptr;
    mechanism_ = {kind < 240 ? pick(kMechanisms, kind) : any_number(), nullptr, 0};
    const auto put = [&](const auto& parameters) {
        std::memcpy(parameter_, &parameters, sizeof parameters);
        mechanism_.pParameter = parameter_;
        mechanism_.ulParameterLen = sizeof parameters;
    };
    const std::uint8_t form = byte();
    const auto length = [&] { return form % 4 == 0 ? pick(kBeyondReason, byte()) : true_length(); };
    CK_BYTE* const bytes = form % 8 == 1 ? nullptr : buffer_;
    switch (mechanism_.mechanism) {
        case CKM_AES_GCM:
            put(CK_GCM_PARAMS{bytes, length(), any_number(), bytes, length(), any_number()});
            break;
        case CKM_AES_CCM:
            put(CK_CCM_PARAMS{any_number(), bytes, length(), bytes, length(), any_number()});
            break;
        case CKM_RSA_PKCS_OAEP:
            put(CK_RSA_PKCS_OAEP_PARAMS{any_number(), any_number(), any_number(), bytes, length()});
            break;
        case CKM_RSA_PKCS_PSS:
            put(CK_RSA_PKCS_PSS_PARAMS{any_number(), any_number(), any_number()});
            break;
        case CKM_ECDH1_DERIVE:
            put(CK_ECDH1_DERIVE_PARAMS{any_number(), length(), bytes, length(), bytes});
            break;
        case CKM_AES_CBC:
        case CKM_AES_CBC_PAD:
        case CKM_DES3_CBC:
        case CKM_AES_CTR:
            mechanism_.pParameter = bytes;
            mechanism_.ulParameterLen = form % 2 == 0 ? 16 : length();
            break;
        default:  // at most 15 bytes: no structure with a pointer
            mechanism_.pParameter = form % 3 == 0 ? nullptr : buffer_;
            mechanism_.ulParameterLen = form % 5 == 0 ? form % 16 : 0;
    }
    return &mechanism_;
}

CK_ATTRIBUTE* HostileCalls::attributes(CK_ULONG& count) {
    template_.clear();
    const std::uint8_t kind = byte();
    if (kind == 255) {
        count = pick(kBeyondReason, byte());
        return byte() % 2 == 0 ? nullptr : template_.data();
    }
    for (unsigned i = 0; i < kind % 7u; ++i) {
        CK_ATTRIBUTE one{byte() < 240 ? pick(kAttributes, byte()) : any_number() & ~0x40000000UL, buffer_, 0};
        const std::uint8_t form = byte();
        one.ulValueLen = form < 80    ? 1
                         : form < 150 ? sizeof(CK_ULONG)
                         : form < 240 ? true_length()
                                      : pick(kBeyondReason, form);
        if (form % 16 == 1) one.pValue = nullptr;
        if (one.type == CKA_EC_PARAMS && form < 200) {
            one.pValue = const_cast<CK_BYTE*>(kP256);
            one.ulValueLen = sizeof kP256;
        }
        template_.push_back(one);
    }
    count = template_.size();
    return template_.data();
}

void HostileCalls::take(CK_RV rv, CK_OBJECT_HANDLE made) {
    if (rv == CKR_OK && made != CK_INVALID_HANDLE) objects_.push_back(made);
}

CK_RV HostileCalls::call_session() {
    CK_SESSION_HANDLE opened = 0;
    CK_SESSION_INFO info;
    CK_TOKEN_INFO token;
    CK_MECHANISM_INFO about;
    CK_UTF8CHAR pin[] = "123456";
    CK_RV rv = CKR_OK;
    switch (byte() % 10) {
        case 0:
        case 1:
            rv = C_OpenSession(any_number() % 4,
                               byte() % 8 == 0 ? any_number() : CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr,
                               nullptr, byte() % 16 == 0 ? nullptr : &opened);
            if (rv == CKR_OK) sessions_.push_back(opened);
            return rv;
        case 2:
            return C_CloseSession(byte() < 40 ? session() : 0);
        case 3:
        case 4:
            return C_Login(session(), byte() % 4 == 0 ? any_number() : CKU_USER, pin, 6);
        case 5:
            return byte() < 30 ? C_Logout(session()) : CKR_OK;
        case 6:
            return C_GetSessionInfo(session(), byte() % 8 == 0 ? nullptr : &info);
        case 7:
            return C_GetTokenInfo(any_number(), byte() % 8 == 0 ? nullptr : &token);
        case 8:
            return C_GetMechanismInfo(0, any_number(), byte() % 8 == 0 ? nullptr : &about);
        default:
            return C_SessionCancel(session(), any_number());
    }
}

CK_RV HostileCalls::call_object() {
    CK_ULONG count = 0, found = 0;
    CK_OBJECT_HANDLE made = 0, handles[16];
    const CK_SESSION_HANDLE in = session();
    CK_RV rv = CKR_OK;
    switch (byte() % 8) {
        case 0: {
            CK_ATTRIBUTE* const given = attributes(count);
            rv = C_CreateObject(in, given, count, byte() % 16 == 0 ? nullptr : &made);
            break;
        }
        case 1: {
            CK_ATTRIBUTE* const given = attributes(count);
            rv = C_CopyObject(in, object(), given, count, &made);
            break;
        }
        case 2:
            return byte() < 60 ? C_DestroyObject(in, object()) : CKR_OK;
        case 3: {
            // Values go into the buffer, which has so much room.
            CK_ATTRIBUTE* const asked = attributes(count);
            if (template_.empty()) count = 0;
            for (CK_ATTRIBUTE& each : template_) {
                if (each.pValue) each.pValue = out_;
                each.ulValueLen = std::min<CK_ULONG>(each.ulValueLen, sizeof out_);
            }
            return C_GetAttributeValue(in, object(), asked, count);
        }
        case 4: {
            CK_ATTRIBUTE* const given = attributes(count);
            return C_SetAttributeValue(in, object(), given, count);
        }
        case 5: {
            CK_ATTRIBUTE* const given = attributes(count);
            return C_FindObjectsInit(in, given, count);
        }
        case 6:
            rv = C_FindObjects(in, byte() % 8 == 0 ? nullptr : handles, byte() % 17,
                               byte() % 8 == 0 ? nullptr : &found);
            if (rv == CKR_OK)
                objects_.insert(objects_.end(), handles, handles + std::min<CK_ULONG>(found, 16));
            return rv;
        default:
            return C_FindObjectsFinal(in);
    }
    take(rv, made);
    return rv;
}

CK_RV HostileCalls::call_key() {
    CK_ULONG count = 0, more = 0;
    CK_OBJECT_HANDLE made = 0, other = 0;
    const CK_SESSION_HANDLE in = session();
    CK_MECHANISM* const by = mechanism();
    CK_RV rv = CKR_OK;
    switch (byte() % 6) {
        case 0:
        case 1: {
            CK_ATTRIBUTE* const given = attributes(count);
            rv = C_GenerateKey(in, by, given, count, byte() % 16 == 0 ? nullptr : &made);
            break;
        }
        case 2: {
            CK_ATTRIBUTE of_public[] = {{CKA_EC_PARAMS, const_cast<CK_BYTE*>(kP256), sizeof kP256}};
            CK_ATTRIBUTE* const given = attributes(more);
            rv = C_GenerateKeyPair(in, by, of_public, byte() % 4 == 0 ? 0 : 1, given, more, &made, &other);
            take(rv, other);
            break;
        }
        case 3:
            return C_WrapKey(in, by, object(), object(), out(), out_length());
        case 4: {
            CK_ATTRIBUTE* const given = attributes(count);
            CK_BYTE* const wrapped = data();
            rv = C_UnwrapKey(in, by, object(), wrapped, true_length(), given, count, &made);
            break;
        }
        default: {
            CK_ATTRIBUTE* const given = attributes(count);
            rv = C_DeriveKey(in, by, object(), given, count, byte() % 16 == 0 ? nullptr : &made);
        }
    }
    take(rv, made);
    return rv;
}

CK_RV HostileCalls::call_cipher() {
    const CK_SESSION_HANDLE in = session();
    const std::uint8_t what = byte() % 28;
    if (what < 6) {
        CK_MECHANISM* const by = mechanism();
        const CK_OBJECT_HANDLE key = object();
        CK_RV (*const begins[])
        (CK_SESSION_HANDLE, CK_MECHANISM*, CK_OBJECT_HANDLE) = {
            C_EncryptInit, C_DecryptInit, C_SignInit, C_VerifyInit, C_MessageEncryptInit, C_SignRecoverInit};
        return begins[what](in, by, key);
    }
    if (what < 8) return C_DigestInit(in, mechanism());
    CK_BYTE* const given = data();
    const CK_ULONG length = true_length();
    CK_BYTE* const result = out();
    CK_ULONG* const result_length = out_length();
    if (what < 20) {
        CK_RV (*const work[])
        (CK_SESSION_HANDLE, CK_BYTE*, CK_ULONG, CK_BYTE*, CK_ULONG*) = {C_Encrypt,
                                                                        C_EncryptUpdate,
                                                                        C_Decrypt,
                                                                        C_DecryptUpdate,
                                                                        C_Digest,
                                                                        C_Sign,
                                                                        C_SignRecover,
                                                                        C_VerifyRecover,
                                                                        C_DigestEncryptUpdate,
                                                                        C_DecryptDigestUpdate,
                                                                        C_SignEncryptUpdate,
                                                                        C_DecryptVerifyUpdate};
        return work[what - 8](in, given, length, result, result_length);
    }
    switch (what) {
        case 20:
            return C_Verify(in, given, length, given, length);
        case 21:
            return C_SignUpdate(in, given, length);
        case 22:
            return C_DigestUpdate(in, given, length);
        case 23:
            return C_EncryptFinal(in, result, result_length);
        case 24:
            return C_SignFinal(in, result, result_length);
        case 25:
            return C_GetOperationState(in, result, result_length);
        case 26:
            return C_SetOperationState(in, given, length, object(), object());
        default:
            return C_DigestKey(in, object());
    }
}

CK_RV HostileCalls::call() {
    const std::uint8_t group = byte();
    for (unsigned i = 0; i < 4; ++i) buffer_[byte()] = byte();
    if (sessions_.empty() || group < 40) return call_session();
    if (group < 110) return call_object();
    if (group < 170) return call_key();
    return call_cipher();
}

unsigned HostileCalls::run() {
    unsigned calls = 0;
    while (!script_.empty()) {
        if (call() >= kNoCkr) std::abort();
        ++calls;
    }
    return calls;
}

}  // namespace cs2sim::test
