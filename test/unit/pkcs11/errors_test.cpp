// Device errors as PKCS#11 callers meet them (issue's P22): every row of the table comes out of a call, and
// the rows that callers count on are typed in here once more.
#include <fstream>
#include <functional>

#include "host-lib/pkcs11/errors.h"
#include "test/bad_input.h"
#include "test/unit/pkcs11/calls.h"

using namespace cs2sim;

namespace {

// A call of each area, and the command that fails in it.
struct Caller {
    std::uint16_t area;
    const char* function;
    std::function<Code(CK_SESSION_HANDLE session)> call;
};

CK_UTF8CHAR pin[] = "123456";

// What calls need, made anew for each, as some errors take objects away.
struct Keys {
    CK_OBJECT_HANDLE token = 0, session = 0;
};

Keys make_keys(CK_SESSION_HANDLE session) {
    Keys keys;
    Attributes all = secret_value(CKK_AES, Bytes(16, 1));
    REQUIRE(create(session, all.flag(CKA_TOKEN, true), &keys.token) == Code{CKR_OK});
    REQUIRE(create(session, secret_value(CKK_AES, Bytes(16, 2)), &keys.session) == Code{CKR_OK});
    return keys;
}

std::vector<Caller> callers(const Keys& keys) {
    static CK_BYTE data[16] = {};
    static CK_KEY_DERIVATION_STRING_DATA string{data, sizeof data};
    const CK_OBJECT_HANDLE key = keys.token, other = keys.session;
    const Attributes wanted = Attributes().number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_KEY_TYPE, CKK_AES);
    return {
        {p11::AREA_general, "CXI.RND_GEN",
         [](CK_SESSION_HANDLE session) { return Code{C_GenerateRandom(session, data, 1)}; }},
        {p11::AREA_pin, "CMDS.CHANGE_USER",
         [](CK_SESSION_HANDLE session) { return Code{C_SetPIN(session, pin, 6, pin, 6)}; }},
        {p11::AREA_object, "CXI.KEY_PROP_SET",
         [=](CK_SESSION_HANDLE session) { return set(session, key, Attributes().text(CKA_LABEL, "x")); }},
        {p11::AREA_key, "CXI.KEY_EXPORT",
         [=](CK_SESSION_HANDLE session) {
             REQUIRE(Code{C_DigestInit(session, Given(CKM_SHA256))} == Code{CKR_OK});
             return Code{C_DigestKey(session, other)};
         }},
        {p11::AREA_sign, "CXI.SIGN",
         [=](CK_SESSION_HANDLE session) {
             Bytes out;
             return sign(session, Given(CKM_AES_CMAC), key, ByteView(data), out);
         }},
        {p11::AREA_encrypt, "CXI.CRYPT",
         [=](CK_SESSION_HANDLE session) {
             Bytes out;
             return encrypt(session, Given(CKM_AES_ECB), key, ByteView(data), out);
         }},
        {p11::AREA_decrypt, "CXI.CRYPT",
         [=](CK_SESSION_HANDLE session) {
             Bytes out;
             return decrypt(session, Given(CKM_AES_ECB), key, ByteView(data), out);
         }},
        {p11::AREA_make, "CXI.KEY_GENERATE",
         [](CK_SESSION_HANDLE session) {
             CK_OBJECT_HANDLE made = 0;
             return generate(session, Given(CKM_AES_KEY_GEN),
                             Attributes().number(CKA_VALUE_LEN, 16).flag(CKA_TOKEN, true), &made);
         }},
        {p11::AREA_wrap, "CXI.KEY_WRAP",
         [=](CK_SESSION_HANDLE session) {
             Bytes out;
             return wrap(session, Given(CKM_AES_KEY_WRAP), key, other, out);
         }},
        {p11::AREA_unwrap, "CXI.KEY_UNWRAP",
         [=](CK_SESSION_HANDLE session) {
             CK_OBJECT_HANDLE made = 0;
             Attributes template_of_token = wanted;
             return unwrap(session, Given(CKM_AES_KEY_WRAP), key, Bytes(24),
                           template_of_token.flag(CKA_TOKEN, true), &made);
         }},
        {p11::AREA_derive, "CXI.KEY_DERIVE",
         [=](CK_SESSION_HANDLE session) {
             CK_OBJECT_HANDLE made = 0;
             Attributes template_of_token = wanted;
             return derive(session, Given(CKM_AES_ECB_ENCRYPT_DATA, string), key,
                           template_of_token.flag(CKA_TOKEN, true), &made);
         }},
    };
}

