// Every kind of mechanism against known answers or against OpenSSL (issue's P16); agreement and TLS:
// agreement_test.cpp.
#include <openssl/core_names.h>

#include "firmware/crypto/digest.h"
#include "firmware/crypto/pkey.h"
#include "test/bad_input.h"
#include "test/unit/pkcs11/calls.h"

using namespace cs2sim;

TEST_CASE("the list has every mechanism that applications look for, each with sizes and uses") {
    Application application;
    CK_ULONG count = 0;
    REQUIRE(Code{C_GetMechanismList(0, nullptr, &count)} == Code{CKR_OK});
    std::vector<CK_MECHANISM_TYPE> all(count);
    REQUIRE(Code{C_GetMechanismList(0, all.data(), &count)} == Code{CKR_OK});
    for (const char* name : {"RSA_PKCS_KEY_PAIR_GEN",
                             "RSA_PKCS",
                             "RSA_X_509",
                             "RSA_PKCS_OAEP",
                             "RSA_PKCS_PSS",
                             "SHA1_RSA_PKCS",
                             "SHA512_RSA_PKCS",
                             "SHA3_256_RSA_PKCS",
                             "SHA3_512_RSA_PKCS_PSS",
                             "RSA_X9_31",
                             "SHA1_RSA_X9_31",
                             "EC_KEY_PAIR_GEN",
                             "ECDSA",
                             "ECDSA_SHA1",
                             "ECDSA_SHA512",
                             "ECDSA_SHA3_256",
                             "ECDH1_DERIVE",
                             "ECDH1_COFACTOR_DERIVE",
                             "EDDSA",
                             "EC_EDWARDS_KEY_PAIR_GEN",
                             "EC_MONTGOMERY_KEY_PAIR_GEN",
                             "AES_ECB",
                             "AES_CBC",
                             "AES_CBC_PAD",
                             "AES_CTR",
                             "AES_GCM",
                             "AES_CCM",
                             "AES_OFB",
                             "AES_CMAC",
                             "AES_CMAC_GENERAL",
                             "AES_GMAC",
                             "AES_KEY_WRAP",
                             "AES_KEY_WRAP_PAD",
                             "AES_KEY_WRAP_KWP",
                             "AES_ECB_ENCRYPT_DATA",
                             "AES_CBC_ENCRYPT_DATA",
                             "DES2_KEY_GEN",
                             "DES3_KEY_GEN",
                             "DES3_ECB",
                             "DES3_CBC",
                             "DES3_CBC_PAD",
                             "DES3_CMAC",
                             "DES3_CMAC_GENERAL",
                             "DES3_ECB_ENCRYPT_DATA",
                             "DES3_CBC_ENCRYPT_DATA",
                             "GENERIC_SECRET_KEY_GEN",
                             "SHA_1_HMAC",
                             "SHA256_HMAC_GENERAL",
                             "SHA3_512_HMAC",
                             "MD5",
                             "SHA_1",
                             "SHA512",
                             "SHA3_224",
                             "RIPEMD160",
                             "SHA1_KEY_DERIVATION",
                             "SHA512_KEY_DERIVATION",
                             "CONCATENATE_BASE_AND_KEY",
                             "CONCATENATE_BASE_AND_DATA",
                             "CONCATENATE_DATA_AND_BASE",
                             "XOR_BASE_AND_DATA",
                             "EXTRACT_KEY_FROM_KEY",
                             "TLS12_MASTER_KEY_DERIVE",
                             "TLS12_MAC",
                             "TLS12_KDF",
                             "RSA_AES_KEY_WRAP",
                             "CS_DES3_RETAIL_MAC",
                             "CS_ECKA",
                             "CS_ECDSA_RIPEMD160",
                             "CS_RSA_PKCS_MULTI",
                             "CS_RSA_X_509_MULTI",
                             "CS_ECDSA_MULTI",
                             "CS_AES_CBC_WRAP",
                             "CS_DES_CBC_WRAP",
                             "CS_ECDSA_ECIES",
                             "CS_ECDSA_ECIES_XOR"}) {
        INFO(name);
        const auto type = p11::constant_number(std::string("CKM_") + name);
        REQUIRE(type);
        CHECK(std::ranges::count(all, *type) == 1);
        CK_MECHANISM_INFO info{};
        REQUIRE(Code{C_GetMechanismInfo(0, *type, &info)} == Code{CKR_OK});
        CHECK((info.flags & CKF_HW) != 0);
        CHECK(info.ulMinKeySize <= info.ulMaxKeySize);
    }
}

