// Objects: creation, attributes and their rules, search, and what ends with a session (issue's P11 to P14,
// P18).
#include <openssl/core_names.h>

#include "firmware/crypto/pkey.h"
#include "host-lib/pkcs11/attributes.h"
#include "host-lib/pkcs11/key_components.h"
#include "test/bad_input.h"
#include "test/unit/pkcs11/calls.h"

using namespace cs2sim;

namespace {

Code generate(CK_SESSION_HANDLE session, Attributes attributes) {
    CK_MECHANISM mechanism{CKM_AES_KEY_GEN, nullptr, 0};
    CK_OBJECT_HANDLE key = 0;
    return {C_GenerateKey(session, &mechanism, attributes.data(), attributes.size(), &key)};
}

Attributes aes(const std::string& label = "aes", bool token = true) {
    return Attributes().number(CKA_VALUE_LEN, 32).text(CKA_LABEL, label).flag(CKA_TOKEN, token);
}

const Bytes kTrue{CK_TRUE}, kFalse{CK_FALSE};

}  // namespace

TEST_CASE("token objects are found by label, identifier and class, in any session and after a new start") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    application.generate(session, CKM_AES_KEY_GEN, aes("one").bytes(CKA_ID, Bytes{1}));
    application.generate(session, CKM_AES_KEY_GEN, aes("two").bytes(CKA_ID, Bytes{2}));
    application.generate(session, CKM_AES_KEY_GEN, aes("session", false));
    CHECK(application.find(session, Attributes()).size() == 3);
    CHECK(application.find(session, Attributes().text(CKA_LABEL, "one")).size() == 1);
    CHECK(application.find(session, Attributes().bytes(CKA_ID, Bytes{2})).size() == 1);
    CHECK(application.find(session, Attributes().flag(CKA_TOKEN, false)).size() == 1);
    CHECK(application.find(session, Attributes().number(CKA_CLASS, CKO_PRIVATE_KEY)).empty());
    CHECK(application.find(session, Attributes().number(CKA_KEY_TYPE, CKK_AES).number(CKA_VALUE_LEN, 32))
              .size() == 3);
    const CK_SESSION_HANDLE other = application.open();
    CHECK(application.find(session, Attributes().text(CKA_LABEL, "one")) ==
          application.find(other, Attributes().text(CKA_LABEL, "one")));
    CHECK(Code{C_CloseSession(session)} == Code{CKR_OK});
    CHECK(application.find(other, Attributes()).size() == 2);
    REQUIRE(Code{C_Finalize(nullptr)} == Code{CKR_OK});
    REQUIRE(initialize() == Code{CKR_OK});
    CHECK(application.find(application.open_as_user(), Attributes()).size() == 2);
}

TEST_CASE("a search is one at a time, gives each object once, and knows its attributes") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    for (int i = 0; i < 5; ++i) application.generate(session, CKM_AES_KEY_GEN, aes());
    CK_OBJECT_HANDLE objects[3];
    CK_ULONG count = 0;
    CHECK(Code{C_FindObjects(session, objects, 3, &count)} == Code{CKR_OPERATION_NOT_INITIALIZED});
    REQUIRE(Code{C_FindObjectsInit(session, nullptr, 0)} == Code{CKR_OK});
    CHECK(Code{C_FindObjectsInit(session, nullptr, 0)} == Code{CKR_OPERATION_ACTIVE});
    CHECK(Code{C_FindObjects(session, nullptr, 3, &count)} == Code{CKR_ARGUMENTS_BAD});
    std::set<CK_OBJECT_HANDLE> all;
    for (const CK_ULONG expected : {3, 2, 0}) {
        REQUIRE(Code{C_FindObjects(session, objects, 3, &count)} == Code{CKR_OK});
        CHECK(count == expected);
        all.insert(objects, objects + count);
    }
    CHECK(all.size() == 5);
    CHECK(Code{C_FindObjectsFinal(session)} == Code{CKR_OK});
    Attributes unknown;
    unknown.flag(0x7777, true);
    CHECK(Code{C_FindObjectsInit(session, unknown.data(), 1)} == Code{CKR_ATTRIBUTE_TYPE_INVALID});
}

