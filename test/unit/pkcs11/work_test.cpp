// Signatures, ciphers and digests: results, buffers, order of calls (issue's P15 to P19).
#include "firmware/crypto/digest.h"
#include "test/bad_input.h"
#include "test/unit/pkcs11/calls.h"

using namespace cs2sim;

namespace {

CK_BYTE data[] = {'s', 'o', 'm', 'e', ' ', 'd', 'a', 't', 'a'};

Attributes aes() {
    return Attributes().number(CKA_VALUE_LEN, 32).flag(CKA_WRAP, true).flag(CKA_UNWRAP, true);
}

}  // namespace

TEST_CASE("signatures of every RSA and EC mechanism verify, and altered data does not") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const auto rsa = application.rsa_pair(session), ec = application.p256_pair(session);
    CK_RSA_PKCS_PSS_PARAMS pss{CKM_SHA256, CKG_MGF1_SHA256, 32}, short_salt{CKM_SHA256, CKG_MGF1_SHA256, 20};
    struct Row {
        CK_MECHANISM mechanism;
        Application::Pair pair;
        CK_ULONG size;
    };
    const Row rows[] = {
        {{CKM_RSA_PKCS, nullptr, 0}, rsa, 256},
        {{CKM_SHA1_RSA_PKCS, nullptr, 0}, rsa, 256},
        {{CKM_SHA256_RSA_PKCS, nullptr, 0}, rsa, 256},
        {{CKM_SHA3_512_RSA_PKCS, nullptr, 0}, rsa, 256},
        {{CKM_SHA256_RSA_PKCS_PSS, &pss, sizeof pss}, rsa, 256},
        {{CKM_SHA256_RSA_PKCS_PSS, &short_salt, sizeof short_salt}, rsa, 256},
        {{CKM_ECDSA, nullptr, 0}, ec, 64},
        {{CKM_ECDSA_SHA256, nullptr, 0}, ec, 64},
        {{CKM_ECDSA_SHA3_384, nullptr, 0}, ec, 64},
    };
    for (Row row : rows) {
        INFO(p11::constant_name("CKM", row.mechanism.mechanism));
        CK_BYTE signature[512], short_buffer[8];
        REQUIRE(Code{C_SignInit(session, &row.mechanism, row.pair.of_private)} == Code{CKR_OK});
        CHECK(Code{C_SignInit(session, &row.mechanism, row.pair.of_private)} == Code{CKR_OPERATION_ACTIVE});
        CK_ULONG length = 0;
        CHECK(Code{C_Sign(session, data, sizeof data, nullptr, &length)} == Code{CKR_OK});
        CHECK(length == row.size);
        length = sizeof short_buffer;
        CHECK(Code{C_Sign(session, data, sizeof data, short_buffer, &length)} == Code{CKR_BUFFER_TOO_SMALL});
        CHECK(length == row.size);
        length = sizeof signature;
        REQUIRE(Code{C_Sign(session, data, sizeof data, signature, &length)} == Code{CKR_OK});
        CHECK(length == row.size);
        CHECK(Code{C_Sign(session, data, sizeof data, signature, &length)} ==
              Code{CKR_OPERATION_NOT_INITIALIZED});
        const auto verify = [&](CK_ULONG size) {
            REQUIRE(Code{C_VerifyInit(session, &row.mechanism, row.pair.of_public)} == Code{CKR_OK});
            return Code{C_Verify(session, data, sizeof data, signature, size)};
        };
        CHECK(verify(length) == Code{CKR_OK});
        CHECK(verify(length - 1) == Code{CKR_SIGNATURE_LEN_RANGE});
        signature[20] ^= 1;
        CHECK(verify(length) == Code{CKR_SIGNATURE_INVALID});
    }
    test::bad_input("calls of PKCS#11 that had to fail", 5 * std::size(rows));
}

