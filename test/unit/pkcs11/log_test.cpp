// What level 4 of the log tells of calls, and what it never tells.
#include <fstream>
#include <sstream>

#include "test/unit/pkcs11/calls.h"

using namespace cs2sim;

namespace {

std::string log_of(const Application& application) {
    std::ostringstream text;
    text << std::ifstream(application.folder() / "cs_pkcs11_R3.log").rdbuf();
    return text.str();
}

}  // namespace

TEST_CASE("level 4 of the log tells each call with its arguments, but no PIN, value or data") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const std::string own = std::to_string(session);
    const Bytes value = to_bytes(as_bytes("a value of a key")),
                data = to_bytes(as_bytes("data to be signed"));
    CK_OBJECT_HANDLE key = 0;
    REQUIRE(create(session, secret_value(CKK_AES, value).text(CKA_LABEL, "k\n1"), &key) == Code{CKR_OK});
    Bytes out;
    REQUIRE(sign(session, Given(CKM_AES_CMAC), key, data, out) == Code{CKR_OK});
    CK_BYTE iv[16] = {};
    REQUIRE(Code{C_EncryptInit(session, Given(CKM_AES_CBC, iv), key)} == Code{CKR_OK});
    application.value(session, key, CKA_VALUE);
    CK_UTF8CHAR pin[] = "654321";
    CHECK(Code{C_SetPIN(session, pin, 6, pin, 6)} == Code{CKR_PIN_INCORRECT});
    CHECK(Code{C_GetMechanismInfo(0, CKM_AES_GCM, nullptr)} == Code{CKR_ARGUMENTS_BAD});
    const std::string log = log_of(application);
    INFO(log);
    const std::string named = std::to_string(key);
    for (const std::string& line : {
             std::string("C_OpenSession | T: slot = 0, flags = 0x6\n"),
             "C_Login | T: session = " + own + ", user = 0x1, pin = ***\n",
             "C_SignInit | T: session = " + own + ", mechanism = CKM_AES_CMAC, key = " + named + "\n",
             "C_Sign | T: session = " + own + ", data = 17 bytes, out = room for ",
             "C_EncryptInit | T: session = " + own +
                 ", mechanism = CKM_AES_CBC with a parameter of 16 bytes, key = " + named + "\n",
             "C_GetAttributeValue | T: session = " + own + ", object = " + named +
                 ", attributes = {CKA_VALUE}\n",
             "C_SetPIN | T: session = " + own + ", old_pin = ***, new_pin = ***\n",
             std::string("C_GetMechanismInfo | T: slot = 0, type = "),
             std::string("attributes = {CKA_CLASS = CKO_SECRET_KEY, CKA_KEY_TYPE = CKK_AES, CKA_SENSITIVE = "
                         "CK_FALSE"),
             std::string("CKA_VALUE = 16 bytes, CKA_LABEL = \"k?1\"}"),
         })
        CHECK(log.find(line) != std::string::npos);
    for (const char* secret : {"123456", "654321", "a value of a key", "data to be signed"})
        CHECK(log.find(secret) == std::string::npos);
    CHECK(log.find(to_hex(value)) == std::string::npos);
}

TEST_CASE("arguments that point nowhere are told as such") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    CK_ULONG count = 0;
    CHECK(Code{C_Login(session, CKU_SO, nullptr, 0)} == Code{CKR_ARGUMENTS_BAD});
    CHECK(Code{C_SignInit(session, nullptr, 7)} == Code{CKR_ARGUMENTS_BAD});
    CHECK(Code{C_FindObjectsInit(session, nullptr, 7)} == Code{CKR_ARGUMENTS_BAD});
    CHECK(Code{C_GenerateRandom(session, nullptr, 7)} == Code{CKR_ARGUMENTS_BAD});
    CHECK(Code{C_GetOperationState(session, nullptr, &count)} == Code{CKR_OPERATION_NOT_INITIALIZED});
    const std::string log = log_of(application);
    INFO(log);
    for (const char* line : {"pin = none\n", "mechanism = none, key = 7\n", "attributes = 7 attributes\n",
                             "random = nowhere, 7 bytes\n", "state = length wanted\n"})
        CHECK(log.find(line) != std::string::npos);
}