TEST_CASE("profiles and modes cut the list") {
    Application application("", "se-gen2-fips");
    const CK_SESSION_HANDLE session = application.open_as_user();
    CK_MECHANISM_INFO info{};
    for (const CK_MECHANISM_TYPE type : {CKM_MD5, CKM_DES3_CBC, CKM_RIPEMD160, CKM_XOR_BASE_AND_DATA,
                                         CKM_SHA256_KEY_DERIVATION, CKM_EC_MONTGOMERY_KEY_PAIR_GEN})
        CHECK(Code{C_GetMechanismInfo(0, type, &info)} == Code{CKR_MECHANISM_INVALID});
    REQUIRE(Code{C_GetMechanismInfo(0, CKM_RSA_PKCS, &info)} == Code{CKR_OK});
    CHECK((info.flags & (CKF_ENCRYPT | CKF_DECRYPT | CKF_SIGN)) == CKF_SIGN);
    CHECK(info.ulMinKeySize == 2048);
    REQUIRE(Code{C_GetMechanismInfo(0, CKM_SHA1_RSA_PKCS, &info)} == Code{CKR_OK});
    CHECK((info.flags & (CKF_SIGN | CKF_VERIFY)) == CKF_VERIFY);
    CHECK(Code{C_DigestInit(session, Given(CKM_MD5))} == Code{CKR_MECHANISM_INVALID});
    CK_TOKEN_INFO token{};
    REQUIRE(Code{C_GetTokenInfo(0, &token)} == Code{CKR_OK});
    CHECK(token.ulMinPinLen == 8);
}

TEST_CASE("GMAC: a known answer, and the tag of GCM over the same data") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const CK_OBJECT_HANDLE key = secret_key(session, CKK_AES, Bytes(16));
    CK_BYTE iv[12] = {};
    Bytes mac, tag;
    // NIST's GCM test case 1: nothing at all under a key of zeros.
    REQUIRE(sign(session, Given(CKM_AES_GMAC, iv), key, {}, mac) == Code{CKR_OK});
    CHECK(mac == hex_bytes("58E2FCCEFA7E3061367F1D57A4E7455A"));
    Bytes data(100, 9);
    CK_GCM_PARAMS gcm{iv, sizeof iv, 96, data.data(), data.size(), 128};
    REQUIRE(encrypt(session, Given(CKM_AES_GCM, gcm), key, {}, tag) == Code{CKR_OK});
    REQUIRE(sign(session, Given(CKM_AES_GMAC, iv), key, data, mac) == Code{CKR_OK});
    CHECK(mac == tag);
    CHECK(verify(session, Given(CKM_AES_GMAC, iv), key, data, mac) == Code{CKR_OK});
    mac[0] ^= 1;
    CHECK(verify(session, Given(CKM_AES_GMAC, iv), key, data, mac) == Code{CKR_SIGNATURE_INVALID});
    CHECK(sign(session, Given(CKM_AES_GMAC), key, data, mac) == Code{CKR_MECHANISM_PARAM_INVALID});
}

TEST_CASE("GMAC of more than a command takes, in pieces") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const Bytes secret(32, 5);
    const CK_OBJECT_HANDLE key = secret_key(session, CKK_AES, secret);
    CK_BYTE iv[12] = {1, 2, 3};
    Bytes whole(1'200'001, 9), expected(16);
    for (std::size_t i = 0; i < whole.size(); i += 1000) whole[i] = static_cast<std::uint8_t>(i / 1000);
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_IV, iv, sizeof iv),
                                     OSSL_PARAM_construct_end()};
    std::size_t size = 0;
    REQUIRE(EVP_Q_mac(nullptr, "GMAC", nullptr, "AES-256-GCM", parameters, secret.data(), secret.size(),
                      whole.data(), whole.size(), expected.data(), expected.size(), &size));
    for (const std::size_t piece : {whole.size(), std::size_t{100'000}, std::size_t{516'095}}) {
        INFO(piece);
        REQUIRE(Code{C_SignInit(session, Given(CKM_AES_GMAC, iv), key)} == Code{CKR_OK});
        for (std::size_t at = 0; at < whole.size(); at += piece)
            REQUIRE(Code{C_SignUpdate(session, whole.data() + at, std::min(piece, whole.size() - at))} ==
                    Code{CKR_OK});
        Bytes mac(16);
        CK_ULONG length = mac.size();
        REQUIRE(Code{C_SignFinal(session, mac.data(), &length)} == Code{CKR_OK});
        CHECK(mac == expected);
    }
    CHECK(verify(session, Given(CKM_AES_GMAC, iv), key, whole, expected) == Code{CKR_OK});
    expected[3] ^= 1;
    CHECK(verify(session, Given(CKM_AES_GMAC, iv), key, whole, expected) == Code{CKR_SIGNATURE_INVALID});
}