TEST_CASE("what …Init refuses of keys and mechanisms") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const auto rsa = application.rsa_pair(session), ec = application.p256_pair(session);
    CHECK(Code{C_SignInit(session, Given(CKM_ECDSA), rsa.of_private)} == Code{CKR_KEY_TYPE_INCONSISTENT});
    CHECK(Code{C_SignInit(session, Given(CKM_RSA_PKCS), rsa.of_public)} == Code{CKR_KEY_TYPE_INCONSISTENT});
    CHECK(Code{C_SignInit(session, Given(CKM_RSA_PKCS), 99999)} == Code{CKR_KEY_HANDLE_INVALID});
    CHECK(Code{C_SignInit(session, Given(CKM_AES_CBC), rsa.of_private)} == Code{CKR_MECHANISM_INVALID});
    CHECK(Code{C_SignInit(session, Given(0x7777), rsa.of_private)} == Code{CKR_MECHANISM_INVALID});
    CHECK(Code{C_SignInit(session, nullptr, rsa.of_private)} == Code{CKR_ARGUMENTS_BAD});
    CHECK(Code{C_SignInit(session, Given(CKM_RSA_PKCS_PSS), rsa.of_private)} ==
          Code{CKR_MECHANISM_PARAM_INVALID});
    CHECK(Code{C_SignInit(session, Given(CKM_RSA_PKCS, data, sizeof data), rsa.of_private)} ==
          Code{CKR_MECHANISM_PARAM_INVALID});
    CHECK(Code{C_DecryptInit(session, Given(CKM_RSA_PKCS), ec.of_private)} ==
          Code{CKR_KEY_TYPE_INCONSISTENT});
    const CK_OBJECT_HANDLE narrow = application.generate(
        session, CKM_AES_KEY_GEN,
        aes().flag(CKA_DECRYPT, false).bytes(CKA_ALLOWED_MECHANISMS, Bytes{0x81, 0x10, 0, 0, 0, 0, 0, 0}));
    CHECK(Code{C_DecryptInit(session, Given(CKM_AES_ECB), narrow)} == Code{CKR_KEY_FUNCTION_NOT_PERMITTED});
    CHECK(Code{C_EncryptInit(session, Given(CKM_AES_KEY_WRAP), narrow)} == Code{CKR_MECHANISM_INVALID});
    CHECK(Code{C_EncryptInit(session, Given(CKM_AES_ECB), narrow)} == Code{CKR_OK});
    test::bad_input("calls of PKCS#11 that had to fail", 11);
}

