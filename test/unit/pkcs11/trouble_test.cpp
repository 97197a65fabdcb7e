// Troubles of device and line as PKCS#11 callers meet them: time-outs, lost answers, restarts, expired
// sessions, and the device's own errors as the table says (errors.inc).
#include <chrono>
#include <cstring>
#include <fstream>
#include <thread>

#include "host-lib/pkcs11/errors.h"
#include "test/unit/pkcs11/application.h"

using namespace cs2sim;
using Clock = std::chrono::steady_clock;

namespace {

FaultRule rule_of(const std::string& function, FaultAction action, std::uint32_t times = 1) {
    FaultRule rule;
    rule.function = function;
    rule.action = action;
    rule.times = times;
    return rule;
}

FaultRule error_rule(const std::string& function, std::uint32_t code) {
    FaultRule rule = rule_of(function, FaultAction::error);
    rule.code = code;
    return rule;
}

Code mac(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, std::size_t length = 100) {
    CK_MECHANISM mechanism{CKM_SHA256_HMAC, nullptr, 0};
    if (const CK_RV rv = C_SignInit(session, &mechanism, key); rv != CKR_OK) return {rv};
    Bytes data(length), out(64);
    CK_ULONG out_length = out.size();
    return {C_Sign(session, data.data(), data.size(), out.data(), &out_length)};
}

CK_OBJECT_HANDLE secret(Application& application, CK_SESSION_HANDLE session, bool token = false) {
    return application.generate(session, CKM_GENERIC_SECRET_KEY_GEN,
                                Attributes().number(CKA_VALUE_LEN, 32).flag(CKA_TOKEN, token));
}

Code make_token_key(CK_SESSION_HANDLE session) {
    Attributes attributes;
    attributes.number(CKA_VALUE_LEN, 32).flag(CKA_TOKEN, true);
    CK_MECHANISM mechanism{CKM_GENERIC_SECRET_KEY_GEN, nullptr, 0};
    CK_OBJECT_HANDLE key = 0;
    return {C_GenerateKey(session, &mechanism, attributes.data(), attributes.size(), &key)};
}

std::uint32_t device_error(CK_SESSION_HANDLE session) {
    CK_SESSION_INFO info{};
    REQUIRE(Code{C_GetSessionInfo(session, &info)} == Code{CKR_OK});
    return static_cast<std::uint32_t>(info.ulDeviceError);
}

CK_STATE state_of(CK_SESSION_HANDLE session) {
    CK_SESSION_INFO info{};
    REQUIRE(Code{C_GetSessionInfo(session, &info)} == Code{CKR_OK});
    return info.state;
}

}  // namespace

TEST_CASE(
    "what changes nothing is repeated when its answer is lost; what changes something is told as unsure") {
    const std::string settings = GENERATE("SlotMultiSession = true", "SlotMultiSession = false");
    Application application(settings);
    const CK_SESSION_HANDLE session = application.open_as_user();
    const CK_OBJECT_HANDLE key = secret(application, session, true);
    application.device().lose_answer_of("CXI.SIGN");
    CHECK(mac(session, key) == Code{CKR_OK});
    application.device().lose_answer_of("CXI.KEY_GENERATE");
    CHECK(make_token_key(session) == Code{CKR_DEVICE_ERROR});
    CHECK(device_error(session) == E_CSA_CLOSED);
    // It was done, and once.
    CHECK(application.find(session, Attributes().number(CKA_CLASS, CKO_SECRET_KEY)).size() == 2);
    CHECK(state_of(session) == CKS_RW_USER_FUNCTIONS);
}

TEST_CASE("a device that starts again between two calls is not noticed, whatever the call does") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const CK_OBJECT_HANDLE key = secret(application, session);
    application.device().stop();
    CHECK(mac(session, key) == Code{CKR_DEVICE_ERROR});
    CHECK(is_of(device_error(session), E_CSA_CONNECT));
    application.device().start();
    CHECK(mac(session, key) == Code{CKR_OK});  // a session object, sealed in the library's memory
    application.device().stop();
    application.device().start();
    CHECK(make_token_key(session) == Code{CKR_OK});
    CHECK(application.find(session, Attributes().flag(CKA_TOKEN, true)).size() == 1);
}

// So much data that the device has seen some of it.
static CK_OBJECT_HANDLE begin_long_mac(Application& application, CK_SESSION_HANDLE session) {
    const CK_OBJECT_HANDLE key = secret(application, session);
    CK_MECHANISM mechanism{CKM_SHA256_HMAC, nullptr, 0};
    Bytes data(2'000'000);
    REQUIRE(Code{C_SignInit(session, &mechanism, key)} == Code{CKR_OK});
    REQUIRE(Code{C_SignUpdate(session, data.data(), data.size())} == Code{CKR_OK});
    return key;
}