// Lets the area's command fail in that way; what the caller then gets.
Code provoked(Application& application, CK_SESSION_HANDLE session, std::uint16_t area, std::uint32_t code) {
    const std::vector<Caller> all = callers(make_keys(session));
    const auto caller = std::ranges::find(all, area, &Caller::area);
    REQUIRE(caller != all.end());
    application.device().fail_next(caller->function, code);
    return caller->call(session);
}

// After these the library tries once more, or its sessions are gone.
bool ends_session(std::uint32_t code) {
    return code == E_CMDS_SM_EXPIRED || code == E_CMDS_SM_ID || code == E_CMDS_SM_SESS_CLOSED;
}

bool of_host(std::uint32_t code) {
    return code >> 24 == 0xB9 || module_of(code) == module_of(E_SC_INVALID_PIN);
}

}  // namespace

TEST_CASE("every row of the table of errors comes out of a call of each of its areas") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    std::set<std::pair<std::uint32_t, std::uint16_t>> done;
    for (const p11::ErrorMapping& row : p11::error_mappings()) {
        if (of_host(row.code) || ends_session(row.code)) continue;
        for (std::uint16_t area = p11::AREA_general; area <= p11::AREA_derive; area <<= 1) {
            if (area == p11::AREA_login || (row.areas & area) == 0 || !done.emplace(row.code, area).second)
                continue;
            INFO(hex_code(row.code) << " " << area);
            // Somebody is logged on: what they are denied they may not do.
            const CK_RV expected = row.ckr == CKR_USER_NOT_LOGGED_IN ? CKR_FUNCTION_REJECTED : row.ckr;
            CHECK(provoked(application, session, area, row.code) == Code{expected});
            C_SessionCancel(session, CKF_DIGEST);
        }
    }
    CHECK(done.size() > 300);
    test::bad_input("calls of PKCS#11 that had to fail", done.size());
}

TEST_CASE("the errors that callers count on") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    struct Row {
        std::uint32_t code;
        std::uint16_t area;
        CK_RV ckr;
    };
    using namespace p11;
    for (const Row& row : {
             Row{0xB0830013, AREA_pin, CKR_PIN_INCORRECT},
             {0xB0830016, AREA_pin, CKR_USER_PIN_NOT_INITIALIZED},
             {0xB0830038, AREA_pin, CKR_PIN_LOCKED},
             {0xB083001D, AREA_pin, CKR_PIN_LEN_RANGE},
             {0xB0830001, AREA_make, CKR_FUNCTION_REJECTED},
             {0xB0680001, AREA_sign, CKR_FUNCTION_REJECTED},
             {0xB0830032, AREA_sign, CKR_FUNCTION_REJECTED},
             {0xB0880004, AREA_object, CKR_OBJECT_HANDLE_INVALID},
             {0xB0880004, AREA_sign, CKR_KEY_HANDLE_INVALID},
             {0xB0880004, AREA_unwrap, CKR_UNWRAPPING_KEY_HANDLE_INVALID},
             {0xB0880003, AREA_make, CKR_DEVICE_MEMORY},
             {0xB0680002, AREA_encrypt, CKR_BUFFER_TOO_SMALL},
             {0xB0680020, AREA_make, CKR_MECHANISM_INVALID},
             {0xB0680020, AREA_sign, CKR_KEY_TYPE_INCONSISTENT},
             {0xB0680021, AREA_make, CKR_KEY_SIZE_RANGE},
             {0xB0680104, AREA_make, CKR_KEY_SIZE_RANGE},
             {0xB0680304, AREA_make, CKR_KEY_SIZE_RANGE},
             {0xB0680024, AREA_unwrap, CKR_WRAPPED_KEY_INVALID},
             {0xB0680026, AREA_unwrap, CKR_WRAPPED_KEY_INVALID},
             {0xB0680025, AREA_sign, CKR_KEY_TYPE_INCONSISTENT},
             {0xB068002B, AREA_wrap, CKR_KEY_UNEXTRACTABLE},
             {0xB068002B, AREA_object, CKR_TEMPLATE_INCONSISTENT},
             {0xB068002B, AREA_derive, CKR_TEMPLATE_INCONSISTENT},
             {0xB068002D, AREA_sign, CKR_MECHANISM_INVALID},
             {0xB068002F, AREA_sign, CKR_KEY_FUNCTION_NOT_PERMITTED},
             {0xB0680030, AREA_decrypt, CKR_ENCRYPTED_DATA_INVALID},
             {0xB0680031, AREA_sign, CKR_MECHANISM_INVALID},
             {0xB0680101, AREA_sign, CKR_MECHANISM_INVALID},
             {0xB0680301, AREA_sign, CKR_MECHANISM_INVALID},
             {0xB0680032, AREA_encrypt, CKR_MECHANISM_PARAM_INVALID},
             {0xB0680035, AREA_encrypt, CKR_MECHANISM_PARAM_INVALID},
             {0xB0680033, AREA_sign, CKR_SIGNATURE_INVALID},
             {0xB0680034, AREA_sign, CKR_DATA_LEN_RANGE},
             {0xB0680034, AREA_decrypt, CKR_ENCRYPTED_DATA_LEN_RANGE},
             {0xB0680108, AREA_make, CKR_CURVE_NOT_SUPPORTED},
             {0xB0680302, AREA_make, CKR_CURVE_NOT_SUPPORTED},
             {0xB08B000E, AREA_decrypt, CKR_AEAD_DECRYPT_FAILED},
             {0xB08B000F, AREA_unwrap, CKR_WRAPPED_KEY_INVALID},
             {0xB0680019, AREA_object, CKR_ATTRIBUTE_SENSITIVE},
             {0xB0680014, AREA_object, CKR_ATTRIBUTE_READ_ONLY},
             {0xB0680015, AREA_object, CKR_ATTRIBUTE_READ_ONLY},
             {0xB096000B, AREA_make, CKR_DEVICE_ERROR},
             {0xB0680080, AREA_make, CKR_DEVICE_ERROR},
             {E_ECDSA_BULK_MAX, AREA_sign, CKR_DEVICE_ERROR},
         }) {
        INFO(hex_code(row.code) << " " << row.area);
        CHECK(provoked(application, session, row.area, row.code) == Code{row.ckr});
    }
    CK_SESSION_INFO info{};
    REQUIRE(Code{C_GetSessionInfo(session, &info)} == Code{CKR_OK});
    CHECK(info.ulDeviceError == E_ECDSA_BULK_MAX);
    test::bad_input("calls of PKCS#11 that had to fail", 42);
}