TEST_CASE("CKA_UNIQUE_ID is each object's own, that of session objects too, and stays when it is changed") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    std::set<std::string> ids;
    const auto id_of = [&](CK_OBJECT_HANDLE key) {
        char id[100];
        CK_ATTRIBUTE wanted{CKA_UNIQUE_ID, id, sizeof id};
        REQUIRE(Code{C_GetAttributeValue(session, key, &wanted, 1)} == Code{CKR_OK});
        return std::string(id, wanted.ulValueLen);
    };
    for (int i = 0; i < 4; ++i) {
        const CK_OBJECT_HANDLE key = application.generate(session, CKM_AES_KEY_GEN, aes("aes", i % 2 == 0));
        const std::string id = id_of(key);
        CHECK(ids.insert(id).second);
        CHECK(application.find(session, Attributes().text(CKA_UNIQUE_ID, id)) == std::vector{key});
        Attributes change = Attributes().text(CKA_LABEL, "changed");
        REQUIRE(Code{C_SetAttributeValue(session, key, change.data(), change.size())} == Code{CKR_OK});
        CHECK(id_of(key) == id);
    }
}

TEST_CASE("C_GetAttributeValue fills in every length") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const CK_OBJECT_HANDLE key = application.generate(session, CKM_AES_KEY_GEN, aes("label"));
    CK_BYTE small[2], large[64];
    CK_ATTRIBUTE wanted[] = {{CKA_LABEL, large, sizeof large},
                             {CKA_VALUE, large, sizeof large},
                             {CKA_LABEL, small, sizeof small},
                             {CKA_MODULUS, large, sizeof large},
                             {CKA_VALUE_LEN, nullptr, 0}};
    CHECK(Code{C_GetAttributeValue(session, key, wanted, 5)} == Code{CKR_ATTRIBUTE_SENSITIVE});
    CHECK(wanted[0].ulValueLen == 5);
    CHECK(wanted[1].ulValueLen == CK_UNAVAILABLE_INFORMATION);
    CHECK(wanted[2].ulValueLen == CK_UNAVAILABLE_INFORMATION);
    CHECK(wanted[3].ulValueLen == CK_UNAVAILABLE_INFORMATION);
    CHECK(wanted[4].ulValueLen == sizeof(CK_ULONG));
    wanted[2].ulValueLen = sizeof small;
    CHECK(Code{C_GetAttributeValue(session, key, wanted + 2, 1)} == Code{CKR_BUFFER_TOO_SMALL});
    CHECK(Code{C_GetAttributeValue(session, key, wanted + 3, 1)} == Code{CKR_ATTRIBUTE_TYPE_INVALID});
    CHECK(Code{C_GetAttributeValue(session, key + 1000, wanted, 1)} == Code{CKR_OBJECT_HANDLE_INVALID});
    test::bad_input("calls of PKCS#11 that had to fail", 4);
}

