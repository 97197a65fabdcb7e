// Test: whether the token does its work, with keys that last as long as the session.
#include <algorithm>
#include <array>

#include "tools/p11tool2/commands.h"
#include "tools/session/print.h"

namespace cs2sim::tools::p11 {
namespace {

using Functions = CK_FUNCTION_LIST;

CK_BYTE data[] = "what p11tool2 signs, encrypts and digests";
constexpr CK_ULONG kLength = sizeof data - 1;

// Encrypted, decrypted, and the same again.
CK_RV test_aes(const Functions& p11, CK_SESSION_HANDLE session) {
    CK_ULONG length = 32;
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_ATTRIBUTE attributes[] = {{CKA_VALUE_LEN, &length, sizeof length},
                                 {CKA_TOKEN, &no, sizeof no},
                                 {CKA_ENCRYPT, &yes, sizeof yes},
                                 {CKA_DECRYPT, &yes, sizeof yes}};
    CK_MECHANISM make{CKM_AES_KEY_GEN, nullptr, 0};
    std::array<CK_BYTE, 16> iv{};
    CK_MECHANISM crypt{CKM_AES_CBC_PAD, iv.data(), iv.size()};
    CK_OBJECT_HANDLE key = 0;
    std::array<CK_BYTE, 128> secret{}, plain{};
    CK_ULONG secret_length = secret.size(), plain_length = plain.size();
    CK_RV rv = p11.C_GenerateKey(session, &make, attributes, std::size(attributes), &key);
    if (rv == CKR_OK) rv = p11.C_EncryptInit(session, &crypt, key);
    if (rv == CKR_OK) rv = p11.C_Encrypt(session, data, kLength, secret.data(), &secret_length);
    if (rv == CKR_OK) rv = p11.C_DecryptInit(session, &crypt, key);
    if (rv == CKR_OK) rv = p11.C_Decrypt(session, secret.data(), secret_length, plain.data(), &plain_length);
    if (rv == CKR_OK && !std::equal(data, data + kLength, plain.data(), plain.data() + plain_length))
        rv = CKR_FUNCTION_FAILED;
    if (key != CK_INVALID_HANDLE) p11.C_DestroyObject(session, key);
    return rv;
}

// A key pair for the session; signed and verified.
CK_RV test_pair(const Functions& p11, CK_SESSION_HANDLE session, CK_MECHANISM_TYPE make_type,
                CK_MECHANISM_TYPE sign_type, CK_ATTRIBUTE of_public) {
    CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE publics[] = {of_public, {CKA_TOKEN, &no, sizeof no}};
    CK_ATTRIBUTE privates[] = {{CKA_TOKEN, &no, sizeof no}};
    CK_MECHANISM make{make_type, nullptr, 0}, sign{sign_type, nullptr, 0};
    CK_OBJECT_HANDLE public_key = 0, private_key = 0;
    std::array<CK_BYTE, 512> signature{};
    CK_ULONG length = signature.size();
    CK_RV rv = p11.C_GenerateKeyPair(session, &make, publics, std::size(publics), privates,
                                     std::size(privates), &public_key, &private_key);
    if (rv == CKR_OK) rv = p11.C_SignInit(session, &sign, private_key);
    if (rv == CKR_OK) rv = p11.C_Sign(session, data, kLength, signature.data(), &length);
    if (rv == CKR_OK) rv = p11.C_VerifyInit(session, &sign, public_key);
    if (rv == CKR_OK) rv = p11.C_Verify(session, data, kLength, signature.data(), length);
    for (const CK_OBJECT_HANDLE key : {public_key, private_key})
        if (key != CK_INVALID_HANDLE) p11.C_DestroyObject(session, key);
    return rv;
}

CK_RV test_rsa(const Functions& p11, CK_SESSION_HANDLE session) {
    CK_ULONG bits = 2048;
    return test_pair(p11, session, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_SHA256_RSA_PKCS,
                     {CKA_MODULUS_BITS, &bits, sizeof bits});
}

CK_RV test_ec(const Functions& p11, CK_SESSION_HANDLE session) {
    CK_BYTE p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
    return test_pair(p11, session, CKM_EC_KEY_PAIR_GEN, CKM_ECDSA_SHA256, {CKA_EC_PARAMS, p256, sizeof p256});
}

CK_RV test_digest(const Functions& p11, CK_SESSION_HANDLE session) {
    CK_MECHANISM mechanism{CKM_SHA256, nullptr, 0};
    std::array<CK_BYTE, 32> digest{};
    CK_ULONG length = digest.size();
    CK_RV rv = p11.C_DigestInit(session, &mechanism);
    if (rv == CKR_OK) rv = p11.C_Digest(session, data, kLength, digest.data(), &length);
    return rv;
}

CK_RV test_random(const Functions& p11, CK_SESSION_HANDLE session) {
    std::array<CK_BYTE, 32> first{}, second{};
    CK_RV rv = p11.C_GenerateRandom(session, first.data(), first.size());
    if (rv == CKR_OK) rv = p11.C_GenerateRandom(session, second.data(), second.size());
    if (rv == CKR_OK && first == second) rv = CKR_FUNCTION_FAILED;
    return rv;
}

struct Part {
    const char* name;
    CK_RV (*run)(const Functions&, CK_SESSION_HANDLE);
};
constexpr Part kParts[] = {
    {"random", test_random},     {"digest SHA-256", test_digest}, {"AES-256 CBC", test_aes},
    {"RSA-2048 sign", test_rsa}, {"EC P-256 sign", test_ec},
};

// One line a part; the first failure stops.
Result<void> test(Shell& shell, const std::string&) {
    CS2SIM_TRY_LET(session, shell.session());
    const auto functions = shell.functions();
    for (const Part& part : kParts) {
        CS2SIM_TRY(shell.check(part.run(**functions, session)));
        print("%-15s: ok\n", part.name);
    }
    return {};
}

constexpr TokenCommand kCommands[] = {
    {"Test", "Test", "whether the token does its work, with keys of the session", true, Takes::nothing, test},
};

}  // namespace

const std::span<const TokenCommand> kTestCommands = kCommands;

}  // namespace cs2sim::tools::p11