TEST_CASE("ciphers give the same in one call and in pieces, with exact lengths") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const CK_OBJECT_HANDLE key = application.generate(session, CKM_AES_KEY_GEN, aes());
    CK_BYTE iv[16] = {1, 2, 3};
    CK_GCM_PARAMS gcm{iv, 12, 96, data, sizeof data, 128};
    CK_GCM_PARAMS_V2_20 old_gcm{iv, 12, data, sizeof data, 128};
    CK_AES_CTR_PARAMS ctr{128, {9}};
    CK_CCM_PARAMS ccm{100, iv, 12, data, sizeof data, 16};
    CK_MECHANISM mechanisms[] = {
        {CKM_AES_CBC_PAD, iv, sizeof iv},
        {CKM_AES_GCM, &gcm, sizeof gcm},
        {CKM_AES_GCM, &old_gcm, sizeof old_gcm},
        {CKM_AES_CTR, &ctr, sizeof ctr},
        {CKM_AES_OFB, iv, sizeof iv},
        {CKM_AES_CCM, &ccm, sizeof ccm},
    };
    Bytes text(100);
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<std::uint8_t>(i);
    for (CK_MECHANISM& mechanism : mechanisms) {
        INFO(p11::constant_name("CKM", mechanism.mechanism));
        CK_BYTE whole[200], pieces[200], plain[200];
        CK_ULONG length = 0;
        REQUIRE(Code{C_EncryptInit(session, &mechanism, key)} == Code{CKR_OK});
        CHECK(Code{C_Encrypt(session, text.data(), text.size(), nullptr, &length)} == Code{CKR_OK});
        const CK_ULONG expected = length;
        length = sizeof whole;
        REQUIRE(Code{C_Encrypt(session, text.data(), text.size(), whole, &length)} == Code{CKR_OK});
        CHECK(length == expected);

        REQUIRE(Code{C_EncryptInit(session, &mechanism, key)} == Code{CKR_OK});
        CK_ULONG sum = 0;
        for (std::size_t at = 0; at < text.size(); at += 30) {
            const CK_ULONG part = std::min<CK_ULONG>(30, text.size() - at);
            CK_ULONG told = 0;
            REQUIRE(Code{C_EncryptUpdate(session, text.data() + at, part, nullptr, &told)} == Code{CKR_OK});
            length = sizeof pieces - sum;
            REQUIRE(Code{C_EncryptUpdate(session, text.data() + at, part, pieces + sum, &length)} ==
                    Code{CKR_OK});
            CHECK(length == told);
            sum += length;
        }
        length = sizeof pieces - sum;
        REQUIRE(Code{C_EncryptFinal(session, pieces + sum, &length)} == Code{CKR_OK});
        CHECK(ByteView(pieces, sum + length).size() == expected);
        CHECK(std::equal(whole, whole + expected, pieces));

        REQUIRE(Code{C_DecryptInit(session, &mechanism, key)} == Code{CKR_OK});
        length = sizeof plain;
        REQUIRE(Code{C_Decrypt(session, whole, expected, plain, &length)} == Code{CKR_OK});
        CHECK(to_bytes({plain, length}) == text);
    }
}

TEST_CASE("changed ciphertext, wrong lengths and short buffers of decryption") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const CK_OBJECT_HANDLE key = application.generate(session, CKM_AES_KEY_GEN, aes());
    CK_BYTE iv[16] = {}, out[100], plain[100];
    CK_GCM_PARAMS gcm{iv, 12, 96, nullptr, 0, 128};
    CK_MECHANISM gcm_mechanism{CKM_AES_GCM, &gcm, sizeof gcm}, cbc{CKM_AES_CBC_PAD, iv, sizeof iv};
    CK_ULONG length = sizeof out;
    REQUIRE(Code{C_EncryptInit(session, &gcm_mechanism, key)} == Code{CKR_OK});
    REQUIRE(Code{C_Encrypt(session, data, sizeof data, out, &length)} == Code{CKR_OK});
    out[0] ^= 1;
    REQUIRE(Code{C_DecryptInit(session, &gcm_mechanism, key)} == Code{CKR_OK});
    CK_ULONG plain_length = sizeof plain;
    CHECK(Code{C_Decrypt(session, out, length, plain, &plain_length)} == Code{CKR_AEAD_DECRYPT_FAILED});
    CHECK(Code{C_Decrypt(session, out, length, plain, &plain_length)} == Code{CKR_OPERATION_NOT_INITIALIZED});

    length = sizeof out;
    REQUIRE(Code{C_EncryptInit(session, &cbc, key)} == Code{CKR_OK});
    REQUIRE(Code{C_Encrypt(session, data, sizeof data, out, &length)} == Code{CKR_OK});
    REQUIRE(Code{C_DecryptInit(session, &cbc, key)} == Code{CKR_OK});
    plain_length = 1;
    CHECK(Code{C_Decrypt(session, out, length, plain, &plain_length)} == Code{CKR_BUFFER_TOO_SMALL});
    CHECK(plain_length == sizeof data);
    CHECK(Code{C_Decrypt(session, out, length, plain, &plain_length)} == Code{CKR_OK});
    REQUIRE(Code{C_DecryptInit(session, &cbc, key)} == Code{CKR_OK});
    CHECK(Code{C_Decrypt(session, out, 15, plain, &plain_length)} == Code{CKR_ENCRYPTED_DATA_LEN_RANGE});
    CHECK(Code{C_EncryptInit(session, Given(CKM_AES_CBC, iv, 15), key)} == Code{CKR_MECHANISM_PARAM_INVALID});
    REQUIRE(Code{C_EncryptInit(session, Given(CKM_AES_ECB), key)} == Code{CKR_OK});
    length = sizeof out;
    CHECK(Code{C_Encrypt(session, data, sizeof data, out, &length)} == Code{CKR_DATA_LEN_RANGE});
    test::bad_input("calls of PKCS#11 that had to fail", 6);
}

