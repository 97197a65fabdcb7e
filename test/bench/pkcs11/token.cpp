#include "test/bench/pkcs11/token.h"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "test/bench/main/program.h"

namespace cs2sim::bench {
namespace {

CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

}  // namespace

void Token::good(CK_RV code, const char* what) const {
    if (code == CKR_OK) return;
    std::fprintf(stderr, "%s: %s: %08lX\n", name_.c_str(), what, code);
    std::_Exit(1);
}

Token::Token(const Subject& subject) : name_(subject.name) {
    ::setenv(subject.variable.c_str(), subject.config.c_str(), 1);
    void* library = ::dlopen(subject.library.c_str(), RTLD_NOW | RTLD_LOCAL);
    auto* get = library
                    ? reinterpret_cast<CK_RV (*)(CK_FUNCTION_LIST**)>(::dlsym(library, "C_GetFunctionList"))
                    : nullptr;
    if (!get || get(&functions_) != CKR_OK) good(CKR_FUNCTION_FAILED, "dlopen");
    const double begin = seconds();
    CK_C_INITIALIZE_ARGS arguments{};
    arguments.flags = CKF_OS_LOCKING_OK;
    good(functions_->C_Initialize(&arguments), "C_Initialize");
    CK_SLOT_ID slots[16];
    CK_ULONG count = std::size(slots);
    good(functions_->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
    slot_ = slots[0];  // SoftHSM2 has one more, without a token
    session_ = open_session();
    start_seconds_ = seconds() - begin;
    std::string pin = subject.pin;
    good(functions_->C_Login(session_, CKU_USER, reinterpret_cast<CK_UTF8CHAR*>(pin.data()), pin.size()),
         "C_Login");
}

Token::~Token() { functions_->C_Finalize(nullptr); }

CK_SESSION_HANDLE Token::open_session() const {
    CK_SESSION_HANDLE session = 0;
    good(functions_->C_OpenSession(slot_, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session),
         "C_OpenSession");
    return session;
}

CK_OBJECT_HANDLE Token::make_aes(CK_SESSION_HANDLE session, bool token, const std::string& label) const {
    CK_ULONG size = 32;
    CK_ATTRIBUTE attributes[] = {{CKA_VALUE_LEN, &size, sizeof size},
                                 {CKA_TOKEN, token ? &yes : &no, 1},
                                 {CKA_ENCRYPT, &yes, 1},
                                 {CKA_LABEL, const_cast<char*>(label.data()), label.size()}};
    CK_MECHANISM mechanism{CKM_AES_KEY_GEN, nullptr, 0};
    CK_OBJECT_HANDLE key = 0;
    good(functions_->C_GenerateKey(session, &mechanism, attributes, label.empty() ? 3 : 4, &key),
         "C_GenerateKey");
    return key;
}

CK_OBJECT_HANDLE Token::make_pair(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type,
                                  CK_ATTRIBUTE parameter) const {
    CK_ATTRIBUTE publics[] = {parameter, {CKA_TOKEN, &no, 1}};
    CK_ATTRIBUTE privates[] = {{CKA_TOKEN, &no, 1}, {CKA_SIGN, &yes, 1}};
    CK_MECHANISM mechanism{type, nullptr, 0};
    CK_OBJECT_HANDLE public_key = 0, private_key = 0;
    good(functions_->C_GenerateKeyPair(session, &mechanism, publics, 2, privates, 2, &public_key,
                                       &private_key),
         "C_GenerateKeyPair");
    return private_key;
}
CK_OBJECT_HANDLE Token::make_rsa(CK_SESSION_HANDLE session) const {
    CK_ULONG bits = 2048;
    return make_pair(session, CKM_RSA_PKCS_KEY_PAIR_GEN, {CKA_MODULUS_BITS, &bits, sizeof bits});
}
CK_OBJECT_HANDLE Token::make_p256(CK_SESSION_HANDLE session) const {
    CK_BYTE p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
    return make_pair(session, CKM_EC_KEY_PAIR_GEN, {CKA_EC_PARAMS, p256, sizeof p256});
}

void Token::destroy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object) const {
    good(functions_->C_DestroyObject(session, object), "C_DestroyObject");
}

void Token::sign(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key) const {
    CK_MECHANISM mechanism{type, nullptr, 0};
    CK_BYTE data[32] = {1}, out[256];
    CK_ULONG length = sizeof out;
    good(functions_->C_SignInit(session, &mechanism, key), "C_SignInit");
    good(functions_->C_Sign(session, data, sizeof data, out, &length), "C_Sign");
}

void Token::encrypt_gcm(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, std::size_t length) const {
    CK_BYTE nonce[12] = {};
    CK_GCM_PARAMS parameters{nonce, sizeof nonce, 96, nullptr, 0, 128};
    CK_MECHANISM mechanism{CKM_AES_GCM, &parameters, sizeof parameters};
    thread_local std::vector<CK_BYTE> data, out;
    data.resize(length);
    out.resize(length + 16);
    CK_ULONG out_length = out.size();
    good(functions_->C_EncryptInit(session, &mechanism, key), "C_EncryptInit");
    good(functions_->C_Encrypt(session, data.data(), data.size(), out.data(), &out_length), "C_Encrypt");
}

void Token::find(CK_SESSION_HANDLE session, const std::string& label) const {
    CK_ATTRIBUTE wanted{CKA_LABEL, const_cast<char*>(label.data()), label.size()};
    CK_OBJECT_HANDLE found[2];
    CK_ULONG count = 0;
    good(functions_->C_FindObjectsInit(session, &wanted, 1), "C_FindObjectsInit");
    good(functions_->C_FindObjects(session, found, 2, &count), "C_FindObjects");
    good(functions_->C_FindObjectsFinal(session), "C_FindObjectsFinal");
    if (count != 1) good(CKR_FUNCTION_FAILED, "one object of that label");
}

}  // namespace cs2sim::bench
