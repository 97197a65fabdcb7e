// The order of calls of every kind of operation, their buffers, and what ends them (issue's P14, P15, P18).
#include <functional>
#include <thread>

#include "firmware/protocol/cxi/constants.h"
#include "firmware/protocol/cxi/property_list.h"
#include "host-lib/cards/key_source.h"
#include "test/bad_input.h"
#include "test/unit/pkcs11/calls.h"

using namespace cs2sim;

namespace {

using Output = std::function<CK_RV(CK_BYTE* out, CK_ULONG* length)>;

// One kind of operation. `whole` and `final` have output, but for verification.
struct Kind {
    std::string name;
    std::function<CK_RV(CK_MECHANISM*)> init;
    Output whole, final;            // `final` empty: there is no such function
    std::function<CK_RV()> update;  // with good data
    std::function<CK_RV()> bad;     // a one-shot call with a null pointer where a length is not zero
    CK_MECHANISM mechanism;
    CK_FLAGS flag;
};

CK_BYTE text[16] = {1, 2, 3};

// Everything that the kinds need: a key, and what it made of `text`.
struct Fixture {
    Application application;
    CK_SESSION_HANDLE session = application.open_as_user();
    CK_OBJECT_HANDLE key = secret_key(session, CKK_AES, Bytes(16, 1));
    Application::Pair rsa = application.rsa_pair(session);
    Bytes cipher_text, mac, recoverable;
    CK_BYTE out[512] = {};

    Fixture() {
        REQUIRE(encrypt(session, Given(CKM_AES_ECB), key, ByteView(text), cipher_text) == Code{CKR_OK});
        REQUIRE(sign(session, Given(CKM_AES_CMAC), key, ByteView(text), mac) == Code{CKR_OK});
        CK_ULONG length = 256;
        recoverable.resize(length);
        REQUIRE(Code{C_SignRecoverInit(session, Given(CKM_RSA_PKCS), rsa.of_private)} == Code{CKR_OK});
        REQUIRE(Code{C_SignRecover(session, text, sizeof text, recoverable.data(), &length)} == Code{CKR_OK});
    }

