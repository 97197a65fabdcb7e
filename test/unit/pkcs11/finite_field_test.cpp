// DSA and DH: parameters, keys, signatures and agreement, against OpenSSL; and AES in cipher feedback.
#include <openssl/core_names.h>

#include "firmware/crypto/der.h"
#include "firmware/crypto/digest.h"
#include "firmware/crypto/finite_field.h"
#include "host-lib/pkcs11/attributes.h"
#include "test/bad_input.h"
#include "test/unit/pkcs11/calls.h"

using namespace cs2sim;

namespace {

struct Group {
    Bytes p, q, g;
};

// What C_GenerateKey makes as domain parameters.
Group new_group(Application& application, CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_ULONG bits) {
    CK_OBJECT_HANDLE domain = 0;
    REQUIRE(generate(session, Given(type), Attributes().number(CKA_PRIME_BITS, bits), &domain) ==
            Code{CKR_OK});
    CHECK(p11::ulong_of(application.value(session, domain, CKA_CLASS)) == CKO_DOMAIN_PARAMETERS);
    CHECK(p11::ulong_of(application.value(session, domain, CKA_PRIME_BITS)) == bits);
    Group group{
        application.value(session, domain, CKA_PRIME), {}, application.value(session, domain, CKA_BASE)};
    if (type == CKM_DSA_PARAMETER_GEN) group.q = application.value(session, domain, CKA_SUBPRIME);
    return group;
}

Attributes in_group(const Group& group) {
    Attributes attributes;
    attributes.bytes(CKA_PRIME, group.p).bytes(CKA_BASE, group.g);
    if (!group.q.empty()) attributes.bytes(CKA_SUBPRIME, group.q);
    return attributes;
}

// r and s of fixed length, checked by OpenSSL.
bool openssl_verifies(const Group& group, ByteView y, ByteView hash, ByteView signature) {
    const auto key = public_key_in({group.p, group.q, group.g}, true, y);
    REQUIRE(key);
    const int half = static_cast<int>(signature.size() / 2);
    const Handle<ECDSA_SIG> pair(ECDSA_SIG_new());
    ECDSA_SIG_set0(pair.get(), BN_bin2bn(signature.data(), half, nullptr),
                   BN_bin2bn(signature.data() + half, half, nullptr));
    const Bytes der = der_of(pair.get(), i2d_ECDSA_SIG);
    const Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key->get(), nullptr));
    REQUIRE(EVP_PKEY_verify_init(context.get()) == 1);
    return EVP_PKEY_verify(context.get(), der.data(), der.size(), hash.data(), hash.size()) == 1;
}

}  // namespace

TEST_CASE("DSA: parameters, a pair, signatures that OpenSSL verifies") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const Group group = new_group(application, session, CKM_DSA_PARAMETER_GEN, 1024);
    CHECK(group.q.size() == 20);
    const auto pair = application.generate_pair(session, CKM_DSA_KEY_PAIR_GEN, in_group(group),
                                                Attributes().flag(CKA_SIGN, true));
    const Bytes y = application.value(session, pair.of_public, CKA_VALUE);
    for (const CK_OBJECT_HANDLE half : {pair.of_public, pair.of_private}) {
        CHECK(p11::ulong_of(application.value(session, half, CKA_KEY_TYPE)) == CKK_DSA);
        CHECK(application.value(session, half, CKA_PRIME) == group.p);
        CHECK(application.value(session, half, CKA_SUBPRIME) == group.q);
        CHECK(application.value(session, half, CKA_BASE) == group.g);
    }
    const Bytes data(1000, 7);
    Bytes signature;
    for (const auto& [type, name] :
         {std::pair{CKM_DSA_SHA1, "SHA1"}, std::pair{CKM_DSA_SHA256, "SHA256"},
          std::pair{CKM_DSA_SHA3_512, "SHA3-512"}, std::pair{CKM_CS_DSA_SHA384, "SHA384"}}) {
        INFO(name);
        REQUIRE(sign(session, Given(type), pair.of_private, data, signature) == Code{CKR_OK});
        CHECK(signature.size() == 40);
        CHECK(openssl_verifies(group, y, digest(name, {data}), signature));
        CHECK(verify(session, Given(type), pair.of_public, data, signature) == Code{CKR_OK});
        signature[3] ^= 1;
        CHECK(verify(session, Given(type), pair.of_public, data, signature) == Code{CKR_SIGNATURE_INVALID});
        signature.pop_back();
        CHECK(verify(session, Given(type), pair.of_public, data, signature) == Code{CKR_SIGNATURE_LEN_RANGE});
    }
    const Bytes hash = digest("SHA1", {data});
    REQUIRE(sign(session, Given(CKM_DSA), pair.of_private, hash, signature) == Code{CKR_OK});
    CHECK(openssl_verifies(group, y, hash, signature));
    CHECK(sign(session, Given(CKM_ECDSA), pair.of_private, hash, signature) ==
          Code{CKR_KEY_TYPE_INCONSISTENT});
}