TEST_CASE("attributes that guard a key stick, on any way round") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const CK_OBJECT_HANDLE open = application.generate(
        session, CKM_AES_KEY_GEN, aes().flag(CKA_SENSITIVE, false).flag(CKA_EXTRACTABLE, true));
    CHECK(application.value(session, open, CKA_VALUE).size() == 32);
    CHECK(application.value(session, open, CKA_NEVER_EXTRACTABLE) == kFalse);
    CHECK(set(session, open, Attributes().flag(CKA_SENSITIVE, true)) == Code{CKR_OK});
    CK_BYTE value[32];
    CK_ATTRIBUTE wanted{CKA_VALUE, value, sizeof value};
    CHECK(Code{C_GetAttributeValue(session, open, &wanted, 1)} == Code{CKR_ATTRIBUTE_SENSITIVE});
    CHECK(set(session, open, Attributes().flag(CKA_SENSITIVE, false)) == Code{CKR_ATTRIBUTE_READ_ONLY});
    CHECK(set(session, open, Attributes().flag(CKA_EXTRACTABLE, false)) == Code{CKR_OK});
    CHECK(set(session, open, Attributes().flag(CKA_EXTRACTABLE, true)) == Code{CKR_ATTRIBUTE_READ_ONLY});
    CHECK(set(session, open, Attributes().flag(CKA_WRAP_WITH_TRUSTED, true)) == Code{CKR_OK});
    CHECK(set(session, open, Attributes().flag(CKA_WRAP_WITH_TRUSTED, false)) ==
          Code{CKR_ATTRIBUTE_READ_ONLY});
    CHECK(set(session, open, Attributes().flag(CKA_TRUSTED, true)) == Code{CKR_ATTRIBUTE_READ_ONLY});
    CHECK(set(session, open, Attributes().flag(CKA_LOCAL, false)) == Code{CKR_ATTRIBUTE_READ_ONLY});
    CHECK(generate(session, aes().flag(CKA_TRUSTED, true)) == Code{CKR_ATTRIBUTE_READ_ONLY});
    CHECK(generate(session, aes().flag(CKA_LOCAL, true)) == Code{CKR_ATTRIBUTE_READ_ONLY});
    CK_OBJECT_HANDLE copy = 0;
    for (Attributes changes :
         {Attributes().flag(CKA_SENSITIVE, false), Attributes().flag(CKA_EXTRACTABLE, true)})
        CHECK(Code{C_CopyObject(session, open, changes.data(), changes.size(), &copy)} ==
              Code{CKR_ATTRIBUTE_READ_ONLY});
    Attributes renamed;
    renamed.text(CKA_LABEL, "copy").flag(CKA_TOKEN, false);
    REQUIRE(Code{C_CopyObject(session, open, renamed.data(), renamed.size(), &copy)} == Code{CKR_OK});
    CHECK(application.value(session, copy, CKA_SENSITIVE) == kTrue);
    CHECK(application.value(session, copy, CKA_TOKEN) == kFalse);
    test::bad_input("calls of PKCS#11 that had to fail", 11);
}

TEST_CASE("what may not be changed, copied or destroyed") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const CK_OBJECT_HANDLE fixed = application.generate(
        session, CKM_AES_KEY_GEN,
        aes().flag(CKA_MODIFIABLE, false).flag(CKA_COPYABLE, false).flag(CKA_DESTROYABLE, false));
    CHECK(set(session, fixed, Attributes().text(CKA_LABEL, "x")) == Code{CKR_ACTION_PROHIBITED});
    CK_OBJECT_HANDLE copy = 0;
    CHECK(Code{C_CopyObject(session, fixed, nullptr, 0, &copy)} == Code{CKR_ACTION_PROHIBITED});
    CHECK(Code{C_DestroyObject(session, fixed)} == Code{CKR_ACTION_PROHIBITED});
    const CK_OBJECT_HANDLE key = application.generate(session, CKM_AES_KEY_GEN, aes());
    const CK_SESSION_HANDLE reader = application.open(0);
    CHECK(Code{C_DestroyObject(reader, key)} == Code{CKR_SESSION_READ_ONLY});
    CHECK(generate(reader, aes()) == Code{CKR_SESSION_READ_ONLY});
    CHECK(Code{C_DestroyObject(session, key)} == Code{CKR_OK});
    CHECK(Code{C_DestroyObject(session, key)} == Code{CKR_OBJECT_HANDLE_INVALID});
}