    std::vector<Kind> kinds() {
        const CK_SESSION_HANDLE s = session;
        CK_BYTE* sealed = cipher_text.data();
        CK_BYTE* signature = mac.data();
        CK_BYTE* recovered = recoverable.data();
        const CK_ULONG sealed_size = cipher_text.size(), mac_size = mac.size();
        const CK_OBJECT_HANDLE aes = key;
        static CK_ULONG some = 0;
        return {
            {"encrypt",
             [=](CK_MECHANISM* m) { return C_EncryptInit(s, m, aes); },
             [=](CK_BYTE* to, CK_ULONG* n) { return C_Encrypt(s, text, sizeof text, to, n); },
             [=](CK_BYTE* to, CK_ULONG* n) { return C_EncryptFinal(s, to, n); },
             [=, this] {
                 some = sizeof out;
                 return C_EncryptUpdate(s, text, sizeof text, out, &some);
             },
             [=] { return C_Encrypt(s, nullptr, 5, nullptr, &some); },
             {CKM_AES_ECB, nullptr, 0},
             CKF_ENCRYPT},
            {"decrypt",
             [=](CK_MECHANISM* m) { return C_DecryptInit(s, m, aes); },
             [=](CK_BYTE* to, CK_ULONG* n) { return C_Decrypt(s, sealed, sealed_size, to, n); },
             [=](CK_BYTE* to, CK_ULONG* n) { return C_DecryptFinal(s, to, n); },
             [=, this] {
                 some = sizeof out;
                 return C_DecryptUpdate(s, sealed, sealed_size, out, &some);
             },
             [=] { return C_Decrypt(s, nullptr, 5, nullptr, &some); },
             {CKM_AES_ECB, nullptr, 0},
             CKF_DECRYPT},
            {"digest",
             [=](CK_MECHANISM* m) { return C_DigestInit(s, m); },
             [=](CK_BYTE* to, CK_ULONG* n) { return C_Digest(s, text, sizeof text, to, n); },
             [=](CK_BYTE* to, CK_ULONG* n) { return C_DigestFinal(s, to, n); },
             [=] { return C_DigestUpdate(s, text, sizeof text); },
             [=] { return C_Digest(s, nullptr, 5, nullptr, &some); },
             {CKM_SHA256, nullptr, 0},
             CKF_DIGEST},
            {"sign",
             [=](CK_MECHANISM* m) { return C_SignInit(s, m, aes); },
             [=](CK_BYTE* to, CK_ULONG* n) { return C_Sign(s, text, sizeof text, to, n); },
             [=](CK_BYTE* to, CK_ULONG* n) { return C_SignFinal(s, to, n); },
             [=] { return C_SignUpdate(s, text, sizeof text); },
             [=] { return C_Sign(s, nullptr, 5, nullptr, &some); },
             {CKM_AES_CMAC, nullptr, 0},
             CKF_SIGN},
            {"verify",
             [=](CK_MECHANISM* m) { return C_VerifyInit(s, m, aes); },
             [=](CK_BYTE*, CK_ULONG*) { return C_Verify(s, text, sizeof text, signature, mac_size); },
             [=](CK_BYTE*, CK_ULONG*) { return C_VerifyFinal(s, signature, mac_size); },
             [=] { return C_VerifyUpdate(s, text, sizeof text); },
             [=] { return C_Verify(s, nullptr, 5, signature, mac_size); },
             {CKM_AES_CMAC, nullptr, 0},
             CKF_VERIFY},
            {"sign with recovery",
             [=, this](CK_MECHANISM* m) { return C_SignRecoverInit(s, m, rsa.of_private); },
             [=](CK_BYTE* to, CK_ULONG* n) { return C_SignRecover(s, text, sizeof text, to, n); },
             nullptr,
             nullptr,
             [=] { return C_SignRecover(s, nullptr, 5, nullptr, &some); },
             {CKM_RSA_PKCS, nullptr, 0},
             CKF_SIGN_RECOVER},
            {"verify with recovery",
             [=, this](CK_MECHANISM* m) { return C_VerifyRecoverInit(s, m, rsa.of_public); },
             [=](CK_BYTE* to, CK_ULONG* n) { return C_VerifyRecover(s, recovered, 256, to, n); },
             nullptr,
             nullptr,
             [=] { return C_VerifyRecover(s, nullptr, 5, nullptr, &some); },
             {CKM_RSA_PKCS, nullptr, 0},
             CKF_VERIFY_RECOVER},
        };
    }
};

bool has_output(const Kind& kind) { return kind.name != "verify"; }

}  // namespace

TEST_CASE("no operation goes on that was not begun, none begins twice, and a null mechanism ends one") {
    Fixture fixture;
    std::uint64_t refused = 0;
    for (Kind& kind : fixture.kinds()) {
        INFO(kind.name);
        CK_ULONG length = sizeof fixture.out;
        CHECK(Code{kind.whole(fixture.out, &length)} == Code{CKR_OPERATION_NOT_INITIALIZED});
        if (kind.update) CHECK(Code{kind.update()} == Code{CKR_OPERATION_NOT_INITIALIZED});
        if (kind.final) CHECK(Code{kind.final(fixture.out, &length)} == Code{CKR_OPERATION_NOT_INITIALIZED});
        CHECK(Code{kind.init(nullptr)} == Code{CKR_ARGUMENTS_BAD});
        REQUIRE(Code{kind.init(&kind.mechanism)} == Code{CKR_OK});
        CHECK(Code{kind.init(&kind.mechanism)} == Code{CKR_OPERATION_ACTIVE});
        CHECK(Code{kind.init(nullptr)} == Code{CKR_OK});
        CHECK(Code{kind.whole(fixture.out, &length)} == Code{CKR_OPERATION_NOT_INITIALIZED});
        REQUIRE(Code{kind.init(&kind.mechanism)} == Code{CKR_OK});
        CHECK(Code{C_SessionCancel(fixture.session, kind.flag)} == Code{CKR_OK});
        CHECK(Code{kind.whole(fixture.out, &length)} == Code{CKR_OPERATION_NOT_INITIALIZED});
        CK_MECHANISM unknown{0x7777, nullptr, 0};
        CHECK(Code{kind.init(&unknown)} == Code{CKR_MECHANISM_INVALID});
        refused += 6;
    }
    test::bad_input("calls of PKCS#11 that had to fail", refused);
}