TEST_CASE("a restart in the middle of a multi-part operation ends it") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const CK_OBJECT_HANDLE key = begin_long_mac(application, session);
    Bytes out(64);
    CK_ULONG length = out.size();
    application.device().stop();
    application.device().start();
    CHECK(Code{C_SignFinal(session, out.data(), &length)} == Code{CKR_DEVICE_ERROR});
    CHECK(Code{C_SignFinal(session, out.data(), &length)} == Code{CKR_OPERATION_NOT_INITIALIZED});
    CHECK(mac(session, key) == Code{CKR_OK});
}

TEST_CASE(
    "a session that expires in the middle of C_SignUpdate ends with its operation, or only the operation") {
    const bool keep_alive = GENERATE(false, true);
    Application application(std::string("KeepAlive = ") + (keep_alive ? "true" : "false"));
    const CK_SESSION_HANDLE session = application.open_as_user();
    const CK_OBJECT_HANDLE key = secret(application, session, true);
    CK_MECHANISM mechanism{CKM_SHA256_HMAC, nullptr, 0};
    Bytes data(2'000'000);
    REQUIRE(Code{C_SignInit(session, &mechanism, key)} == Code{CKR_OK});
    REQUIRE(Code{C_SignUpdate(session, data.data(), data.size())} == Code{CKR_OK});
    application.device().arm(rule_of("CXI.HASH_COMPUTE", FaultAction::expire_session));
    CHECK(Code{C_SignUpdate(session, data.data(), data.size())} ==
          Code{keep_alive ? CKR_DEVICE_ERROR : CKR_SESSION_HANDLE_INVALID});
    CHECK(Code{C_SignUpdate(session, data.data(), 1)} ==
          Code{keep_alive ? CKR_OPERATION_NOT_INITIALIZED : CKR_SESSION_HANDLE_INVALID});
    if (keep_alive) CHECK(mac(session, key) == Code{CKR_OK});
}

TEST_CASE("every command ends within ConnectionTimeout and CommandTimeout, and so does C_Finalize") {
    Application application("ConnectionTimeout = 500\nCommandTimeout = 500\nSlotMultiSession = true");
    const CK_SESSION_HANDLE session = application.open_as_user();
    std::vector<CK_SESSION_HANDLE> others;
    for (int i = 0; i < 20; ++i) {
        others.push_back(application.open());
        (void)application.find(others.back(), Attributes());  // connects
    }
    const CK_OBJECT_HANDLE key = secret(application, session);
    application.device().arm(rule_of("CXI.SIGN", FaultAction::drop, 0));
    CHECK(mac(session, key) == Code{CKR_DEVICE_ERROR});
    CHECK(device_error(session) == E_CSA_TIMEOUT);
    CHECK(application.device().calls_of("CXI.SIGN") == 1);  // one try
    application.device().arm(rule_of("CMDS", FaultAction::drop, 0));
    const auto end = Clock::now();
    CHECK(Code{C_Finalize(nullptr)} == Code{CKR_OK});
    CHECK(Clock::now() - end < std::chrono::seconds(10));  // twenty sessions, and not as many waits
}

TEST_CASE("KeepAlive = false: an expired session ends all of the slot; true: nobody notices") {
    const bool keep_alive = GENERATE(false, true);
    Application application(std::string("KeepAlive = ") + (keep_alive ? "true" : "false"));
    const CK_SESSION_HANDLE session = application.open_as_user(), other = application.open();
    const CK_SESSION_HANDLE elsewhere = application.open(CKF_RW_SESSION, 1);
    const CK_OBJECT_HANDLE key = secret(application, session, true);
    application.device().arm(rule_of("CXI.SIGN", FaultAction::expire_session));
    CHECK(mac(session, key) == Code{keep_alive ? CKR_OK : CKR_SESSION_HANDLE_INVALID});
    CK_SESSION_INFO info{};
    const Code gone{keep_alive ? CKR_OK : CKR_SESSION_HANDLE_INVALID};
    CHECK(Code{C_GetSessionInfo(session, &info)} == gone);
    CHECK(Code{C_GetSessionInfo(other, &info)} == gone);
    CHECK(Code{C_GetSessionInfo(elsewhere, &info)} == Code{CKR_OK});
    // As clients do: a new session, a new log-on.
    const CK_SESSION_HANDLE again = application.open();
    CHECK(application.login(again, CKU_USER, "123456") ==
          Code{keep_alive ? CKR_USER_ALREADY_LOGGED_IN : CKR_OK});
    CHECK(application.find(again, Attributes().flag(CKA_TOKEN, true)).size() == 1);
}