TEST_CASE("a session of the device that ran out takes the sessions of the slot along") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user(), other = application.open();
    application.device().fail_next("CXI.RND_GEN", E_CMDS_SM_EXPIRED);
    CK_BYTE byte = 0;
    CHECK(Code{C_GenerateRandom(session, &byte, 1)} == Code{CKR_SESSION_HANDLE_INVALID});
    for (const CK_SESSION_HANDLE gone : {session, other})
        CHECK(Code{C_GenerateRandom(gone, &byte, 1)} == Code{CKR_SESSION_HANDLE_INVALID});
    CHECK(Code{C_GenerateRandom(application.open_as_user(), &byte, 1)} == Code{CKR_OK});
}

TEST_CASE("one that the device does not know is made again, and the command repeated") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    CK_BYTE byte = 0;
    for (const std::uint32_t code : {E_CMDS_SM_ID, E_CMDS_SM_SESS_CLOSED}) {
        application.device().fail_next("CXI.RND_GEN", code);
        CHECK(Code{C_GenerateRandom(session, &byte, 1)} == Code{CKR_OK});
    }
}

TEST_CASE("who is not logged on is told so, and keys that log on with must be good") {
    Application application;
    const CK_SESSION_HANDLE session = application.open();
    CK_OBJECT_HANDLE made = 0;
    application.device().fail_next("CXI.KEY_GENERATE", E_CXI_PERMISSION_DENIED);
    CHECK(generate(session, Given(CKM_AES_KEY_GEN),
                   Attributes().number(CKA_VALUE_LEN, 16).flag(CKA_PRIVATE, false),
                   &made) == Code{CKR_USER_NOT_LOGGED_IN});
    const std::string junk = application.folder() / "junk.key";
    std::ofstream(junk) << "no key";
    CHECK(application.login(session, CKU_CS_GENERIC, "ADMIN," + junk) == Code{CKR_PIN_INCORRECT});
    CHECK(application.login(session, CKU_CS_GENERIC, ",secret") == Code{CKR_PIN_INCORRECT});
    application.device().fail_next("CXI.P11_PERMISSIONS", E_CXI_MALLOC);
    CHECK(application.login(session, CKU_USER, "123456") == Code{CKR_DEVICE_MEMORY});
    CHECK(application.login(session, CKU_USER, "123456") == Code{CKR_OK});
}
