#include "test/bench/cxi/softhsm.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

#ifdef CS2SIM_PKCS11
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#endif

namespace cs2sim::bench {

#ifdef CS2SIM_PKCS11

namespace {

constexpr const char* kLibrary = "/usr/lib/softhsm/libsofthsm2.so";
std::string pin = "1234";

CK_FUNCTION_LIST* functions() {
    static CK_FUNCTION_LIST* const list = [] {
        CK_FUNCTION_LIST* found = nullptr;
        void* library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
        auto* get =
            library ? reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList")) : nullptr;
        if (get) get(&found);
        return found;
    }();
    return list;
}

void good(CK_RV code, const char* what) {
    if (code == CKR_OK) return;
    std::fprintf(stderr, "SoftHSM2: %s: %08lX\n", what, code);
    std::exit(1);
}

// Beside the token there is a slot for the next one.
bool find_token(CK_SLOT_ID& slot) {
    CK_C_INITIALIZE_ARGS arguments{};
    good(functions()->C_Initialize(&arguments), "C_Initialize");
    CK_SLOT_ID slots[16];
    CK_ULONG count = std::size(slots);
    good(functions()->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
    for (CK_ULONG i = 0; i < count; ++i) {
        CK_TOKEN_INFO token{};
        slot = slots[i];
        if (functions()->C_GetTokenInfo(slot, &token) == CKR_OK && (token.flags & CKF_TOKEN_INITIALIZED) != 0)
            return true;
    }
    return false;
}

bool log_on(CK_SESSION_HANDLE& session) {
    CK_SLOT_ID slot = 0;
    return find_token(slot) &&
           functions()->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr,
                                      &session) == CKR_OK &&
           functions()->C_Login(session, CKU_USER, reinterpret_cast<CK_UTF8CHAR*>(pin.data()), pin.size()) ==
               CKR_OK;
}

CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

}  // namespace

bool softhsm_present() { return functions() != nullptr; }

void softhsm_prepare(const std::filesystem::path& folder) {
    std::filesystem::create_directories(folder / "tokens");
    std::ofstream(folder / "softhsm2.conf") << "directories.tokendir = " << (folder / "tokens").string()
                                            << "\nobjectstore.backend = file\nlog.level = ERROR\n";
    ::setenv("SOFTHSM2_CONF", (folder / "softhsm2.conf").c_str(), 1);
    if (std::system("softhsm2-util --init-token --free --label bench --so-pin 12345678 --pin 1234 "
                    ">/dev/null 2>&1") != 0)
        std::exit(1);
}

SoftHsm::SoftHsm() {
    // Several processes that begin at the same time do not always see the token at first.
    for (int tries = 0; !log_on(session_); ++tries) {
        if (tries == 100) good(CKR_TOKEN_NOT_PRESENT, "token");
        functions()->C_Finalize(nullptr);
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

void SoftHsm::make_aes_key(const std::string& label) {
    CK_MECHANISM mechanism{CKM_AES_KEY_GEN, nullptr, 0};
    CK_ULONG size = 32;
    CK_ATTRIBUTE attributes[] = {{CKA_TOKEN, &yes, 1},
                                 {CKA_LABEL, const_cast<char*>(label.data()), label.size()},
                                 {CKA_VALUE_LEN, &size, sizeof size}};
    CK_OBJECT_HANDLE key = 0;
    good(functions()->C_GenerateKey(session_, &mechanism, attributes, std::size(attributes), &key),
         "C_GenerateKey");
}

void SoftHsm::use_aes_key() {
    CK_MECHANISM mechanism{CKM_AES_KEY_GEN, nullptr, 0};
    CK_ULONG size = 32;
    CK_ATTRIBUTE attributes[] = {
        {CKA_TOKEN, &no, 1}, {CKA_ENCRYPT, &yes, 1}, {CKA_VALUE_LEN, &size, sizeof size}};
    good(functions()->C_GenerateKey(session_, &mechanism, attributes, std::size(attributes), &aes_),
         "C_GenerateKey");
}

void SoftHsm::use_rsa_key() {
    CK_MECHANISM mechanism{CKM_RSA_PKCS_KEY_PAIR_GEN, nullptr, 0};
    CK_ULONG bits = 2048;
    CK_ATTRIBUTE of_public[] = {{CKA_TOKEN, &no, 1}, {CKA_MODULUS_BITS, &bits, sizeof bits}};
    CK_ATTRIBUTE of_private[] = {{CKA_TOKEN, &no, 1}, {CKA_SIGN, &yes, 1}};
    CK_OBJECT_HANDLE unused = 0;
    good(functions()->C_GenerateKeyPair(session_, &mechanism, of_public, std::size(of_public), of_private,
                                        std::size(of_private), &unused, &rsa_),
         "C_GenerateKeyPair");
}

void SoftHsm::encrypt(ByteView data) {
    CK_BYTE nonce[12] = {};
    CK_GCM_PARAMS parameters{};
    parameters.pIv = nonce;
    parameters.ulIvLen = sizeof nonce;
    parameters.ulIvBits = 96;
    parameters.ulTagBits = 128;
    CK_MECHANISM mechanism{CKM_AES_GCM, &parameters, sizeof parameters};
    good(functions()->C_EncryptInit(session_, &mechanism, aes_), "C_EncryptInit");
    out_.resize(data.size() + 16);
    CK_ULONG size = out_.size();
    good(functions()->C_Encrypt(session_, const_cast<CK_BYTE*>(data.data()), data.size(), out_.data(), &size),
         "C_Encrypt");
}

void SoftHsm::sign(ByteView digest_info) {
    CK_MECHANISM mechanism{CKM_RSA_PKCS, nullptr, 0};
    good(functions()->C_SignInit(session_, &mechanism, rsa_), "C_SignInit");
    out_.resize(256);
    CK_ULONG size = out_.size();
    good(functions()->C_Sign(session_, const_cast<CK_BYTE*>(digest_info.data()), digest_info.size(),
                             out_.data(), &size),
         "C_Sign");
}

void SoftHsm::find(const std::string& label) {
    CK_ATTRIBUTE wanted[] = {{CKA_LABEL, const_cast<char*>(label.data()), label.size()}};
    good(functions()->C_FindObjectsInit(session_, wanted, std::size(wanted)), "C_FindObjectsInit");
    CK_OBJECT_HANDLE found[2];
    CK_ULONG count = 0;
    good(functions()->C_FindObjects(session_, found, std::size(found), &count), "C_FindObjects");
    good(functions()->C_FindObjectsFinal(session_), "C_FindObjectsFinal");
    if (count != 1) good(CKR_GENERAL_ERROR, "one object of that label");
}

#else

bool softhsm_present() { return false; }
void softhsm_prepare(const std::filesystem::path&) {}
SoftHsm::SoftHsm() { std::exit(1); }
void SoftHsm::make_aes_key(const std::string&) {}
void SoftHsm::use_aes_key() {}
void SoftHsm::use_rsa_key() {}
void SoftHsm::encrypt(ByteView) {}
void SoftHsm::sign(ByteView) {}
void SoftHsm::find(const std::string&) {}

#endif

}  // namespace cs2sim::bench
