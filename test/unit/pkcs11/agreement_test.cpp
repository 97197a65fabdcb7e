// Key agreement, what is built on it, and the functions of TLS 1.2, against OpenSSL (issue's P16).
#include <openssl/core_names.h>
#include <openssl/objects.h>

#include "firmware/crypto/der.h"
#include "firmware/crypto/digest.h"
#include "firmware/crypto/pkey.h"
#include "host-lib/pkcs11/attributes.h"
#include "test/bad_input.h"
#include "test/unit/pkcs11/calls.h"

using namespace cs2sim;

namespace {

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

}  // namespace

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

// Its first coordinate begins with the length that a DER OCTET STRING around the rest would have.
TEST_CASE("a point that could be read as DER is one, alone and with DER around it") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const auto pair = curve_pair(application, session, p256());
    Result<PrivateKey> peer = generate_ec("prime256v1");
    for (int tries = 0; tries < 20000 && ec_point(**peer)[1] != 63; ++tries) peer = generate_ec("prime256v1");
    const Bytes bare = ec_point(**peer);
    REQUIRE(bare[1] == bare.size() - 2);
    const auto own = ec_public_key(
        "prime256v1", p11::octets_content(application.value(session, pair.of_public, CKA_EC_POINT)));
    const Bytes secret = to_bytes(*ecdh(**peer, **own)), wrapped = p11::der_octets(bare);
    for (Bytes point : {bare, wrapped}) {
        CK_ECDH1_DERIVE_PARAMS parameters{CKD_NULL, 0, nullptr, point.size(), point.data()};
        CHECK(derived_value(application, session, Given(CKM_ECDH1_DERIVE, parameters), pair.of_private) ==
              secret);
        Attributes of_public;
        of_public.number(CKA_CLASS, CKO_PUBLIC_KEY).number(CKA_KEY_TYPE, CKK_EC);
        CK_OBJECT_HANDLE key = 0;
        REQUIRE(create(session, of_public.bytes(CKA_EC_PARAMS, p256()).bytes(CKA_EC_POINT, point), &key) ==
                Code{CKR_OK});
        CHECK(application.value(session, key, CKA_EC_POINT) == wrapped);
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
    const Bytes explicit_parameters = der_of(group.get(), i2d_ECPKParameters);
    REQUIRE(explicit_parameters.size() > 100);
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
