// Every kind of mechanism against known answers or against OpenSSL (issue's P16).
#include <openssl/core_names.h>
#include <openssl/objects.h>

#include "firmware/crypto/cipher.h"
#include "firmware/crypto/digest.h"
#include "firmware/crypto/pkey.h"
#include "host-lib/pkcs11/attributes.h"
#include "test/bad_input.h"
#include "test/unit/pkcs11/calls.h"

using namespace cs2sim;

namespace {

Bytes p256() { return hex_bytes("06082A8648CE3D030107"); }

Bytes openssl_kdf(const char* name, const char* digest_name, const char* secret_parameter, ByteView secret,
                  const char* seed_parameter, ByteView seed, std::size_t length) {
    const Handle<EVP_KDF> method(EVP_KDF_fetch(nullptr, name, nullptr));
    const Handle<EVP_KDF_CTX> context(EVP_KDF_CTX_new(method.get()));
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, const_cast<char*>(digest_name), 0),
        OSSL_PARAM_construct_octet_string(secret_parameter, const_cast<std::uint8_t*>(secret.data()),
                                          secret.size()),
        OSSL_PARAM_construct_octet_string(seed_parameter, const_cast<std::uint8_t*>(seed.data()),
                                          seed.size()),
        OSSL_PARAM_construct_end()};
    Bytes out(length);
    REQUIRE(EVP_KDF_derive(context.get(), out.data(), out.size(), parameters) == 1);
    return out;
}

Bytes x963(const char* hash, ByteView secret, ByteView shared, std::size_t length) {
    return openssl_kdf("X963KDF", hash, OSSL_KDF_PARAM_KEY, secret, OSSL_KDF_PARAM_INFO, shared, length);
}
Bytes prf(ByteView secret, ByteView seed, std::size_t length) {
    return openssl_kdf("TLS1-PRF", "SHA256", OSSL_KDF_PARAM_SECRET, secret, OSSL_KDF_PARAM_SEED, seed,
                       length);
}

Application::Pair curve_pair(Application& application, CK_SESSION_HANDLE session, ByteView parameters,
                             CK_MECHANISM_TYPE type = CKM_EC_KEY_PAIR_GEN) {
    return application.generate_pair(session, type,
                                     Attributes().bytes(CKA_EC_PARAMS, parameters).flag(CKA_ENCRYPT, true),
                                     Attributes().flag(CKA_DERIVE, true).flag(CKA_DECRYPT, true));
}

CK_OBJECT_HANDLE secret_key(CK_SESSION_HANDLE session, CK_KEY_TYPE type, ByteView value) {
    CK_OBJECT_HANDLE key = 0;
    REQUIRE(create(session, secret_value(type, value), &key) == Code{CKR_OK});
    return key;
}

Bytes derived_value(Application& application, CK_SESSION_HANDLE session, Given mechanism,
                    CK_OBJECT_HANDLE base, CK_KEY_TYPE type = CKK_GENERIC_SECRET, CK_ULONG length = 0) {
    CK_OBJECT_HANDLE key = 0;
    REQUIRE(derive(session, mechanism, base, readable(type, length), &key) == Code{CKR_OK});
    return application.value(session, key, CKA_VALUE);
}

Bytes joined(ByteView a, ByteView b) {
    Bytes out = to_bytes(a);
    append(out, b);
    return out;
}

}  // namespace

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

TEST_CASE("the functions of TLS 1.2 are those of RFC 5246") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const Bytes premaster(48, 0x31), handshake(32, 5);
    const CK_OBJECT_HANDLE base = secret_key(session, CKK_GENERIC_SECRET, premaster);
    Bytes client(32, 1), server(32, 2);
    CK_SSL3_RANDOM_DATA randoms{client.data(), 32, server.data(), 32};
    CK_VERSION version{};
    CK_TLS12_MASTER_KEY_DERIVE_PARAMS master{randoms, &version, CKM_SHA256};
    Bytes seed = to_bytes(as_bytes("master secret"));
    append(seed, client);
    append(seed, server);
    const Bytes secret =
        derived_value(application, session, Given(CKM_TLS12_MASTER_KEY_DERIVE, master), base);
    CHECK(secret == prf(premaster, seed, 48));
    CHECK((version.major == 3 && version.minor == 3));

    CK_BYTE label[] = {'k', 'e', 'y', ' ', 'e', 'x', 'p', 'a', 'n', 's', 'i', 'o', 'n'};
    CK_TLS_KDF_PARAMS expansion{CKM_SHA256, label, sizeof label, randoms, nullptr, 0};
    seed = joined(label, client);
    append(seed, server);
    CHECK(derived_value(application, session, Given(CKM_TLS12_KDF, expansion), base, CKK_GENERIC_SECRET,
                        100) == prf(premaster, seed, 100));
    CK_OBJECT_HANDLE none = 0;
    CHECK(derive(session, Given(CKM_TLS_KDF, expansion), base, readable(CKK_GENERIC_SECRET), &none) ==
          Code{CKR_TEMPLATE_INCOMPLETE});

    CK_TLS_MAC_PARAMS finished{CKM_SHA256, 12, 2};
    Bytes mac;
    REQUIRE(sign(session, Given(CKM_TLS12_MAC, finished), base, handshake, mac) == Code{CKR_OK});
    CHECK(mac == prf(premaster, joined(as_bytes("client finished"), handshake), 12));
    CHECK(verify(session, Given(CKM_TLS_MAC, finished), base, handshake, mac) == Code{CKR_OK});
    finished.ulServerOrClient = 1;
    CHECK(verify(session, Given(CKM_TLS12_MAC, finished), base, handshake, mac) ==
          Code{CKR_SIGNATURE_INVALID});
    finished.ulServerOrClient = 3;
    CHECK(sign(session, Given(CKM_TLS12_MAC, finished), base, handshake, mac) ==
          Code{CKR_MECHANISM_PARAM_INVALID});
}