TEST_CASE("what RSA_X_509 decrypts keeps its leading zeros where KeepLeadZeros says so") {
    for (const char* setting : {"KeepLeadZeros = false", "KeepLeadZeros = true", ""}) {
        const bool keep = std::string_view(setting) == "KeepLeadZeros = true";
        Application application(setting);
        const CK_SESSION_HANDLE session = application.open_as_user();
        const auto [of_public, of_private] = application.rsa_pair(session, 2048);
        Bytes text(256), encrypted, back;
        text[100] = 7;
        REQUIRE(encrypt(session, Given(CKM_RSA_X_509), of_public, text, encrypted) == Code{CKR_OK});
        REQUIRE(decrypt(session, Given(CKM_RSA_X_509), of_private, encrypted, back) == Code{CKR_OK});
        CHECK(back == (keep ? text : Bytes(text.begin() + 100, text.end())));
        // Padding that the device takes away leaves data as they were.
        text = {0, 0, 1};
        REQUIRE(encrypt(session, Given(CKM_RSA_PKCS), of_public, text, encrypted) == Code{CKR_OK});
        REQUIRE(decrypt(session, Given(CKM_RSA_PKCS), of_private, encrypted, back) == Code{CKR_OK});
        CHECK(back == text);
    }
}

TEST_CASE("MULTI signs many data at once, each as the single mechanism does") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const auto rsa = application.rsa_pair(session), ec = application.p256_pair(session);
    struct Row {
        CK_MECHANISM_TYPE multi, single;
        Application::Pair pair;
        std::size_t signature;
    };
    for (const Row& row :
         {Row{CKM_CS_RSA_PKCS_MULTI, CKM_RSA_PKCS, rsa, 256},
          Row{CKM_CS_RSA_X_509_MULTI, CKM_RSA_X_509, rsa, 256}, Row{CKM_CS_ECDSA_MULTI, CKM_ECDSA, ec, 64}}) {
        INFO(p11::constant_name("CKM", row.multi));
        CK_ULONG each = 32;
        Bytes all, signatures;
        for (std::uint8_t i = 0; i < 20; ++i) append(all, Bytes(each, i));
        REQUIRE(sign(session, Given(row.multi, each), row.pair.of_private, all, signatures) == Code{CKR_OK});
        REQUIRE(signatures.size() == 20 * row.signature);
        for (std::size_t i = 0; i < 20; ++i)
            CHECK(verify(session, Given(row.single), row.pair.of_public,
                         ByteView(all).subspan(i * each, each),
                         ByteView(signatures).subspan(i * row.signature, row.signature)) == Code{CKR_OK});
        CHECK(verify(session, Given(row.multi, each), row.pair.of_public, all, signatures) == Code{CKR_OK});
        signatures[row.signature * 3 + 9] ^= 1;
        CHECK(verify(session, Given(row.multi, each), row.pair.of_public, all, signatures) ==
              Code{CKR_SIGNATURE_INVALID});
        CHECK(sign(session, Given(row.multi, each), row.pair.of_private, ByteView(all).first(33),
                   signatures) == Code{CKR_DATA_LEN_RANGE});
    }
}