TEST_CASE("an expired device session does not concern calls that have no session") {
    const std::string settings = GENERATE("SlotMultiSession = true", "SlotMultiSession = false");
    Application application(settings);
    (void)application.open_as_user();
    CK_TOKEN_INFO info{};
    REQUIRE(Code{C_GetTokenInfo(0, &info)} == Code{CKR_OK});
    for (const char* function : {"CMDS.GET_USER_INFO", "ADM.GET_TIME", "CMDS.GET_MAX_AUTH_FAILS"}) {
        INFO(function);
        application.device().arm(rule_of(function, FaultAction::expire_session));
        CHECK(Code{C_GetTokenInfo(0, &info)} == Code{CKR_OK});
    }
}

TEST_CASE("a slow device is waited for") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const CK_OBJECT_HANDLE key = secret(application, session);
    FaultRule slow = rule_of("CXI.SIGN", FaultAction::delay);
    slow.value = 300;
    application.device().arm(slow);
    const auto begin = Clock::now();
    CHECK(mac(session, key) == Code{CKR_OK});
    CHECK(Clock::now() - begin >= std::chrono::milliseconds(299));  // the device counts whole ones
}

TEST_CASE("a log-on whose last session is closed before the device has told its permissions leaves none") {
    Application application;
    const CK_SESSION_HANDLE session = application.open();
    FaultRule slow = rule_of("CXI.P11_PERMISSIONS", FaultAction::delay);
    slow.value = 300;
    application.device().arm(slow);
    std::thread other([&] { (void)application.login(session, CKU_USER, "123456"); });
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    REQUIRE(Code{C_CloseSession(session)} == Code{CKR_OK});
    const CK_SESSION_HANDLE next = application.open();
    other.join();
    CK_SESSION_INFO info{};
    REQUIRE(Code{C_GetSessionInfo(next, &info)} == Code{CKR_OK});
    CHECK(info.state == CKS_RW_PUBLIC_SESSION);
    CHECK(application.login(next, CKU_USER, "123456") == Code{CKR_OK});
}

TEST_CASE("a full database is CKR_DEVICE_MEMORY, and leaves no object") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    application.device().arm(rule_of("CXI.KEY_GENERATE", FaultAction::no_space));
    CHECK(make_token_key(session) == Code{CKR_DEVICE_MEMORY});
    CHECK(application.find(session, Attributes().flag(CKA_TOKEN, true)).empty());
    CHECK(make_token_key(session) == Code{CKR_OK});
}

TEST_CASE("a PIN is locked after as many wrong ones as are permitted") {
    Application application;
    const CK_SESSION_HANDLE session = application.open();
    application.set_most_failures(3);
    CK_TOKEN_INFO info{};
    for (int i = 0; i < 3; ++i) {
        CHECK(application.login(session, CKU_USER, "wrong-pin") == Code{CKR_PIN_INCORRECT});
        REQUIRE(Code{C_GetTokenInfo(0, &info)} == Code{CKR_OK});
        CHECK((info.flags & CKF_USER_PIN_COUNT_LOW) != 0);
        CHECK(((info.flags & CKF_USER_PIN_FINAL_TRY) != 0) == (i == 1));
        CHECK(((info.flags & CKF_USER_PIN_LOCKED) != 0) == (i == 2));
    }
    CHECK(application.login(session, CKU_USER, "123456") == Code{CKR_PIN_LOCKED});
    // The security officer makes the user anew.
    REQUIRE(application.login(session, CKU_SO, "12345678") == Code{CKR_OK});
    CK_UTF8CHAR pin[] = "654321";
    CHECK(Code{C_InitPIN(session, pin, 6)} == Code{CKR_OK});
    CHECK(Code{C_Logout(session)} == Code{CKR_OK});
    CHECK(application.login(session, CKU_USER, "654321") == Code{CKR_OK});
}

TEST_CASE("each device error reaches signing and making objects as the table says") {
    Application application("KeepAlive = true");
    const CK_SESSION_HANDLE session = application.open_as_user();
    const CK_OBJECT_HANDLE key = secret(application, session);
    for (const p11::ErrorMapping& row : p11::error_mappings()) {
        // Those that the host library itself makes are not a device's to answer; a lost session is tried
        // again.
        if (row.code >> 24 == 0xB9 || row.ckr == CKR_SESSION_HANDLE_INVALID) continue;
        INFO(describe(row.code));
        application.device().arm(error_rule("CXI.SIGN", row.code));
        CHECK(mac(session, key) == Code{p11::ckr_of({row.code}, p11::AREA_sign, {.role_logged_on = true})});
        CHECK(device_error(session) == row.code);
        application.device().arm(error_rule("CXI.KEY_GENERATE", row.code));
        CHECK(make_token_key(session) ==
              Code{p11::ckr_of({row.code}, p11::AREA_make, {.role_logged_on = true})});
    }
    application.device().arm(error_rule("CXI.SIGN", E_OS_FILE_CORR));  // in no row
    CHECK(mac(session, key) == Code{CKR_DEVICE_ERROR});
    CHECK(device_error(session) == E_OS_FILE_CORR);
    CHECK(mac(session, key) == Code{CKR_OK});
}

