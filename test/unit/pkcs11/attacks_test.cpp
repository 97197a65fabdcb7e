// Known attacks on PKCS#11 tokens: what is always refused, and what is refused where a mode or the slot's
// settings say so, and elsewhere allowed and told in the log.
#include <fstream>
#include <sstream>

#include "test/bad_input.h"
#include "test/unit/pkcs11/calls.h"

using namespace cs2sim;

namespace {

Attributes aes() { return Attributes().number(CKA_VALUE_LEN, 32); }
Attributes secret(CK_KEY_TYPE type) {
    return Attributes().number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_KEY_TYPE, type);
}

std::string log_of(const Application& application) {
    std::ifstream file(application.folder() / "cs_pkcs11_R3.log");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// A key that wraps and unwraps, and one that may leave wrapped only.
struct Fixture {
    CK_OBJECT_HANDLE wrapping = 0, target = 0;
    Bytes wrapped;
};

Fixture set_up(CK_SESSION_HANDLE session) {
    Fixture fixture;
    REQUIRE(generate(session, Given(CKM_AES_KEY_GEN), aes().flag(CKA_WRAP, true).flag(CKA_UNWRAP, true),
                     &fixture.wrapping) == Code{CKR_OK});
    REQUIRE(generate(session, Given(CKM_AES_KEY_GEN),
                     aes().flag(CKA_EXTRACTABLE, true).flag(CKA_DECRYPT, false).flag(CKA_DERIVE, true),
                     &fixture.target) == Code{CKR_OK});
    REQUIRE(wrap(session, Given(CKM_AES_KEY_WRAP), fixture.wrapping, fixture.target, fixture.wrapped) ==
            Code{CKR_OK});
    return fixture;
}

}  // namespace

TEST_CASE("SENSITIVE is not cleared by unwrapping, copying or changing, EXTRACTABLE and usages not widened") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const Fixture fixture = set_up(session);
    CK_OBJECT_HANDLE made = 0, fixed = 0;
    const std::size_t before = application.find(session, Attributes()).size();
    for (Attributes wider :
         {secret(CKK_AES).flag(CKA_SENSITIVE, false), secret(CKK_AES).flag(CKA_DECRYPT, true),
          secret(CKK_AES).flag(CKA_SENSITIVE, false).flag(CKA_EXTRACTABLE, true)})
        CHECK(unwrap(session, Given(CKM_AES_KEY_WRAP), fixture.wrapping, fixture.wrapped, wider, &made) ==
              Code{CKR_TEMPLATE_INCONSISTENT});
    CHECK(application.find(session, Attributes()).size() == before);
    REQUIRE(unwrap(session, Given(CKM_AES_KEY_WRAP), fixture.wrapping, fixture.wrapped, secret(CKK_AES),
                   &made) == Code{CKR_OK});
    CHECK(application.value(session, made, CKA_SENSITIVE) == Bytes{CK_TRUE});
    CHECK(application.value(session, made, CKA_DECRYPT) == Bytes{CK_FALSE});
    REQUIRE(generate(session, Given(CKM_AES_KEY_GEN), aes().flag(CKA_SIGN, false), &fixed) == Code{CKR_OK});
    for (const CK_OBJECT_HANDLE key : {fixture.target, made})
        for (const auto& change :
             {Attributes().flag(CKA_SENSITIVE, false), Attributes().flag(CKA_DECRYPT, true)}) {
            CHECK(set(session, key, change) == Code{CKR_ATTRIBUTE_READ_ONLY});
            CHECK(copy(session, key, change, &made) == Code{CKR_ATTRIBUTE_READ_ONLY});
        }
    for (const auto& change : {Attributes().flag(CKA_EXTRACTABLE, true), Attributes().flag(CKA_SIGN, true)}) {
        CHECK(set(session, fixed, change) == Code{CKR_ATTRIBUTE_READ_ONLY});
        CHECK(copy(session, fixed, change, &made) == Code{CKR_ATTRIBUTE_READ_ONLY});
    }
    // A list of mechanisms gets no longer in a copy.
    CK_OBJECT_HANDLE narrow = 0;
    REQUIRE(generate(session, Given(CKM_AES_KEY_GEN), aes().number(CKA_ALLOWED_MECHANISMS, CKM_AES_CBC),
                     &narrow) == Code{CKR_OK});
    CHECK(copy(session, narrow, Attributes().number(CKA_ALLOWED_MECHANISMS, CKM_AES_ECB), &made) ==
          Code{CKR_ATTRIBUTE_READ_ONLY});
    test::bad_input("attacks on keys through PKCS#11 that had to fail", 16);
}