TEST_CASE("known answers: retail MAC, key wrap with padding; RIPEMD-160 and X9.31 signatures") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    Bytes out;
    // ISO/IEC 9797-1, annex B: MAC algorithm 3, padding method 1.
    const CK_OBJECT_HANDLE des = secret_key(session, CKK_DES2, hex_bytes("0123456789ABCDEFFEDCBA9876543210"));
    REQUIRE(sign(session, Given(CKM_CS_DES3_RETAIL_MAC), des, as_bytes("Now is the time for all "), out) ==
            Code{CKR_OK});
    CHECK(out == hex_bytes("A1C72E74EA3FA9B6"));
    // RFC 5649, section 6.
    const CK_OBJECT_HANDLE kek =
        secret_key(session, CKK_AES, hex_bytes("5840DF6E29B02AF1AB493B705BF16EA1AE8338F4DCC176A8"));
    for (const CK_MECHANISM_TYPE type : {CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD}) {
        REQUIRE(encrypt(session, Given(type), kek, hex_bytes("C37B7E6492584340BED12207808941155068F738"),
                        out) == Code{CKR_OK});
        CHECK(out == hex_bytes("138BDEAA9B8FA7FC61F97742E72248EE5AE6AE5360D1AE6A5F54F373FA543B6A"));
    }
    const Bytes data(50, 3);
    const auto ec = application.p256_pair(session), rsa = application.rsa_pair(session);
    REQUIRE(sign(session, Given(CKM_CS_ECDSA_RIPEMD160), ec.of_private, data, out) == Code{CKR_OK});
    CHECK(verify(session, Given(CKM_ECDSA), ec.of_public, digest("RIPEMD160", {data}), out) == Code{CKR_OK});
    // The trailer of SHA-1 in X9.31 is 33CC.
    const Bytes with_trailer = joined(digest("SHA1", {data}), Bytes{0x33, 0xCC});
    REQUIRE(sign(session, Given(CKM_RSA_X9_31), rsa.of_private, with_trailer, out) == Code{CKR_OK});
    CHECK(verify(session, Given(CKM_SHA1_RSA_X9_31), rsa.of_public, data, out) == Code{CKR_OK});
    REQUIRE(sign(session, Given(CKM_SHA1_RSA_X9_31), rsa.of_private, data, out) == Code{CKR_OK});
    CHECK(verify(session, Given(CKM_RSA_X9_31), rsa.of_public, with_trailer, out) == Code{CKR_OK});
    CHECK(sign(session, Given(CKM_RSA_X9_31), rsa.of_private, data, out) == Code{CKR_DATA_INVALID});
}

TEST_CASE("derivations are what PKCS#11 says of each") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    Bytes value(32);
    for (std::size_t i = 0; i < value.size(); ++i) value[i] = static_cast<std::uint8_t>(i * 7);
    const CK_OBJECT_HANDLE base = secret_key(session, CKK_GENERIC_SECRET, value),
                           aes = secret_key(session, CKK_AES, value),
                           des = secret_key(session, CKK_DES3,
                                            hex_bytes("0123456789ABCDEF23456789ABCDEF01456789"
                                                      "ABCDEF0123"));
    for (const auto& [type, hash] : {std::pair{CKM_SHA1_KEY_DERIVATION, "SHA1"},
                                     {CKM_SHA224_KEY_DERIVATION, "SHA224"},
                                     {CKM_SHA256_KEY_DERIVATION, "SHA256"},
                                     {CKM_SHA384_KEY_DERIVATION, "SHA384"},
                                     {CKM_SHA512_KEY_DERIVATION, "SHA512"},
                                     {CKM_SHA3_256_KEY_DERIVATION, "SHA3-256"}})
        CHECK(derived_value(application, session, Given(type), base) == digest(hash, {value}));
    Bytes data(16, 0x5C);
    CK_KEY_DERIVATION_STRING_DATA string{data.data(), data.size()};
    CHECK(derived_value(application, session, Given(CKM_CONCATENATE_BASE_AND_DATA, string), base) ==
          joined(value, data));
    CHECK(derived_value(application, session, Given(CKM_CONCATENATE_DATA_AND_BASE, string), base) ==
          joined(data, value));
    Bytes exclusive = data;
    for (std::size_t i = 0; i < data.size(); ++i) exclusive[i] ^= value[i];
    CHECK(derived_value(application, session, Given(CKM_XOR_BASE_AND_DATA, string), base) == exclusive);
    CK_OBJECT_HANDLE other = aes;
    CHECK(derived_value(application, session, Given(CKM_CONCATENATE_BASE_AND_KEY, other), base) ==
          joined(value, value));
    CK_ULONG bit = 64;
    CHECK(derived_value(application, session, Given(CKM_EXTRACT_KEY_FROM_KEY, bit), base, CKK_AES, 16) ==
          to_bytes(ByteView(value).subspan(8, 16)));

    CK_AES_CBC_ENCRYPT_DATA_PARAMS aes_cbc{{1, 2, 3}, data.data(), data.size()};
    CK_DES_CBC_ENCRYPT_DATA_PARAMS des_cbc{{4, 5, 6}, data.data(), data.size()};
    const auto encrypted = [&](CK_MECHANISM_TYPE type, CK_BYTE* iv, CK_ULONG size, CK_OBJECT_HANDLE key) {
        Bytes out;
        REQUIRE(encrypt(session, Given(type, iv, size), key, data, out) == Code{CKR_OK});
        return out;
    };
    CHECK(derived_value(application, session, Given(CKM_AES_ECB_ENCRYPT_DATA, string), aes) ==
          encrypted(CKM_AES_ECB, nullptr, 0, aes));
    CHECK(derived_value(application, session, Given(CKM_AES_CBC_ENCRYPT_DATA, aes_cbc), aes) ==
          encrypted(CKM_AES_CBC, aes_cbc.iv, 16, aes));
    CHECK(derived_value(application, session, Given(CKM_DES3_ECB_ENCRYPT_DATA, string), des) ==
          encrypted(CKM_DES3_ECB, nullptr, 0, des));
    CHECK(derived_value(application, session, Given(CKM_DES3_CBC_ENCRYPT_DATA, des_cbc), des) ==
          encrypted(CKM_DES3_CBC, des_cbc.iv, 8, des));
}