TEST_CASE("a node that is gone is CKR_DEVICE_REMOVED, a device that nobody serves CKR_DEVICE_ERROR") {
    ScratchFolder folder;
    Application application("[CryptoServer]\nDevice = " + (folder.path() / "cs2a").string());
    // Slots 0 to 2 are at the node, 3 to 5 at the device.
    CK_TOKEN_INFO info{};
    CHECK(Code{C_GetTokenInfo(0, &info)} == Code{CKR_DEVICE_REMOVED});
    CHECK(Code{C_GetTokenInfo(3, &info)} == Code{CKR_OK});
    const CK_SESSION_HANDLE session = application.open();
    CHECK(application.login(session, CKU_USER, "123456") == Code{CKR_DEVICE_REMOVED});
    CHECK(device_error(session) == E_CSA_NO_NODE);
    CK_SLOT_INFO slot{};
    CHECK(Code{C_GetSlotInfo(0, &slot)} == Code{CKR_OK});
    application.device().stop();
    CHECK(Code{C_GetTokenInfo(3, &info)} == Code{CKR_DEVICE_ERROR});
}

TEST_CASE("a fault rule raises a slot event, which C_WaitForSlotEvent gives once") {
    Application application;
    const CK_SESSION_HANDLE session = application.open();
    CK_SLOT_ID slot = 99;
    CHECK(Code{C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, nullptr)} == Code{CKR_NO_EVENT});
    FaultRule event = rule_of("CXI.RND_GEN", FaultAction::slot_event);
    event.value = 2;
    application.device().arm(event);
    CK_BYTE random[8];
    REQUIRE(Code{C_GenerateRandom(session, random, sizeof random)} == Code{CKR_OK});
    CHECK(Code{C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, nullptr)} == Code{CKR_OK});
    CHECK(slot == 2);
    CHECK(Code{C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, nullptr)} == Code{CKR_NO_EVENT});
    event.value = 7;  // no slot of this library's
    application.device().arm(event);
    event.value = 1;
    application.device().arm(event);
    Code waited{CKR_GENERAL_ERROR};
    std::thread waiter([&] { waited = {C_WaitForSlotEvent(0, &slot, nullptr)}; });
    REQUIRE(Code{C_GenerateRandom(session, random, sizeof random)} == Code{CKR_OK});
    waiter.join();
    CHECK(waited == Code{CKR_OK});
    CHECK(slot == 1);
    // A device that is down has no events, and one that comes back none from before.
    application.device().stop();
    CHECK(Code{C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, nullptr)} == Code{CKR_NO_EVENT});
    application.device().start();
    CHECK(Code{C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, nullptr)} == Code{CKR_NO_EVENT});
}

TEST_CASE("KeepAlive keeps what lives in an idle session, where the application permits threads") {
    const bool threads = GENERATE(true, false);
    ScratchFolder folder;
    const std::string profile = folder.path() / "short.toml";
    std::ofstream(profile) << "model = \"Mine\"\nchallenge_lengths = [16]\nsession_modes = [5]\n"
                              "session_mechanisms = [4]\nuser_mechanisms = [0, 4]\nsession_seconds = 5\n";
    Application application("KeepAlive = true\nKeepAliveInterval = 300", profile);
    REQUIRE(Code{C_Finalize(nullptr)} == Code{CKR_OK});
    const CK_FLAGS forbidden = threads ? 0 : CKF_LIBRARY_CANT_CREATE_OS_THREADS;
    REQUIRE(initialize(CKF_OS_LOCKING_OK | forbidden) == Code{CKR_OK});
    const CK_SESSION_HANDLE session = application.open_as_user();
    const CK_OBJECT_HANDLE key = begin_long_mac(application, session);
    Bytes out(64);
    CK_ULONG length = out.size();
    std::this_thread::sleep_for(std::chrono::seconds(8));
    CHECK(Code{C_SignFinal(session, out.data(), &length)} == Code{threads ? CKR_OK : CKR_DEVICE_ERROR});
    CHECK(mac(session, key) == Code{CKR_OK});
}