TEST_CASE("a null buffer asks for the length, a short one keeps the operation, success and errors end it") {
    Fixture fixture;
    std::uint64_t refused = 0;
    for (Kind& kind : fixture.kinds()) {
        INFO(kind.name);
        CK_ULONG length = 0;
        REQUIRE(Code{kind.init(&kind.mechanism)} == Code{CKR_OK});
        if (has_output(kind)) {
            CHECK(Code{kind.whole(nullptr, &length)} == Code{CKR_OK});
            CHECK(length > 0);
            CK_ULONG shorter = 1;
            CHECK(Code{kind.whole(fixture.out, &shorter)} == Code{CKR_BUFFER_TOO_SMALL});
            CHECK(shorter > 1);
            ++refused;
        }
        length = sizeof fixture.out;
        CHECK(Code{kind.whole(fixture.out, &length)} == Code{CKR_OK});
        CHECK(Code{kind.whole(fixture.out, &length)} == Code{CKR_OPERATION_NOT_INITIALIZED});
        REQUIRE(Code{kind.init(&kind.mechanism)} == Code{CKR_OK});
        CHECK(Code{kind.bad()} == Code{CKR_ARGUMENTS_BAD});
        CHECK(Code{kind.whole(fixture.out, &length)} == Code{CKR_OPERATION_NOT_INITIALIZED});
        if (has_output(kind)) {
            REQUIRE(Code{kind.init(&kind.mechanism)} == Code{CKR_OK});
            CHECK(Code{kind.whole(fixture.out, nullptr)} == Code{CKR_ARGUMENTS_BAD});
            CHECK(Code{kind.whole(fixture.out, &length)} == Code{CKR_OPERATION_NOT_INITIALIZED});
        }
        refused += 4;
    }
    test::bad_input("calls of PKCS#11 that had to fail", refused);
}

TEST_CASE(
    "a one-shot call after an update is refused and ends the operation, and parts end with the final call") {
    Fixture fixture;
    for (Kind& kind : fixture.kinds()) {
        if (!kind.update) continue;
        INFO(kind.name);
        CK_ULONG length = sizeof fixture.out;
        REQUIRE(Code{kind.init(&kind.mechanism)} == Code{CKR_OK});
        REQUIRE(Code{kind.update()} == Code{CKR_OK});
        CHECK(Code{kind.whole(fixture.out, &length)} == Code{CKR_OPERATION_ACTIVE});
        CHECK(Code{kind.final(fixture.out, &length)} == Code{CKR_OPERATION_NOT_INITIALIZED});
        REQUIRE(Code{kind.init(&kind.mechanism)} == Code{CKR_OK});
        REQUIRE(Code{kind.update()} == Code{CKR_OK});
        length = sizeof fixture.out;
        CHECK(Code{kind.final(fixture.out, &length)} == Code{CKR_OK});
        CHECK(Code{kind.update()} == Code{CKR_OPERATION_NOT_INITIALIZED});
    }
    test::bad_input("calls of PKCS#11 that had to fail", 15);
}

TEST_CASE("operations of different kinds go on side by side, those of one session apart from another's") {
    Fixture fixture;
    const CK_SESSION_HANDLE other = fixture.application.open();
    for (Kind& kind : fixture.kinds()) REQUIRE(Code{kind.init(&kind.mechanism)} == Code{CKR_OK});
    CK_ULONG length = sizeof fixture.out;
    CHECK(Code{C_Digest(other, text, sizeof text, fixture.out, &length)} ==
          Code{CKR_OPERATION_NOT_INITIALIZED});
    for (Kind& kind : fixture.kinds()) {
        INFO(kind.name);
        length = sizeof fixture.out;
        CHECK(Code{kind.whole(fixture.out, &length)} == Code{CKR_OK});
    }
}

TEST_CASE("a usage that a key cannot have is refused when it is true only") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    CK_OBJECT_HANDLE key = 0;
    const auto aes = [] { return Attributes().number(CKA_VALUE_LEN, 16); };
    for (const CK_ATTRIBUTE_TYPE usage : {CKA_SIGN_RECOVER, CKA_VERIFY_RECOVER}) {
        CHECK(generate(session, Given(CKM_AES_KEY_GEN), aes().flag(usage, false), &key) == Code{CKR_OK});
        CHECK(generate(session, Given(CKM_AES_KEY_GEN), aes().flag(usage, true), &key) ==
              Code{CKR_TEMPLATE_INCONSISTENT});
    }
}