TEST_CASE("keys travel under RSA and AES together, and in CBC") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const auto rsa = application.generate_pair(
        session, CKM_RSA_PKCS_KEY_PAIR_GEN, Attributes().number(CKA_MODULUS_BITS, 2048).flag(CKA_WRAP, true),
        Attributes().flag(CKA_UNWRAP, true));
    const auto moved =
        application.generate_pair(session, CKM_EC_KEY_PAIR_GEN, Attributes().bytes(CKA_EC_PARAMS, p256()),
                                  Attributes().flag(CKA_EXTRACTABLE, true));
    CK_RSA_PKCS_OAEP_PARAMS oaep{CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, nullptr, 0};
    CK_RSA_AES_KEY_WRAP_PARAMS parameters{256, &oaep};
    Bytes wrapped, signature;
    REQUIRE(wrap(session, Given(CKM_RSA_AES_KEY_WRAP, parameters), rsa.of_public, moved.of_private,
                 wrapped) == Code{CKR_OK});
    CHECK(wrapped.size() > 256);
    CK_OBJECT_HANDLE back = 0;
    const Attributes wanted = Attributes().number(CKA_CLASS, CKO_PRIVATE_KEY).number(CKA_KEY_TYPE, CKK_EC);
    REQUIRE(unwrap(session, Given(CKM_RSA_AES_KEY_WRAP, parameters), rsa.of_private, wrapped, wanted,
                   &back) == Code{CKR_OK});
    REQUIRE(sign(session, Given(CKM_ECDSA), back, Bytes(32, 1), signature) == Code{CKR_OK});
    CHECK(verify(session, Given(CKM_ECDSA), moved.of_public, Bytes(32, 1), signature) == Code{CKR_OK});
    const std::size_t objects = application.find(session, Attributes()).size();
    CHECK(objects == 5);  // what carried the key is gone
    wrapped[300] ^= 1;
    CHECK(unwrap(session, Given(CKM_RSA_AES_KEY_WRAP, parameters), rsa.of_private, wrapped, wanted, &back) ==
          Code{CKR_WRAPPED_KEY_INVALID});
    CHECK(unwrap(session, Given(CKM_RSA_AES_KEY_WRAP, parameters), rsa.of_private,
                 ByteView(wrapped).first(200), wanted, &back) == Code{CKR_WRAPPED_KEY_LEN_RANGE});
    parameters.ulAESKeyBits = 100;
    CHECK(wrap(session, Given(CKM_RSA_AES_KEY_WRAP, parameters), rsa.of_public, moved.of_private, wrapped) ==
          Code{CKR_MECHANISM_PARAM_INVALID});

    const CK_OBJECT_HANDLE aes = secret_key(session, CKK_AES, Bytes(32, 9)),
                           des = secret_key(session, CKK_DES3,
                                            hex_bytes("0123456789ABCDEF23456789ABCDEF01456789"
                                                      "ABCDEF0123")),
                           value = secret_key(session, CKK_AES, Bytes(16, 4));
    CK_BYTE iv[16] = {1};
    CK_WRAP_PARAMS whole{iv, 16, nullptr, 0, nullptr, 0};
    Bytes plain;
    REQUIRE(wrap(session, Given(CKM_CS_AES_CBC_WRAP, iv), aes, value, wrapped) == Code{CKR_OK});
    CHECK(decrypt(session, Given(CKM_AES_CBC, iv), aes, wrapped, plain) == Code{CKR_OK});
    CHECK(plain == Bytes(16, 4));
    REQUIRE(unwrap(session, Given(CKM_CS_AES_CBC_WRAP, whole), aes, wrapped,
                   Attributes().number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_KEY_TYPE, CKK_AES),
                   &back) == Code{CKR_OK});
    CHECK(application.value(session, back, CKA_CHECK_VALUE) ==
          application.value(session, value, CKA_CHECK_VALUE));
    REQUIRE(wrap(session, Given(CKM_CS_DES_CBC_WRAP, iv, 8), des, value, wrapped) == Code{CKR_OK});
    CHECK(wrapped.size() == 16);
    test::bad_input("calls of PKCS#11 that had to fail", 3);
}