TEST_CASE("templates that are incomplete, inconsistent or out of range") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    CHECK(generate(session, Attributes()) == Code{CKR_TEMPLATE_INCOMPLETE});
    CHECK(generate(session, Attributes().number(CKA_VALUE_LEN, 17)) == Code{CKR_KEY_SIZE_RANGE});
    CHECK(generate(session, aes().number(CKA_CLASS, CKO_PUBLIC_KEY)) == Code{CKR_TEMPLATE_INCONSISTENT});
    CHECK(generate(session, aes().number(CKA_KEY_TYPE, CKK_DES3)) == Code{CKR_TEMPLATE_INCONSISTENT});
    CHECK(generate(session, aes().text(CKA_MODULUS, "x")) == Code{CKR_TEMPLATE_INCONSISTENT});
    CHECK(generate(session, aes().bytes(CKA_SIGN, Bytes{1, 0})) == Code{CKR_ATTRIBUTE_VALUE_INVALID});
    CHECK(generate(session, aes().flag(CKA_SIGN, true).flag(CKA_SIGN, false)) ==
          Code{CKR_TEMPLATE_INCONSISTENT});
    CHECK(generate(session, aes().flag(CKA_SIGN_RECOVER, false)) == Code{CKR_OK});
    CHECK(generate(session, aes().flag(CKA_SIGN_RECOVER, true)) == Code{CKR_TEMPLATE_INCONSISTENT});
    CK_OBJECT_HANDLE object = 0;
    CHECK(create(session, Attributes(), &object) == Code{CKR_TEMPLATE_INCOMPLETE});
    CHECK(create(session, Attributes().number(CKA_CLASS, CKO_HW_FEATURE), &object) ==
          Code{CKR_ATTRIBUTE_VALUE_INVALID});
    CHECK(create(session, Attributes().number(CKA_CLASS, CKO_CERTIFICATE), &object) ==
          Code{CKR_TEMPLATE_INCOMPLETE});
    CHECK(create(session, Attributes().number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_KEY_TYPE, CKK_AES),
                 &object) == Code{CKR_TEMPLATE_INCOMPLETE});
    CK_MECHANISM mechanism{CKM_EC_KEY_PAIR_GEN, nullptr, 0};
    Attributes curve;
    curve.bytes(CKA_EC_PARAMS, hex_bytes("06032A0304"));
    CK_OBJECT_HANDLE other = 0;
    CHECK(Code{C_GenerateKeyPair(session, &mechanism, curve.data(), 1, nullptr, 0, &object, &other)} ==
          Code{CKR_CURVE_NOT_SUPPORTED});
    test::bad_input("calls of PKCS#11 that had to fail", 13);
}

TEST_CASE("private keys of components, with and without the primes, are the same key") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const auto key = generate_rsa(2048);
    REQUIRE(key);
    const SecretBytes pkcs8 = private_key_der(**key);
    const auto part = [&](CK_ATTRIBUTE_TYPE type) { return to_bytes(*p11::component_of(pkcs8, type)); };
    Attributes attributes;
    attributes.number(CKA_CLASS, CKO_PRIVATE_KEY)
        .number(CKA_KEY_TYPE, CKK_RSA)
        .bytes(CKA_MODULUS, part(CKA_MODULUS))
        .bytes(CKA_PUBLIC_EXPONENT, part(CKA_PUBLIC_EXPONENT))
        .bytes(CKA_PRIVATE_EXPONENT, part(CKA_PRIVATE_EXPONENT))
        .flag(CKA_SENSITIVE, false)
        .flag(CKA_EXTRACTABLE, true);
    CK_OBJECT_HANDLE without = 0, with = 0;
    REQUIRE(create(session, attributes, &without) == Code{CKR_OK});
    attributes.bytes(CKA_PRIME_1, part(CKA_PRIME_1)).bytes(CKA_PRIME_2, part(CKA_PRIME_2));
    REQUIRE(create(session, attributes, &with) == Code{CKR_OK});
    for (const CK_OBJECT_HANDLE object : {without, with}) {
        CHECK(application.value(session, object, CKA_PRIVATE_EXPONENT) == part(CKA_PRIVATE_EXPONENT));
        CHECK(application.value(session, object, CKA_MODULUS) == part(CKA_MODULUS));
        CHECK(application.value(session, object, CKA_LOCAL) == kFalse);
    }
    CHECK(application.value(session, with, CKA_COEFFICIENT) == part(CKA_COEFFICIENT));
    // What follows from the primes must do so.
    for (const CK_ATTRIBUTE_TYPE type : {CKA_EXPONENT_1, CKA_EXPONENT_2, CKA_COEFFICIENT}) {
        Attributes right = attributes, wrong = attributes;
        Bytes changed = part(type);
        CHECK(create(session, right.bytes(type, changed), &with) == Code{CKR_OK});
        changed.back() ^= 2;
        CHECK(create(session, wrong.bytes(type, changed), &with) == Code{CKR_TEMPLATE_INCONSISTENT});
    }
}