TEST_CASE("agreement on curves: all of the secret, its last bytes, and the KDFs of X9.63") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    struct Curve {
        const char *name, *parameters;
        std::size_t bytes;
    };
    for (const Curve& curve : {Curve{"prime256v1", "06082A8648CE3D030107", 32},
                               {"secp384r1", "06052B81040022", 48},
                               {"secp521r1", "06052B81040023", 66},
                               {"secp256k1", "06052B8104000A", 32},
                               {"brainpoolP256r1", "06092B2403030208010107", 32}}) {
        INFO(curve.name);
        const auto pair = curve_pair(application, session, hex_bytes(curve.parameters));
        const auto peer = generate_ec(curve.name);
        REQUIRE(peer);
        Bytes point = ec_point(**peer);
        const Bytes own_point = application.value(session, pair.of_public, CKA_EC_POINT);
        const auto own = ec_public_key(curve.name, p11::octets_content(own_point));
        REQUIRE(own);
        const Bytes secret = to_bytes(*ecdh(**peer, **own));
        CK_ECDH1_DERIVE_PARAMS parameters{CKD_NULL, 0, nullptr, point.size(), point.data()};
        for (const CK_MECHANISM_TYPE type : {CKM_ECDH1_DERIVE, CKM_ECDH1_COFACTOR_DERIVE, CKM_CS_ECKA})
            CHECK(derived_value(application, session, Given(type, parameters), pair.of_private) == secret);
        CHECK(derived_value(application, session, Given(CKM_ECDH1_DERIVE, parameters), pair.of_private,
                            CKK_AES, 16) == Bytes(secret.end() - 16, secret.end()));
        Bytes wrapped = p11::der_octets(point), shared(20, 8);
        parameters = {CKD_SHA256_KDF, shared.size(), shared.data(), wrapped.size(), wrapped.data()};
        CHECK(derived_value(application, session, Given(CKM_ECDH1_DERIVE, parameters), pair.of_private,
                            CKK_GENERIC_SECRET, 100) == x963("SHA256", secret, shared, 100));
        parameters = {CKD_SHA1_KDF, 0, nullptr, point.size(), point.data()};
        CHECK(derived_value(application, session, Given(CKM_ECDH1_DERIVE, parameters), pair.of_private,
                            CKK_AES, 32) == x963("SHA1", secret, {}, 32));
        parameters.kdf = CKD_CPDIVERSIFY_KDF;
        CK_OBJECT_HANDLE none = 0;
        CHECK(derive(session, Given(CKM_ECDH1_DERIVE, parameters), pair.of_private, readable(CKK_AES, 16),
                     &none) == Code{CKR_MECHANISM_PARAM_INVALID});
    }
}