TEST_CASE("a wrapped key comes back as no other kind of key") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const Fixture fixture = set_up(session);
    CK_OBJECT_HANDLE made = 0;
    CHECK(unwrap(session, Given(CKM_AES_KEY_WRAP), fixture.wrapping, fixture.wrapped,
                 secret(CKK_GENERIC_SECRET), &made) == Code{CKR_KEY_TYPE_INCONSISTENT});
    CHECK(unwrap(session, Given(CKM_AES_KEY_WRAP), fixture.wrapping, fixture.wrapped,
                 Attributes().number(CKA_CLASS, CKO_PRIVATE_KEY).number(CKA_KEY_TYPE, CKK_EC),
                 &made) != Code{CKR_OK});
    test::bad_input("attacks on keys through PKCS#11 that had to fail", 2);
}

TEST_CASE("TRUSTED is the security officer's, and WRAP_WITH_TRUSTED holds") {
    Application application;
    CK_SESSION_HANDLE session = application.open_as_user();
    CK_OBJECT_HANDLE wrapping = 0, guarded = 0;
    CHECK(generate(session, Given(CKM_AES_KEY_GEN), aes().flag(CKA_TRUSTED, true), &wrapping) ==
          Code{CKR_ATTRIBUTE_READ_ONLY});
    REQUIRE(
        generate(
            session, Given(CKM_AES_KEY_GEN),
            aes().flag(CKA_WRAP, true).flag(CKA_TOKEN, true).flag(CKA_PRIVATE, false).text(CKA_LABEL, "w"),
            &wrapping) == Code{CKR_OK});
    REQUIRE(
        generate(session, Given(CKM_AES_KEY_GEN),
                 aes().flag(CKA_EXTRACTABLE, true).flag(CKA_WRAP_WITH_TRUSTED, true).flag(CKA_TOKEN, true),
                 &guarded) == Code{CKR_OK});
    CHECK(set(session, wrapping, Attributes().flag(CKA_TRUSTED, true)) == Code{CKR_ATTRIBUTE_READ_ONLY});
    CHECK(copy(session, wrapping, Attributes().flag(CKA_TRUSTED, true), &wrapping) ==
          Code{CKR_ATTRIBUTE_READ_ONLY});
    CHECK(set(session, guarded, Attributes().flag(CKA_WRAP_WITH_TRUSTED, false)) ==
          Code{CKR_ATTRIBUTE_READ_ONLY});
    Bytes out;
    CHECK(wrap(session, Given(CKM_AES_KEY_WRAP), wrapping, guarded, out) == Code{CKR_KEY_NOT_WRAPPABLE});
    REQUIRE(Code{C_CloseAllSessions(0)} == Code{CKR_OK});

    session = application.open_as_officer();
    const auto found = application.find(session, Attributes().text(CKA_LABEL, "w"));
    REQUIRE(found.size() == 1);
    REQUIRE(set(session, found[0], Attributes().flag(CKA_TRUSTED, true)) == Code{CKR_OK});
    REQUIRE(Code{C_CloseAllSessions(0)} == Code{CKR_OK});
    session = application.open_as_user();
    const auto keys = application.find(session, Attributes().flag(CKA_WRAP_WITH_TRUSTED, true));
    const auto trusted = application.find(session, Attributes().flag(CKA_TRUSTED, true));
    REQUIRE((keys.size() == 1 && trusted.size() == 1));
    CHECK(wrap(session, Given(CKM_AES_KEY_WRAP), trusted[0], keys[0], out) == Code{CKR_OK});
    test::bad_input("attacks on keys through PKCS#11 that had to fail", 5);
}