TEST_CASE("what another process changes or deletes is seen within a second") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    CK_OBJECT_HANDLE key = 0;
    REQUIRE(generate(session, Given(CKM_AES_KEY_GEN),
                     Attributes().number(CKA_VALUE_LEN, 16).flag(CKA_TOKEN, true), &key) == Code{CKR_OK});
    auto device = host::Device::open(application.device().socket());
    auto pin = host::password_source(as_bytes("123456"));
    REQUIRE((*device)->logon("USR_0000", *pin));
    PropertyList names;
    names.set(CXI_PROP_KEY_GROUP, "SLOT_0000");
    names.set_number(CXI_PROP_KEY_SPEC, 1);
    Bytes reference{CXI_TAG_NAME};
    append(reference, names.encode());
    PropertyList changes;
    changes.set(CXI_PROP_KEY_LABEL, "changed");
    changes.set_flag(CXI_PROP_ENCRYPT, false);
    REQUIRE((*device)->execute(FC_CXI, SFC_CXI_KEY_PROP_SET, {reference, changes.encode()}));
    const auto wait = [] { std::this_thread::sleep_for(std::chrono::milliseconds(1100)); };
    wait();
    CHECK(application.value(session, key, CKA_LABEL) == to_bytes(as_bytes("changed")));
    CHECK(Code{C_EncryptInit(session, Given(CKM_AES_ECB), key)} == Code{CKR_KEY_FUNCTION_NOT_PERMITTED});
    REQUIRE((*device)->execute(FC_CXI, SFC_CXI_KEY_DELETE, {reference}));
    wait();
    CHECK(Code{C_DecryptInit(session, Given(CKM_AES_ECB), key)} == Code{CKR_KEY_HANDLE_INVALID});
    CK_ULONG size = 0;
    CHECK(Code{C_GetObjectSize(session, key, &size)} == Code{CKR_OBJECT_HANDLE_INVALID});
}

TEST_CASE("handles are never used again, and objects that others deleted are known no longer") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    std::set<CK_OBJECT_HANDLE> seen;
    for (const bool token : {true, false, true}) {
        CK_OBJECT_HANDLE key = 0;
        REQUIRE(generate(session, Given(CKM_AES_KEY_GEN),
                         Attributes().number(CKA_VALUE_LEN, 16).flag(CKA_TOKEN, token),
                         &key) == Code{CKR_OK});
        CHECK(seen.insert(key).second);
        REQUIRE(Code{C_DestroyObject(session, key)} == Code{CKR_OK});
    }
    CK_OBJECT_HANDLE key = 0;
    REQUIRE(generate(session, Given(CKM_AES_KEY_GEN),
                     Attributes().number(CKA_VALUE_LEN, 16).flag(CKA_TOKEN, true), &key) == Code{CKR_OK});
    CHECK(seen.insert(key).second);
    // Somebody else empties the group.
    auto device = host::Device::open(application.device().socket());
    auto pin = host::password_source(as_bytes("12345678"));
    REQUIRE((*device)->logon("SO_0000", *pin));
    REQUIRE((*device)->execute(FC_CXI, SFC_CXI_KEY_INIT, {"SLOT_0000"}));
    Bytes out;
    CHECK(encrypt(session, Given(CKM_AES_ECB), key, Bytes(16), out) == Code{CKR_KEY_HANDLE_INVALID});
    CHECK(set(session, key, Attributes().text(CKA_LABEL, "x")) == Code{CKR_OBJECT_HANDLE_INVALID});
    CHECK(encrypt(session, Given(CKM_AES_ECB), key, Bytes(16), out) == Code{CKR_KEY_HANDLE_INVALID});
    CK_ULONG size = 0;
    CHECK(Code{C_GetObjectSize(session, key, &size)} == Code{CKR_OBJECT_HANDLE_INVALID});
    test::bad_input("calls of PKCS#11 that had to fail", 4);
}