TEST_CASE("one-shot calls do not end what updates began") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const auto rsa = application.rsa_pair(session);
    CK_BYTE out[512];
    CK_ULONG length = sizeof out;
    CHECK(Code{C_SignUpdate(session, data, 1)} == Code{CKR_OPERATION_NOT_INITIALIZED});
    REQUIRE(Code{C_SignInit(session, Given(CKM_SHA256_RSA_PKCS), rsa.of_private)} == Code{CKR_OK});
    REQUIRE(Code{C_SignUpdate(session, data, sizeof data)} == Code{CKR_OK});
    CHECK(Code{C_Sign(session, data, sizeof data, out, &length)} == Code{CKR_OPERATION_ACTIVE});
    CHECK(Code{C_SignFinal(session, out, &length)} == Code{CKR_OPERATION_NOT_INITIALIZED});
    REQUIRE(Code{C_SignInit(session, Given(CKM_SHA256_RSA_PKCS), rsa.of_private)} == Code{CKR_OK});
    CHECK(Code{C_SignUpdate(session, nullptr, 5)} == Code{CKR_ARGUMENTS_BAD});
    REQUIRE(Code{C_SignInit(session, Given(CKM_SHA256_RSA_PKCS), rsa.of_private)} == Code{CKR_OK});
    CHECK(Code{C_SessionCancel(session, CKF_SIGN)} == Code{CKR_OK});
    CHECK(Code{C_SignFinal(session, out, &length)} == Code{CKR_OPERATION_NOT_INITIALIZED});
    CHECK(Code{C_GetFunctionStatus(session)} == Code{CKR_FUNCTION_NOT_PARALLEL});
    CHECK(Code{C_SeedRandom(session, data, 1)} == Code{CKR_RANDOM_SEED_NOT_SUPPORTED});
}

TEST_CASE("MACs in one call and in a megabyte of pieces, cut to a length") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    Attributes generic;
    generic.number(CKA_CLASS, CKO_SECRET_KEY)
        .number(CKA_KEY_TYPE, CKK_GENERIC_SECRET)
        .bytes(CKA_VALUE, Bytes(32, 7));
    CK_OBJECT_HANDLE key = 0;
    REQUIRE(Code{C_CreateObject(session, generic.data(), generic.size(), &key)} == Code{CKR_OK});
    Bytes piece(100'000, 0x5A);
    Bytes all;
    REQUIRE(Code{C_SignInit(session, Given(CKM_SHA256_HMAC), key)} == Code{CKR_OK});
    for (int i = 0; i < 10; ++i) {
        REQUIRE(Code{C_SignUpdate(session, piece.data(), piece.size())} == Code{CKR_OK});
        append(all, piece);
    }
    CK_BYTE mac[64];
    CK_ULONG length = sizeof mac;
    REQUIRE(Code{C_SignFinal(session, mac, &length)} == Code{CKR_OK});
    CHECK(to_bytes({mac, length}) == hmac_sha256(Bytes(32, 7), {all}));
    CK_ULONG half = 16;
    REQUIRE(Code{C_SignInit(session, Given(CKM_SHA256_HMAC_GENERAL, &half, sizeof half), key)} ==
            Code{CKR_OK});
    length = sizeof mac;
    REQUIRE(Code{C_Sign(session, data, sizeof data, mac, &length)} == Code{CKR_OK});
    CHECK(length == 16);
    REQUIRE(Code{C_VerifyInit(session, Given(CKM_SHA256_HMAC_GENERAL, &half, sizeof half), key)} ==
            Code{CKR_OK});
    CHECK(Code{C_Verify(session, data, sizeof data, mac, length)} == Code{CKR_OK});
}