TEST_CASE("a key that wraps and decrypts: told in the log, refused by the slot's settings and in FIPS mode") {
    CK_OBJECT_HANDLE made = 0;
    const Attributes mixed = aes().flag(CKA_WRAP, true).flag(CKA_DECRYPT, true);
    const Attributes other = aes().flag(CKA_UNWRAP, true).flag(CKA_ENCRYPT, true);
    {
        Application application;
        const CK_SESSION_HANDLE session = application.open_as_user();
        REQUIRE(generate(session, Given(CKM_AES_KEY_GEN), mixed, &made) == Code{CKR_OK});
        CHECK(log_of(application).find("| W: key " + std::to_string(made) + " both handles keys") !=
              std::string::npos);
        REQUIRE(application.login(session, CKU_CS_GENERIC, "SO_0000,12345678") == Code{CKR_OK});
        REQUIRE(set(session, 0x80000004, Attributes().number(CKA_CFG_WRAP_POLICY, 1)) == Code{CKR_OK});
        CHECK(generate(session, Given(CKM_AES_KEY_GEN), mixed, &made) == Code{CKR_TEMPLATE_INCONSISTENT});
        CHECK(generate(session, Given(CKM_AES_KEY_GEN), other, &made) == Code{CKR_TEMPLATE_INCONSISTENT});
    }
    for (const char* profile : {"se-gen2-fips", "cp5"}) {
        INFO(profile);
        Application application("", profile);
        const CK_SESSION_HANDLE session = application.open_as_user();
        CHECK(generate(session, Given(CKM_AES_KEY_GEN), mixed, &made) == Code{CKR_TEMPLATE_INCONSISTENT});
        CHECK(generate(session, Given(CKM_AES_KEY_GEN), other, &made) == Code{CKR_TEMPLATE_INCONSISTENT});
        // What only wraps needs no word about the rest.
        CHECK(generate(session, Given(CKM_AES_KEY_GEN), aes().flag(CKA_WRAP, true), &made) == Code{CKR_OK});
        CHECK(application.value(session, made, CKA_DECRYPT) == Bytes{CK_FALSE});
    }
    test::bad_input("attacks on keys through PKCS#11 that had to fail", 6);
}

TEST_CASE(
    "derivations that tell a key piece by piece: told in the log, refused by settings and in FIPS mode") {
    CK_BYTE data[16] = {};
    CK_KEY_DERIVATION_STRING_DATA string{data, sizeof data};
    CK_ULONG bit = 0;
    CK_OBJECT_HANDLE made = 0, base = 0;
    const Attributes of_base = Attributes().number(CKA_VALUE_LEN, 32).flag(CKA_DERIVE, true);
    const Attributes wanted = secret(CKK_GENERIC_SECRET).number(CKA_VALUE_LEN, 4);
    {
        Application application;
        const CK_SESSION_HANDLE session = application.open_as_user();
        REQUIRE(generate(session, Given(CKM_GENERIC_SECRET_KEY_GEN), of_base, &base) == Code{CKR_OK});
        REQUIRE(derive(session, Given(CKM_EXTRACT_KEY_FROM_KEY, bit), base, wanted, &made) == Code{CKR_OK});
        CHECK(log_of(application).find("CKM_EXTRACT_KEY_FROM_KEY tells the base key piece by piece") !=
              std::string::npos);
        // What comes of a sensitive key is one.
        Attributes open = wanted;
        CHECK(derive(session, Given(CKM_EXTRACT_KEY_FROM_KEY, bit), base,
                     open.flag(CKA_SENSITIVE, false).flag(CKA_EXTRACTABLE, true),
                     &made) == Code{CKR_TEMPLATE_INCONSISTENT});
        REQUIRE(application.login(session, CKU_CS_GENERIC, "SO_0000,12345678") == Code{CKR_OK});
        REQUIRE(set(session, 0x80000004, Attributes().number(CKA_CFG_SECURE_DERIVATION, 1)) == Code{CKR_OK});
        CHECK(derive(session, Given(CKM_EXTRACT_KEY_FROM_KEY, bit), base, wanted, &made) ==
              Code{CKR_MECHANISM_INVALID});
        CHECK(derive(session, Given(CKM_XOR_BASE_AND_DATA, string), base, wanted, &made) ==
              Code{CKR_MECHANISM_INVALID});
    }
    for (const char* profile : {"se-gen2-fips", "cp5"}) {
        Application application("", profile);
        const CK_SESSION_HANDLE session = application.open_as_user();
        REQUIRE(generate(session, Given(CKM_GENERIC_SECRET_KEY_GEN), of_base, &base) == Code{CKR_OK});
        CHECK(derive(session, Given(CKM_EXTRACT_KEY_FROM_KEY, bit), base, wanted, &made) ==
              Code{CKR_MECHANISM_INVALID});
        CHECK(derive(session, Given(CKM_XOR_BASE_AND_DATA, string), base, wanted, &made) ==
              Code{CKR_MECHANISM_INVALID});
        CHECK(derive(session, Given(CKM_CONCATENATE_BASE_AND_DATA, string), base, wanted, &made) ==
              Code{CKR_MECHANISM_INVALID});
    }
    test::bad_input("attacks on keys through PKCS#11 that had to fail", 9);
}