TEST_CASE("bytes of CK_WRAP_PARAMS stand around a wrapped key, and are compared when it comes back") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    CK_BYTE iv[16] = {1}, before[13] = {2, 3}, after[19] = {4, 5};
    struct Row {
        CK_MECHANISM_TYPE wraps, decrypts;
        CK_KEY_TYPE type;
        Bytes value;
        unsigned block;
    };
    for (const Row& row : {Row{CKM_CS_AES_CBC_WRAP, CKM_AES_CBC, CKK_AES, Bytes(32, 9), 16},
                           Row{CKM_CS_DES_CBC_WRAP, CKM_DES3_CBC, CKK_DES3,
                               hex_bytes("0123456789ABCDEF23456789ABCDEF01456789ABCDEF0123"), 8}}) {
        INFO(p11::constant_name("CKM", row.wraps));
        const CK_OBJECT_HANDLE wrapping = secret_key(session, row.type, row.value),
                               key = secret_key(session, CKK_AES, Bytes(16, 7));
        CK_WRAP_PARAMS given{iv, row.block, before, sizeof before, after, sizeof after};
        Bytes wrapped, plain;
        REQUIRE(wrap(session, Given(row.wraps, given), wrapping, key, wrapped) == Code{CKR_OK});
        REQUIRE(decrypt(session, Given(row.decrypts, iv, row.block), wrapping, wrapped, plain) ==
                Code{CKR_OK});
        Bytes expected(before, before + sizeof before);
        append(expected, Bytes(16, 7));
        append(expected, after);
        CHECK(plain == expected);

        const Attributes wanted =
            Attributes().number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_KEY_TYPE, CKK_AES);
        CK_OBJECT_HANDLE back = 0;
        REQUIRE(unwrap(session, Given(row.wraps, given), wrapping, wrapped, wanted, &back) == Code{CKR_OK});
        CHECK(application.value(session, back, CKA_CHECK_VALUE) ==
              application.value(session, key, CKA_CHECK_VALUE));
        for (CK_BYTE* other : {&before[12], &after[0]}) {
            *other ^= 1;
            CHECK(unwrap(session, Given(row.wraps, given), wrapping, wrapped, wanted, &back) ==
                  Code{CKR_WRAPPED_KEY_INVALID});
            *other ^= 1;
        }
        // More than there is, no whole blocks, no bytes where their number says so.
        CHECK(unwrap(session, Given(row.wraps, given), wrapping, ByteView(wrapped).first(16), wanted,
                     &back) == Code{CKR_WRAPPED_KEY_INVALID});
        --given.ulPostfixLen;
        CHECK(wrap(session, Given(row.wraps, given), wrapping, key, wrapped) == Code{CKR_KEY_SIZE_RANGE});
        given.pPrefix = nullptr;
        CHECK(wrap(session, Given(row.wraps, given), wrapping, key, wrapped) == Code{CKR_ARGUMENTS_BAD});
    }
    // Known keys under the same frame would tell the key byte by byte.
    const CK_OBJECT_HANDLE key = secret_key(session, CKK_AES, Bytes(16, 7));
    REQUIRE(application.login(session, CKU_CS_GENERIC, "SO_0000,12345678") == Code{CKR_OK});
    REQUIRE(set(session, 0x80000004, Attributes().number(CKA_CFG_WRAP_POLICY, 1)) == Code{CKR_OK});
    CK_OBJECT_HANDLE wrapping = 0;
    REQUIRE(generate(session, Given(CKM_AES_KEY_GEN),
                     Attributes()
                         .number(CKA_VALUE_LEN, 32)
                         .flag(CKA_WRAP, true)
                         .flag(CKA_ENCRYPT, false)
                         .flag(CKA_DECRYPT, false),
                     &wrapping) == Code{CKR_OK});
    CK_WRAP_PARAMS given{iv, 16, before, sizeof before, after, sizeof after};
    Bytes wrapped;
    CHECK(wrap(session, Given(CKM_CS_AES_CBC_WRAP, given), wrapping, key, wrapped) ==
          Code{CKR_MECHANISM_INVALID});
    CHECK(wrap(session, Given(CKM_CS_AES_CBC_WRAP, iv), wrapping, key, wrapped) ==
          Code{CKR_MECHANISM_INVALID});
    CHECK(wrap(session, Given(CKM_AES_KEY_WRAP), wrapping, key, wrapped) == Code{CKR_OK});
    test::bad_input("calls of PKCS#11 that had to fail", 12);
}