TEST_CASE("X25519 agrees with OpenSSL, Ed25519 signs for it") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const auto montgomery =
        curve_pair(application, session, hex_bytes("06032B656E"), CKM_EC_MONTGOMERY_KEY_PAIR_GEN);
    const Handle<EVP_PKEY> peer(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
    Bytes raw(32);
    std::size_t size = raw.size();
    REQUIRE(EVP_PKEY_get_raw_public_key(peer.get(), raw.data(), &size) == 1);
    const Bytes own = application.value(session, montgomery.of_public, CKA_EC_POINT);
    const ByteView content = p11::octets_content(own);
    const Handle<EVP_PKEY> other(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, content.data(), content.size()));
    CK_ECDH1_DERIVE_PARAMS parameters{CKD_NULL, 0, nullptr, raw.size(), raw.data()};
    CHECK(derived_value(application, session, Given(CKM_ECDH1_DERIVE, parameters), montgomery.of_private) ==
          to_bytes(*ecdh(*peer, *other)));

    const auto edwards =
        application.generate_pair(session, CKM_EC_EDWARDS_KEY_PAIR_GEN,
                                  Attributes().bytes(CKA_EC_PARAMS, hex_bytes("06032B6570")), Attributes());
    Bytes signature, data(33, 4);
    REQUIRE(sign(session, Given(CKM_EDDSA), edwards.of_private, data, signature) == Code{CKR_OK});
    const Bytes point = application.value(session, edwards.of_public, CKA_EC_POINT);
    const ByteView bare = p11::octets_content(point);
    const Handle<EVP_PKEY> key(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bare.data(), bare.size()));
    const Handle<EVP_MD_CTX> context(EVP_MD_CTX_new());
    REQUIRE(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1);
    CHECK(EVP_DigestVerify(context.get(), signature.data(), signature.size(), data.data(), data.size()) == 1);
}

TEST_CASE("curves are named by identifier, by name and by their parameters") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    Handle<EC_GROUP> group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
    EC_GROUP_set_asn1_flag(group.get(), OPENSSL_EC_EXPLICIT_CURVE);
    unsigned char* der = nullptr;
    const int size = i2d_ECPKParameters(group.get(), &der);
    REQUIRE(size > 100);
    const Bytes explicit_parameters(der, der + size);
    OPENSSL_free(der);
    for (const Bytes& parameters : {p256(), hex_bytes("130A7072696D653235367631"), explicit_parameters}) {
        const auto pair = curve_pair(application, session, parameters);
        CHECK(application.value(session, pair.of_private, CKA_EC_PARAMS) == p256());
    }
}

TEST_CASE("ECIES: what OpenSSL's parts make is decrypted, and nothing that was altered") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const auto pair = curve_pair(application, session, p256());
    const Bytes text = to_bytes(as_bytes("a text of some length"));
    Bytes first(5, 1), second(6, 2), out, plain;
    CK_ECDSA_ECIES_PARAMS parameters{CKM_SHA256,   CKM_AES_CBC_PAD, 256,           CKM_SHA256_HMAC, 16,
                                     first.data(), first.size(),    second.data(), second.size()};
    for (const CK_MECHANISM_TYPE type : {CKM_CS_ECDSA_ECIES, CKM_CS_ECDSA_ECIES_XOR}) {
        REQUIRE(encrypt(session, Given(type, parameters), pair.of_public, text, out) == Code{CKR_OK});
        REQUIRE(decrypt(session, Given(type, parameters), pair.of_private, out, plain) == Code{CKR_OK});
        CHECK(plain == text);
        for (const std::size_t at : {std::size_t{70}, out.size() - 1}) {
            Bytes altered = out;
            altered[at] ^= 1;
            CHECK(decrypt(session, Given(type, parameters), pair.of_private, altered, plain) ==
                  Code{CKR_ENCRYPTED_DATA_INVALID});
        }
        CHECK(decrypt(session, Given(type, parameters), pair.of_private, ByteView(out).first(60), plain) ==
              Code{CKR_ENCRYPTED_DATA_LEN_RANGE});
    }
    // The same by hand: XOR, SEC 1 section 5.1.
    const auto ephemeral = generate_ec("prime256v1");
    const Bytes point = application.value(session, pair.of_public, CKA_EC_POINT);
    const auto own = ec_public_key("prime256v1", p11::octets_content(point));
    const Bytes keys = x963("SHA256", *ecdh(**ephemeral, **own), first, text.size() + 32);
    Bytes hidden = text;
    for (std::size_t i = 0; i < hidden.size(); ++i) hidden[i] ^= keys[i];
    const Bytes mac = hmac_sha256(ByteView(keys).subspan(text.size()), {hidden, second});
    Bytes message = joined(ec_point(**ephemeral), hidden);
    append(message, ByteView(mac).first(16));
    REQUIRE(decrypt(session, Given(CKM_CS_ECDSA_ECIES_XOR, parameters), pair.of_private, message, plain) ==
            Code{CKR_OK});
    CHECK(plain == text);
    parameters.macAlg = CKM_SHA256;
    CHECK(encrypt(session, Given(CKM_CS_ECDSA_ECIES, parameters), pair.of_public, text, out) ==
          Code{CKR_MECHANISM_PARAM_INVALID});
    test::bad_input("calls of PKCS#11 that had to fail", 7);
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