TEST_CASE(
    "a key that derives signs nothing: refused by the slot's settings and in FIPS and CC modes, else legal") {
    CK_OBJECT_HANDLE base = 0, other = 0, made = 0;
    Bytes mac;
    const Attributes both =
        Attributes().number(CKA_VALUE_LEN, 32).flag(CKA_DERIVE, true).flag(CKA_SIGN, true);
    const Attributes wanted = secret(CKK_GENERIC_SECRET).number(CKA_VALUE_LEN, 64);
    const auto derive_then_sign = [&](CK_SESSION_HANDLE session) {
        for (CK_OBJECT_HANDLE* key : {&base, &other})
            REQUIRE(generate(session, Given(CKM_GENERIC_SECRET_KEY_GEN), both, key) == Code{CKR_OK});
        REQUIRE(derive(session, Given(CKM_CONCATENATE_BASE_AND_KEY, other), base, wanted, &made) ==
                Code{CKR_OK});
        const Code signed_other = sign(session, Given(CKM_SHA256_HMAC), other, Bytes(20, 1), mac);
        CHECK(sign(session, Given(CKM_SHA256_HMAC), base, Bytes(20, 1), mac) == signed_other);
        return signed_other;
    };
    {
        Application application;
        const CK_SESSION_HANDLE session = application.open_as_user();
        CHECK(derive_then_sign(session) == Code{CKR_OK});
        REQUIRE(application.login(session, CKU_CS_GENERIC, "SO_0000,12345678") == Code{CKR_OK});
        REQUIRE(set(session, 0x80000004, Attributes().number(CKA_CFG_SECURE_DERIVATION, 1)) == Code{CKR_OK});
        CHECK(derive_then_sign(session) == Code{CKR_MECHANISM_INVALID});
    }
    for (const char* profile : {"se-gen2-fips", "cp5"}) {
        INFO(profile);
        Application application("", profile);
        CHECK(derive_then_sign(application.open_as_user()) == Code{CKR_KEY_FUNCTION_NOT_PERMITTED});
    }
    test::bad_input("attacks on keys through PKCS#11 that had to fail", 6);
}

TEST_CASE(
    "bytes chosen around a wrapped key tell it: told in the log, refused by settings and in FIPS mode") {
    CK_BYTE iv[16] = {}, prefix[15] = {}, postfix[1] = {};
    CK_WRAP_PARAMS around{iv, sizeof iv, prefix, sizeof prefix, postfix, sizeof postfix};
    const auto first_block = [&](CK_SESSION_HANDLE session, CK_OBJECT_HANDLE wrapping, CK_OBJECT_HANDLE key) {
        Bytes wrapped;
        REQUIRE(wrap(session, Given(CKM_CS_AES_CBC_WRAP, around), wrapping, key, wrapped) == Code{CKR_OK});
        return Bytes(wrapped.begin(), wrapped.begin() + 16);
    };
    CK_OBJECT_HANDLE wrapping = 0;
    const Attributes wraps = aes().flag(CKA_WRAP, true).flag(CKA_ENCRYPT, false).flag(CKA_DECRYPT, false);
    Bytes value(16, 3), wrapped;
    value[0] = 0xA7;
    {
        Application application;
        const CK_SESSION_HANDLE session = application.open_as_user();
        REQUIRE(generate(session, Given(CKM_AES_KEY_GEN), wraps, &wrapping) == Code{CKR_OK});
        const CK_OBJECT_HANDLE unknown = secret_key(session, CKK_AES, value);
        const Bytes sought = first_block(session, wrapping, unknown);
        for (const std::uint8_t guess : {0x00, 0xA6, 0xA7, 0xA8})
            CHECK((first_block(session, wrapping, secret_key(session, CKK_AES, Bytes(16, guess))) ==
                   sought) == (guess == 0xA7));
        CHECK(log_of(application).find("AES_CBC_WRAP with prefix or postfix tells keys") !=
              std::string::npos);
        REQUIRE(application.login(session, CKU_CS_GENERIC, "SO_0000,12345678") == Code{CKR_OK});
        REQUIRE(set(session, 0x80000004, Attributes().number(CKA_CFG_WRAP_POLICY, 1)) == Code{CKR_OK});
        CHECK(wrap(session, Given(CKM_CS_AES_CBC_WRAP, around), wrapping, unknown, wrapped) ==
              Code{CKR_MECHANISM_INVALID});
    }
    Application application("", "se-gen2-fips");
    const CK_SESSION_HANDLE session = application.open_as_user();
    CK_OBJECT_HANDLE key = 0;
    REQUIRE(generate(session, Given(CKM_AES_KEY_GEN), wraps, &wrapping) == Code{CKR_OK});
    REQUIRE(generate(session, Given(CKM_AES_KEY_GEN), aes().flag(CKA_EXTRACTABLE, true), &key) ==
            Code{CKR_OK});
    CHECK(wrap(session, Given(CKM_CS_AES_CBC_WRAP, around), wrapping, key, wrapped) ==
          Code{CKR_MECHANISM_INVALID});
    test::bad_input("attacks on keys through PKCS#11 that had to fail", 2);
}