TEST_CASE("every digest is OpenSSL's, every HMAC too") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    Bytes data(777, 6), value(40, 5), out(64), mac;
    const CK_OBJECT_HANDLE key = secret_key(session, CKK_GENERIC_SECRET, value);
    struct Row {
        CK_MECHANISM_TYPE digest, mac;
        const char* name;
    };
    for (const Row& row : {Row{CKM_MD5, CKM_MD5_HMAC, "MD5"},
                           {CKM_SHA_1, CKM_SHA_1_HMAC, "SHA1"},
                           {CKM_RIPEMD160, CKM_RIPEMD160_HMAC, "RIPEMD160"},
                           {CKM_SHA224, CKM_SHA224_HMAC, "SHA224"},
                           {CKM_SHA256, CKM_SHA256_HMAC, "SHA256"},
                           {CKM_SHA384, CKM_SHA384_HMAC, "SHA384"},
                           {CKM_SHA512, CKM_SHA512_HMAC, "SHA512"},
                           {CKM_SHA3_224, CKM_SHA3_224_HMAC, "SHA3-224"},
                           {CKM_SHA3_256, CKM_SHA3_256_HMAC, "SHA3-256"},
                           {CKM_SHA3_384, CKM_SHA3_384_HMAC, "SHA3-384"},
                           {CKM_SHA3_512, CKM_SHA3_512_HMAC, "SHA3-512"}}) {
        INFO(row.name);
        CK_ULONG length = 64;
        out.resize(length);
        REQUIRE(Code{C_DigestInit(session, Given(row.digest))} == Code{CKR_OK});
        REQUIRE(Code{C_Digest(session, data.data(), data.size(), out.data(), &length)} == Code{CKR_OK});
        out.resize(length);
        CHECK(out == digest(row.name, {data}));
        Bytes expected(64);
        std::size_t size = 0;
        REQUIRE(EVP_Q_mac(nullptr, "HMAC", nullptr, row.name, nullptr, value.data(), value.size(),
                          data.data(), data.size(), expected.data(), expected.size(), &size) != nullptr);
        expected.resize(size);
        REQUIRE(sign(session, Given(row.mac), key, data, mac) == Code{CKR_OK});
        CHECK(mac == expected);
        CHECK(verify(session, Given(row.mac), key, data, mac) == Code{CKR_OK});
    }
}