TEST_CASE("the curve of an Edwards or Montgomery key is named, and is the one that there is") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const Bytes ed25519 = hex_bytes("06032B6570"), x25519 = hex_bytes("06032B656E");
    const auto name = [](std::string_view text) {
        Bytes der{0x13, static_cast<std::uint8_t>(text.size())};
        append(der, as_bytes(text));
        return der;
    };
    const struct {
        CK_KEY_TYPE type;
        Bytes curve;
        CK_RV code;
    } rows[] = {
        {CKK_EC_EDWARDS, ed25519, CKR_OK},
        {CKK_EC_EDWARDS, name("edwards25519"), CKR_OK},
        {CKK_EC_EDWARDS, x25519, CKR_CURVE_NOT_SUPPORTED},
        {CKK_EC_EDWARDS, hex_bytes("06032B6571"), CKR_CURVE_NOT_SUPPORTED},  // Ed448
        {CKK_EC_EDWARDS, p256(), CKR_CURVE_NOT_SUPPORTED},
        {CKK_EC_EDWARDS, {}, CKR_TEMPLATE_INCOMPLETE},
        {CKK_EC_MONTGOMERY, x25519, CKR_OK},
        {CKK_EC_MONTGOMERY, name("curve25519"), CKR_OK},
        {CKK_EC_MONTGOMERY, ed25519, CKR_CURVE_NOT_SUPPORTED},
        {CKK_EC_MONTGOMERY, {}, CKR_TEMPLATE_INCOMPLETE},
    };
    for (const auto& row : rows)
        for (const CK_OBJECT_CLASS object_class : {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY}) {
            INFO(row.type << ' ' << to_hex(row.curve) << ' ' << object_class);
            Attributes attributes;
            attributes.number(CKA_CLASS, object_class).number(CKA_KEY_TYPE, row.type);
            attributes.bytes(object_class == CKO_PRIVATE_KEY ? CKA_VALUE : CKA_EC_POINT, Bytes(32, 9));
            if (!row.curve.empty()) attributes.bytes(CKA_EC_PARAMS, row.curve);
            CK_OBJECT_HANDLE object = 0;
            CHECK(create(session, attributes, &object) == Code{row.code});
        }
}