TEST_CASE("DSA and DH keys are created from their components, and come out again") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    for (const CK_KEY_TYPE type : {CKK_DSA, CKK_DH}) {
        const bool dsa = type == CKK_DSA;
        const DomainParameters made = dsa ? *generate_dsa_parameters(1024, 160) : *dh_group(2048);
        const Group group{made.p, made.q, made.g};
        const auto key = dsa ? generate_dsa(made) : generate_dh(made);
        REQUIRE(key);
        BIGNUM* number = nullptr;
        REQUIRE(EVP_PKEY_get_bn_param(key->get(), OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1);
        Bytes x(static_cast<std::size_t>(BN_num_bytes(number)));
        BN_bn2bin(number, x.data());
        BN_free(number);
        Attributes of_private = in_group(group);
        of_private.number(CKA_CLASS, CKO_PRIVATE_KEY).number(CKA_KEY_TYPE, type).bytes(CKA_VALUE, x);
        of_private.flag(CKA_SENSITIVE, false).flag(CKA_EXTRACTABLE, true);
        Attributes of_public = in_group(group);
        of_public.number(CKA_CLASS, CKO_PUBLIC_KEY).number(CKA_KEY_TYPE, type);
        CK_OBJECT_HANDLE object = 0, public_object = 0;
        REQUIRE(create(session, of_private, &object) == Code{CKR_OK});
        CHECK(application.value(session, object, CKA_VALUE) == x);
        CHECK(create(session, of_public, &public_object) == Code{CKR_TEMPLATE_INCOMPLETE});
        of_public.bytes(CKA_VALUE, *public_value(**key));
        REQUIRE(create(session, of_public, &public_object) == Code{CKR_OK});
        CHECK(application.value(session, public_object, CKA_VALUE) == *public_value(**key));
        if (dsa) {
            Bytes signature;
            REQUIRE(sign(session, Given(CKM_DSA_SHA256), object, x, signature) == Code{CKR_OK});
            CHECK(verify(session, Given(CKM_DSA_SHA256), public_object, x, signature) == Code{CKR_OK});
        }
        of_private.bytes(CKA_MODULUS, x);  // RSA's
        CHECK(create(session, of_private, &object) == Code{CKR_TEMPLATE_INCONSISTENT});
    }
}

TEST_CASE("DH: two sides agree, as OpenSSL does") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const Group group = new_group(application, session, CKM_DH_PKCS_PARAMETER_GEN, 2048);
    Attributes of_private;
    of_private.flag(CKA_DERIVE, true).number(CKA_VALUE_BITS, 256);
    const auto pair =
        application.generate_pair(session, CKM_DH_PKCS_KEY_PAIR_GEN, in_group(group), of_private);
    const auto peer = generate_dh({group.p, {}, group.g});
    REQUIRE(peer);
    Bytes value = *public_value(**peer);
    const auto own =
        public_key_in({group.p, {}, group.g}, false, application.value(session, pair.of_public, CKA_VALUE));
    REQUIRE(own);
    const auto secret = dh_agree(**peer, **own, true);
    REQUIRE(secret);
    const Bytes all(secret->begin(), secret->end());
    const Given mechanism(CKM_DH_PKCS_DERIVE, value.data(), value.size());
    CHECK(derived_value(application, session, mechanism, pair.of_private) == all);
    CHECK(derived_value(application, session, mechanism, pair.of_private, CKK_AES, 32) ==
          Bytes(all.end() - 32, all.end()));
    CK_OBJECT_HANDLE none = 0;
    CHECK(derive(session, Given(CKM_DH_PKCS_DERIVE), pair.of_private, readable(CKK_AES, 32), &none) ==
          Code{CKR_MECHANISM_PARAM_INVALID});
    Bytes one{1};
    CHECK(derive(session, Given(CKM_DH_PKCS_DERIVE, one.data(), one.size()), pair.of_private,
                 readable(CKK_AES, 32), &none) != Code{CKR_OK});
}