TEST_CASE("digests, and their state in another session") {
    Application application;
    const CK_SESSION_HANDLE session = application.open(0), other = application.open(0);
    CK_BYTE out[64], state[64];
    CK_ULONG length = sizeof out, state_length = sizeof state;
    REQUIRE(Code{C_DigestInit(session, Given(CKM_SHA256))} == Code{CKR_OK});
    REQUIRE(Code{C_DigestUpdate(session, data, 4)} == Code{CKR_OK});
    REQUIRE(Code{C_GetOperationState(session, state, &state_length)} == Code{CKR_OK});
    REQUIRE(Code{C_SetOperationState(other, state, state_length, 0, 0)} == Code{CKR_OK});
    REQUIRE(Code{C_DigestUpdate(other, data + 4, sizeof data - 4)} == Code{CKR_OK});
    REQUIRE(Code{C_DigestFinal(other, out, &length)} == Code{CKR_OK});
    CHECK(to_bytes({out, length}) == sha256(ByteView(data)));
    CHECK(Code{C_SetOperationState(other, data, sizeof data, 0, 0)} == Code{CKR_SAVED_STATE_INVALID});
}

TEST_CASE("keys are wrapped and unwrapped with their guards") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const CK_OBJECT_HANDLE wrapping = application.generate(session, CKM_AES_KEY_GEN, aes()),
                           kept = application.generate(session, CKM_AES_KEY_GEN, aes()),
                           moved = application.generate(session, CKM_AES_KEY_GEN,
                                                        aes().flag(CKA_EXTRACTABLE, true)),
                           careful = application.generate(
                               session, CKM_AES_KEY_GEN,
                               aes().flag(CKA_EXTRACTABLE, true).flag(CKA_WRAP_WITH_TRUSTED, true));
    CK_BYTE out[100];
    CK_ULONG length = sizeof out;
    CHECK(Code{C_WrapKey(session, Given(CKM_AES_KEY_WRAP), wrapping, kept, out, &length)} ==
          Code{CKR_KEY_UNEXTRACTABLE});
    CHECK(Code{C_WrapKey(session, Given(CKM_AES_KEY_WRAP), wrapping, careful, out, &length)} ==
          Code{CKR_KEY_NOT_WRAPPABLE});
    CHECK(Code{C_WrapKey(session, Given(CKM_AES_KEY_WRAP), 9999, moved, out, &length)} ==
          Code{CKR_WRAPPING_KEY_HANDLE_INVALID});
    REQUIRE(Code{C_WrapKey(session, Given(CKM_AES_KEY_WRAP), wrapping, moved, out, &length)} == Code{CKR_OK});
    CHECK(length == 40);
    Attributes wanted;
    wanted.number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_KEY_TYPE, CKK_AES);
    CK_OBJECT_HANDLE key = 0;
    REQUIRE(Code{C_UnwrapKey(session, Given(CKM_AES_KEY_WRAP), wrapping, out, length, wanted.data(),
                             wanted.size(), &key)} == Code{CKR_OK});
    CHECK(application.value(session, key, CKA_CHECK_VALUE) ==
          application.value(session, moved, CKA_CHECK_VALUE));
    out[3] ^= 1;
    CHECK(Code{C_UnwrapKey(session, Given(CKM_AES_KEY_WRAP), wrapping, out, length, wanted.data(),
                           wanted.size(), &key)} == Code{CKR_WRAPPED_KEY_INVALID});
    CHECK(Code{C_UnwrapKey(session, Given(CKM_AES_KEY_WRAP), wrapping, out, 39, wanted.data(), wanted.size(),
                           &key)} == Code{CKR_WRAPPED_KEY_LEN_RANGE});
}