TEST_CASE("a check value is compared, and what it does not fit is not kept") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    Attributes attributes;
    attributes.number(CKA_CLASS, CKO_SECRET_KEY)
        .number(CKA_KEY_TYPE, CKK_AES)
        .bytes(CKA_VALUE, Bytes(16))
        .bytes(CKA_CHECK_VALUE, hex_bytes("66E94B"));
    CK_OBJECT_HANDLE object = 0;
    REQUIRE(create(session, attributes, &object) == Code{CKR_OK});
    CHECK(application.value(session, object, CKA_CHECK_VALUE) == hex_bytes("66E94B"));
    Attributes wrong;
    wrong.number(CKA_CLASS, CKO_SECRET_KEY)
        .number(CKA_KEY_TYPE, CKK_AES)
        .bytes(CKA_VALUE, Bytes(16))
        .bytes(CKA_CHECK_VALUE, hex_bytes("000000"));
    CHECK(create(session, wrong, &object) == Code{CKR_ATTRIBUTE_VALUE_INVALID});
    CHECK(application.find(session, Attributes()).size() == 1);
    // With an empty one the key tells none (PKCS#11 3.0, section 4.10.2).
    Attributes none = secret_value(CKK_AES, Bytes(16));
    REQUIRE(create(session, none.bytes(CKA_CHECK_VALUE, {}), &object) == Code{CKR_OK});
    CHECK(application.value(session, object, CKA_CHECK_VALUE).empty());
}

TEST_CASE("the check value of a certificate is of its SHA-1, also for who finds it later") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const auto certificate = [] {
        return Attributes()
            .number(CKA_CLASS, CKO_CERTIFICATE)
            .number(CKA_CERTIFICATE_TYPE, CKC_X_509)
            .flag(CKA_TOKEN, true)
            .text(CKA_VALUE, "abc");
    };
    const Bytes own = hex_bytes("A9993E");  // of FIPS 180's first example
    CK_OBJECT_HANDLE object = 0;
    REQUIRE(create(session, certificate(), &object) == Code{CKR_OK});
    CHECK(application.value(session, object, CKA_CHECK_VALUE) == own);
    CHECK(create(session, certificate().bytes(CKA_CHECK_VALUE, own), &object) == Code{CKR_OK});
    CHECK(create(session, certificate().bytes(CKA_CHECK_VALUE, Bytes(3)), &object) ==
          Code{CKR_ATTRIBUTE_VALUE_INVALID});
    C_Finalize(nullptr);
    REQUIRE(initialize() == Code{CKR_OK});
    CHECK(application.find(application.open_as_user(), Attributes().bytes(CKA_CHECK_VALUE, own)).size() == 2);
}

TEST_CASE("a boolean attribute is true or false, whatever it is of") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    for (const CK_ATTRIBUTE_TYPE type : {CKA_TOKEN, CKA_PRIVATE, CKA_SIGN}) {
        CK_OBJECT_HANDLE key = 0;
        Attributes attributes;
        attributes.number(CKA_VALUE_LEN, 16).bytes(type, Bytes{2});
        CHECK(generate(session, Given(CKM_AES_KEY_GEN), attributes, &key) ==
              Code{CKR_ATTRIBUTE_VALUE_INVALID});
    }
}