TEST_CASE("templates of parameters and pairs in groups are checked") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    CK_OBJECT_HANDLE object = 0, other = 0;
    for (const CK_MECHANISM_TYPE type : {CKM_DSA_PARAMETER_GEN, CKM_DH_PKCS_PARAMETER_GEN}) {
        CHECK(generate(session, Given(type), Attributes(), &object) == Code{CKR_TEMPLATE_INCOMPLETE});
        CHECK(generate(session, Given(type), Attributes().number(CKA_PRIME_BITS, 512), &object) ==
              Code{CKR_KEY_SIZE_RANGE});
        CHECK(generate(session, Given(type), Attributes().number(CKA_PRIME_BITS, CK_ULONG{1} << 40),
                       &object) == Code{CKR_KEY_SIZE_RANGE});
        CHECK(generate(session, Given(type),
                       Attributes().number(CKA_PRIME_BITS, 1024).number(CKA_CLASS, CKO_DATA),
                       &object) == Code{CKR_TEMPLATE_INCONSISTENT});
    }
    CHECK(generate(session, Given(CKM_DSA_PARAMETER_GEN),
                   Attributes().number(CKA_PRIME_BITS, 2048).number(CKA_SUB_PRIME_BITS, 160),
                   &object) == Code{CKR_KEY_SIZE_RANGE});
    Attributes of_public, of_private;
    of_public.bytes(CKA_BASE, Bytes{2});
    Given pair(CKM_DH_PKCS_KEY_PAIR_GEN);
    CHECK(Code{C_GenerateKeyPair(session, pair, of_public.data(), of_public.size(), of_private.data(),
                                 of_private.size(), &object, &other)} == Code{CKR_TEMPLATE_INCOMPLETE});
    of_public.bytes(CKA_PRIME, Bytes(64, 0xFF));  // 512 bits
    CHECK(Code{C_GenerateKeyPair(session, pair, of_public.data(), of_public.size(), of_private.data(),
                                 of_private.size(), &object, &other)} == Code{CKR_KEY_SIZE_RANGE});
    // A prime that is none, of good size: for DSA it is looked at.
    Attributes bad;
    bad.bytes(CKA_PRIME, Bytes(128, 0xFF)).bytes(CKA_SUBPRIME, Bytes(20, 0xFF)).bytes(CKA_BASE, Bytes{2});
    Given dsa(CKM_DSA_KEY_PAIR_GEN);
    CHECK(Code{C_GenerateKeyPair(session, dsa, bad.data(), bad.size(), of_private.data(), of_private.size(),
                                 &object, &other)} == Code{CKR_ATTRIBUTE_VALUE_INVALID});
}

TEST_CASE("domain parameters are stored and found: curves, DSA, DH") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const DomainParameters known = *dh_group(2048);
    CK_OBJECT_HANDLE domain = 0;
    Attributes curve;
    curve.number(CKA_CLASS, CKO_DOMAIN_PARAMETERS).number(CKA_KEY_TYPE, CKK_EC).bytes(CKA_EC_PARAMS, p256());
    curve.flag(CKA_TOKEN, true);
    REQUIRE(create(session, curve, &domain) == Code{CKR_OK});
    CHECK(application.value(session, domain, CKA_EC_PARAMS) == p256());
    CHECK(p11::ulong_of(application.value(session, domain, CKA_KEY_TYPE)) == CKK_EC);
    CHECK(application.find(session, Attributes().bytes(CKA_EC_PARAMS, p256())).size() == 1);
    Attributes group;
    group.number(CKA_CLASS, CKO_DOMAIN_PARAMETERS).number(CKA_KEY_TYPE, CKK_DH);
    CHECK(create(session, group, &domain) == Code{CKR_TEMPLATE_INCOMPLETE});
    group.bytes(CKA_PRIME, known.p).bytes(CKA_BASE, known.g);
    REQUIRE(create(session, group, &domain) == Code{CKR_OK});
    CHECK(application.value(session, domain, CKA_PRIME) == known.p);
    CHECK(application.value(session, domain, CKA_BASE) == known.g);
    CHECK(application.find(session, Attributes().bytes(CKA_PRIME, known.p)).size() == 1);
    CK_ATTRIBUTE subprime{CKA_SUBPRIME, nullptr, 0};
    CHECK(Code{C_GetAttributeValue(session, domain, &subprime, 1)} == Code{CKR_ATTRIBUTE_TYPE_INVALID});
    group.bytes(CKA_SUBPRIME, Bytes{3});  // DSA's
    CHECK(create(session, group, &domain) == Code{CKR_TEMPLATE_INCONSISTENT});
}