TEST_CASE("an object that is larger than a record or a command is refused, and says that of itself") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const auto data = [](std::size_t size) {
        return Attributes().number(CKA_CLASS, CKO_DATA).flag(CKA_TOKEN, true).bytes(CKA_VALUE, Bytes(size));
    };
    CK_OBJECT_HANDLE object = 0;
    CHECK(create(session, data(200'000), &object) == Code{CKR_OK});
    CHECK(create(session, data(262'000), &object) == Code{CKR_DEVICE_MEMORY});
    CHECK(create(session, data(500'000), &object) == Code{CKR_ATTRIBUTE_VALUE_INVALID});
    CHECK(create(session, data(600'000), &object) == Code{CKR_ATTRIBUTE_VALUE_INVALID});
    CHECK(application.find(session, Attributes()).size() == 1);
}

TEST_CASE("public session objects are copied without a log-on, and stay public") {
    Application application;
    const CK_SESSION_HANDLE session = application.open();
    CK_OBJECT_HANDLE object = 0, made = 0;
    Attributes open;
    open.number(CKA_CLASS, CKO_DATA).flag(CKA_PRIVATE, false).text(CKA_VALUE, "v");
    REQUIRE(create(session, open, &object) == Code{CKR_OK});
    REQUIRE(copy(session, object, Attributes().text(CKA_LABEL, "copy"), &made) == Code{CKR_OK});
    CHECK(application.value(session, made, CKA_PRIVATE) == Bytes{CK_FALSE});
    CHECK(application.value(session, made, CKA_VALUE) == to_bytes(as_bytes("v")));
    CHECK(copy(session, object, Attributes().flag(CKA_PRIVATE, true), &made) == Code{CKR_USER_NOT_LOGGED_IN});
    CHECK(copy(session, object, Attributes().flag(CKA_TOKEN, true), &made) == Code{CKR_USER_NOT_LOGGED_IN});
}

TEST_CASE("without a log-on nothing private is made") {
    Application application;
    const CK_SESSION_HANDLE session = application.open();
    CHECK(generate(session, aes()) == Code{CKR_USER_NOT_LOGGED_IN});
    CHECK(application.find(session, Attributes()).empty());
}

TEST_CASE("a token with more objects than the library keeps in memory: all are found, read and used") {
    Application application("ObjectCache = 3");
    const CK_SESSION_HANDLE session = application.open_as_user();
    std::vector<CK_OBJECT_HANDLE> keys;
    for (char name = 'a'; name < 'k'; ++name) {
        Attributes key;
        key.flag(CKA_TOKEN, true).number(CKA_VALUE_LEN, 32).text(CKA_LABEL, std::string(1, name));
        key.flag(CKA_SENSITIVE, false).flag(CKA_EXTRACTABLE, true);
        keys.push_back(application.generate(session, CKM_GENERIC_SECRET_KEY_GEN, key));
    }
    CHECK(application.find(session, Attributes().number(CKA_CLASS, CKO_SECRET_KEY)) == keys);
    for (std::size_t i = 0; i < keys.size(); ++i) {
        CHECK(application.value(session, keys[i], CKA_LABEL) == Bytes{static_cast<std::uint8_t>('a' + i)});
        CK_MECHANISM mechanism{CKM_SHA256_HMAC, nullptr, 0};
        CHECK(Code{C_SignInit(session, &mechanism, keys[keys.size() - 1 - i])} == Code{CKR_OK});
        CHECK(Code{C_SignInit(session, nullptr, 0)} == Code{CKR_OK});
    }
    // Changed while its attributes are not kept, and deleted: by another application's session, say.
    CK_OBJECT_HANDLE copy = 0;
    Attributes renamed;
    renamed.text(CKA_LABEL, "z");
    CHECK(Code{C_SetAttributeValue(session, keys[0], renamed.data(), renamed.size())} == Code{CKR_OK});
    (void)application.find(session, Attributes());
    CHECK(application.value(session, keys[0], CKA_LABEL) == Bytes{'z'});
    CHECK(Code{C_CopyObject(session, keys[1], renamed.data(), renamed.size(), &copy)} == Code{CKR_OK});
    CHECK(Code{C_DestroyObject(session, keys[2])} == Code{CKR_OK});
    CHECK(Code{C_DestroyObject(session, keys[2])} == Code{CKR_OBJECT_HANDLE_INVALID});
    CHECK(application.find(session, Attributes().text(CKA_LABEL, "z")).size() == 2);
    CHECK(Code{C_DigestInit(session, Given(CKM_SHA256))} == Code{CKR_OK});
    CHECK(Code{C_DigestKey(session, keys[3])} == Code{CKR_OK});
    CHECK(Code{C_Logout(session)} == Code{CKR_OK});
    CK_ULONG size = 0;
    for (const CK_OBJECT_HANDLE key : keys)
        CHECK(Code{C_GetObjectSize(session, key, &size)} == Code{CKR_OBJECT_HANDLE_INVALID});
    CHECK(application.login(session, CKU_USER, "123456") == Code{CKR_OK});
    CHECK(application.find(session, Attributes().number(CKA_CLASS, CKO_SECRET_KEY)).size() == keys.size());
}