TEST_CASE("a profile without DSA has neither it nor DH; FIPS mode only verifies") {
    CK_MECHANISM_INFO info{};
    {
        Application application("", "se-gen2-fips");
        (void)application.open_as_user();
        REQUIRE(Code{C_GetMechanismInfo(0, CKM_DSA_SHA256, &info)} == Code{CKR_OK});
        CHECK((info.flags & (CKF_SIGN | CKF_VERIFY)) == CKF_VERIFY);
        CHECK(Code{C_GetMechanismInfo(0, CKM_DSA_KEY_PAIR_GEN, &info)} == Code{CKR_MECHANISM_INVALID});
        CHECK(Code{C_GetMechanismInfo(0, CKM_DH_PKCS_DERIVE, &info)} == Code{CKR_OK});
    }
    Application application("", "cp5");
    for (const CK_MECHANISM_TYPE type :
         {CKM_DSA, CKM_DSA_SHA256, CKM_DSA_PARAMETER_GEN, CKM_DH_PKCS_KEY_PAIR_GEN, CKM_DH_PKCS_DERIVE})
        CHECK(Code{C_GetMechanismInfo(0, type, &info)} == Code{CKR_MECHANISM_INVALID});
}

TEST_CASE("AES in cipher feedback: known answers, whole and in pieces") {
    // SP 800-38A, appendix F.3.13 (CFB128), F.3.7 (CFB8), F.3.1 (CFB1), key of 128 bits.
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const CK_OBJECT_HANDLE key = secret_key(session, CKK_AES, hex_bytes("2B7E151628AED2A6ABF7158809CF4F3C"));
    CK_BYTE iv[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    struct Row {
        CK_MECHANISM_TYPE type;
        const char *plain, *cipher;
    };
    for (const Row& row :
         {Row{CKM_AES_CFB128, "6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51",
              "3B3FD92EB72DAD20333449F8E83CFB4AC8A64537A0B3A93FCDE3CDAD9F1CE58B"},
          Row{CKM_AES_CFB8, "6BC1BEE22E409F96E93D7E117393172AAE2D", "3B79424C9C0DD436BACE9E0ED4586A4F32B9"},
          Row{CKM_AES_CFB1, "6BC1", "68B3"}}) {
        INFO(row.cipher);
        const Bytes plain = hex_bytes(row.plain);
        Bytes out, back;
        REQUIRE(encrypt(session, Given(row.type, iv), key, plain, out) == Code{CKR_OK});
        CHECK(out == hex_bytes(row.cipher));
        REQUIRE(decrypt(session, Given(row.type, iv), key, out, back) == Code{CKR_OK});
        CHECK(back == plain);
        // One byte at a time.
        Given mechanism(row.type, iv);
        REQUIRE(Code{C_EncryptInit(session, mechanism, key)} == Code{CKR_OK});
        Bytes pieces;
        for (CK_BYTE byte : plain) {
            CK_BYTE piece[32];
            CK_ULONG length = sizeof piece;
            REQUIRE(Code{C_EncryptUpdate(session, &byte, 1, piece, &length)} == Code{CKR_OK});
            pieces.insert(pieces.end(), piece, piece + length);
        }
        CK_BYTE last[32];
        CK_ULONG length = sizeof last;
        REQUIRE(Code{C_EncryptFinal(session, last, &length)} == Code{CKR_OK});
        pieces.insert(pieces.end(), last, last + length);
        CHECK(pieces == out);
    }
}
