// The library as such, slots, sessions and log-ons (issue's P1 to P10).
#include <atomic>
#include <barrier>
#include <cstring>
#include <fstream>
#include <thread>

#include "host-lib/cards/key_source.h"
#include "test/bad_input.h"
#include "test/unit/pkcs11/application.h"

using namespace cs2sim;

namespace {

CK_STATE state_of(CK_SESSION_HANDLE session) {
    CK_SESSION_INFO info{};
    REQUIRE(Code{C_GetSessionInfo(session, &info)} == Code{CKR_OK});
    return info.state;
}

CK_TOKEN_INFO token_info(CK_SLOT_ID slot = 0) {
    CK_TOKEN_INFO info{};
    REQUIRE(Code{C_GetTokenInfo(slot, &info)} == Code{CKR_OK});
    return info;
}

CK_UTF8CHAR* chars(const char* text) { return reinterpret_cast<CK_UTF8CHAR*>(const_cast<char*>(text)); }

CK_RV no_mutex(CK_VOID_PTR*) { return CKR_OK; }
CK_RV no_lock(CK_VOID_PTR) { return CKR_OK; }

}  // namespace

TEST_CASE("C_Initialize takes its arguments as section 5.4 says") {
    Application application;
    CHECK(initialize() == Code{CKR_CRYPTOKI_ALREADY_INITIALIZED});
    int reserved = 0;
    CHECK(Code{C_Finalize(&reserved)} == Code{CKR_ARGUMENTS_BAD});
    CHECK(Code{C_Finalize(nullptr)} == Code{CKR_OK});
    CHECK(Code{C_Finalize(nullptr)} == Code{CKR_CRYPTOKI_NOT_INITIALIZED});
    CK_ULONG count = 0;
    CHECK(Code{C_GetSlotList(CK_TRUE, nullptr, &count)} == Code{CKR_CRYPTOKI_NOT_INITIALIZED});

    CK_C_INITIALIZE_ARGS arguments{};
    arguments.pReserved = &reserved;
    CHECK(Code{C_Initialize(&arguments)} == Code{CKR_ARGUMENTS_BAD});
    arguments = {no_mutex, no_lock, no_lock, nullptr, 0, nullptr};
    CHECK(Code{C_Initialize(&arguments)} == Code{CKR_ARGUMENTS_BAD});
    arguments.UnlockMutex = no_lock;
    CHECK(Code{C_Initialize(&arguments)} == Code{CKR_CANT_LOCK});
    arguments.flags = CKF_OS_LOCKING_OK;
    CHECK(Code{C_Initialize(&arguments)} == Code{CKR_OK});
    CHECK(Code{C_Finalize(nullptr)} == Code{CKR_OK});
    CHECK(Code{C_Initialize(nullptr)} == Code{CKR_OK});
}

TEST_CASE("threads that initialise together all find the library initialised") {
    Application application;
    constexpr int kThreads = 4;
    for (int round = 0; round < 100; ++round) {
        REQUIRE(Code{C_Finalize(nullptr)} == Code{CKR_OK});
        std::barrier together(kThreads);
        std::atomic<int> started{0}, already{0}, served{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < kThreads; ++i)
            threads.emplace_back([&] {
                CK_ULONG count = 0;
                together.arrive_and_wait();
                const Code code = initialize();
                if (code == Code{CKR_OK}) ++started;
                if (code == Code{CKR_CRYPTOKI_ALREADY_INITIALIZED}) ++already;
                if (C_GetSlotList(CK_TRUE, nullptr, &count) == CKR_OK) ++served;
            });
        for (std::thread& thread : threads) thread.join();
        CHECK(started == 1);
        CHECK(already == kThreads - 1);
        CHECK(served == kThreads);
    }
}

TEST_CASE("C_Finalize ends while other threads call, and their calls end") {
    Application application("Logging = 0");
    std::atomic<bool> over{false};
    std::atomic<unsigned> served{0}, refused{0}, other{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i)
        threads.emplace_back([&] {
            while (!over) {
                CK_INFO info;
                const Code code{C_GetInfo(&info)};
                ++(code == Code{CKR_OK}                         ? served
                   : code == Code{CKR_CRYPTOKI_NOT_INITIALIZED} ? refused
                                                                : other);
            }
        });
    // A call that C_Finalize waits for in vain makes it wait for ever: ctest ends it then.
    const auto grown = [](std::atomic<unsigned>& count) {
        for (const unsigned before = count; count == before;)
            std::this_thread::sleep_for(std::chrono::microseconds(20));
    };
    for (int round = 0; round < 1000; ++round) {
        grown(served);
        CHECK(Code{C_Finalize(nullptr)} == Code{CKR_OK});
        grown(refused);
        CHECK(initialize() == Code{CKR_OK});
    }
    over = true;
    for (std::thread& thread : threads) thread.join();
    CHECK(other == 0);
}

TEST_CASE("function lists and interfaces") {
    CK_FUNCTION_LIST* list = nullptr;
    REQUIRE(Code{C_GetFunctionList(&list)} == Code{CKR_OK});
    CHECK((list->version.major == 2 && list->version.minor == 40));
    CHECK(list->C_WaitForSlotEvent == C_WaitForSlotEvent);
    CHECK(Code{C_GetFunctionList(nullptr)} == Code{CKR_ARGUMENTS_BAD});
    CK_INTERFACE* interface = nullptr;
    REQUIRE(Code{C_GetInterface(nullptr, nullptr, &interface, 0)} == Code{CKR_OK});
    CHECK(std::strcmp(reinterpret_cast<const char*>(interface->pInterfaceName), "PKCS 11") == 0);
    const auto* whole = static_cast<const CK_FUNCTION_LIST_3_0*>(interface->pFunctionList);
    CHECK((whole->version.major == 3 && whole->version.minor == 0));
    CHECK(whole->C_MessageVerifyFinal == C_MessageVerifyFinal);
    CK_VERSION old{2, 40};
    REQUIRE(Code{C_GetInterface(chars("PKCS 11"), &old, &interface, 0)} == Code{CKR_OK});
    CHECK(interface->pFunctionList == list);
    CHECK(Code{C_GetInterface(chars("Vendor"), nullptr, &interface, 0)} == Code{CKR_ARGUMENTS_BAD});
    CK_ULONG count = 1;
    CK_INTERFACE one{};
    CHECK(Code{C_GetInterfaceList(&one, &count)} == Code{CKR_BUFFER_TOO_SMALL});
    CHECK(count == 2);
}

TEST_CASE("slots and tokens") {
    Application application;
    CK_ULONG count = 1;
    CK_SLOT_ID slots[3];
    CHECK(Code{C_GetSlotList(CK_TRUE, slots, &count)} == Code{CKR_BUFFER_TOO_SMALL});
    CHECK(count == 3);
    CHECK(Code{C_GetSlotList(CK_TRUE, slots, &count)} == Code{CKR_OK});
    CHECK(slots[2] == 2);
    CK_SLOT_INFO slot{};
    CHECK(Code{C_GetSlotInfo(3, &slot)} == Code{CKR_SLOT_ID_INVALID});
    CHECK(Code{C_GetSlotInfo(1, &slot)} == Code{CKR_OK});
    CHECK(slot.flags == 5);
    CHECK((token_info(0).flags & (CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED)) ==
          (CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED));
    CHECK((token_info(1).flags & (CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED)) == 0);
    CK_SESSION_HANDLE session = application.open(0);
    CHECK(application.login(session, CKU_USER, "wrong") == Code{CKR_PIN_INCORRECT});
    CHECK((token_info(0).flags & CKF_USER_PIN_COUNT_LOW) != 0);
    CHECK((token_info(0).flags & CKF_SO_PIN_COUNT_LOW) == 0);
}

TEST_CASE("log-ons are the token's, and each combination has its code") {
    Application application;
    CK_SESSION_HANDLE session = 0;
    CHECK(Code{C_OpenSession(0, CKF_RW_SESSION, nullptr, nullptr, &session)} ==
          Code{CKR_SESSION_PARALLEL_NOT_SUPPORTED});
    const CK_SESSION_HANDLE first = application.open(), second = application.open();
    CHECK(state_of(first) == CKS_RW_PUBLIC_SESSION);
    CHECK(application.login(first, 77, "x") == Code{CKR_USER_TYPE_INVALID});
    CHECK(Code{C_Login(first, CKU_USER, nullptr, 0)} == Code{CKR_ARGUMENTS_BAD});
    CHECK(Code{C_Logout(first)} == Code{CKR_USER_NOT_LOGGED_IN});
    REQUIRE(application.login(first, CKU_USER, "123456") == Code{CKR_OK});
    CHECK(state_of(second) == CKS_RW_USER_FUNCTIONS);
    CHECK(application.login(second, CKU_USER, "123456") == Code{CKR_USER_ALREADY_LOGGED_IN});
    CHECK(application.login(second, CKU_SO, "12345678") == Code{CKR_USER_ANOTHER_ALREADY_LOGGED_IN});
    CHECK(Code{C_Logout(second)} == Code{CKR_OK});
    CHECK(state_of(first) == CKS_RW_PUBLIC_SESSION);

    const CK_SESSION_HANDLE reader = application.open(0);
    CHECK(application.login(first, CKU_SO, "12345678") == Code{CKR_SESSION_READ_ONLY_EXISTS});
    CHECK(Code{C_CloseSession(reader)} == Code{CKR_OK});
    CHECK(Code{C_CloseSession(reader)} == Code{CKR_SESSION_HANDLE_INVALID});
    REQUIRE(application.login(first, CKU_SO, "12345678") == Code{CKR_OK});
    CHECK(state_of(second) == CKS_RW_SO_FUNCTIONS);
    CHECK(Code{C_OpenSession(0, CKF_SERIAL_SESSION, nullptr, nullptr, &session)} ==
          Code{CKR_SESSION_READ_WRITE_SO_EXISTS});
    CHECK(Code{C_CloseAllSessions(0)} == Code{CKR_OK});
    CHECK(state_of(application.open()) == CKS_RW_PUBLIC_SESSION);
    test::bad_input("calls of PKCS#11 that had to fail", 9);
}

TEST_CASE("any device user logs on as CKU_CS_GENERIC, and log-ons add up") {
    Application application;
    const CK_SESSION_HANDLE session = application.open();
    CHECK(application.login(session, CKU_CS_GENERIC, "nobody") == Code{CKR_PIN_INCORRECT});
    CHECK(application.login(session, CKU_CS_GENERIC, "NOBODY,secret") == Code{CKR_USER_PIN_NOT_INITIALIZED});
    CHECK(application.login(session, CKU_CS_GENERIC, application.admin_logon()) == Code{CKR_OK});
    CHECK(state_of(session) == CKS_RW_PUBLIC_SESSION);
    CHECK(application.login(session, CKU_CS_GENERIC, "USR_0000,123456") == Code{CKR_OK});
    CHECK(state_of(session) == CKS_RW_USER_FUNCTIONS);
}

TEST_CASE("PINs: initialised by an administrator, changed by their owners, counted and locked") {
    Application application("InitTokenAs = ");
    CK_UTF8CHAR label[33];
    std::memcpy(label, "second token                    ", 33);
    CHECK(Code{C_InitToken(1, chars("so-pin-1"), 8, label)} == Code{CKR_USER_NOT_LOGGED_IN});
    const CK_SESSION_HANDLE session = application.open(CKF_RW_SESSION, 1);
    CHECK(Code{C_InitToken(1, chars("so-pin-1"), 8, label)} == Code{CKR_SESSION_EXISTS});
    REQUIRE(application.login(session, CKU_CS_GENERIC, application.admin_logon()) == Code{CKR_OK});
    CHECK(Code{C_InitToken(1, chars("so"), 2, label)} == Code{CKR_PIN_LEN_RANGE});
    CHECK(Code{C_InitToken(1, chars("so-pin-1"), 8, label)} == Code{CKR_OK});
    CHECK((token_info(1).flags & (CKF_TOKEN_INITIALIZED | CKF_SO_PIN_TO_BE_CHANGED)) ==
          (CKF_TOKEN_INITIALIZED | CKF_SO_PIN_TO_BE_CHANGED));
    REQUIRE(Code{C_Logout(session)} == Code{CKR_OK});

    REQUIRE(application.login(session, CKU_SO, "so-pin-1") == Code{CKR_OK});
    CHECK(Code{C_InitPIN(session, chars("user-1"), 6)} == Code{CKR_PIN_TOO_WEAK});
    CHECK(Code{C_SetPIN(session, chars("wrong"), 5, chars("so-pin-2"), 8)} == Code{CKR_PIN_INCORRECT});
    CHECK(Code{C_SetPIN(session, chars("so-pin-1"), 8, chars("so"), 2)} == Code{CKR_PIN_LEN_RANGE});
    CHECK(Code{C_SetPIN(session, chars("so-pin-1"), 8, chars("so-pin-2"), 8)} == Code{CKR_OK});
    CHECK((token_info(1).flags & CKF_SO_PIN_TO_BE_CHANGED) == 0);

    // The SO makes the user, whose first PIN is to be changed too.
    REQUIRE(Code{C_InitPIN(session, chars("user-1"), 6)} == Code{CKR_OK});
    CHECK((token_info(1).flags & (CKF_USER_PIN_INITIALIZED | CKF_USER_PIN_TO_BE_CHANGED)) ==
          (CKF_USER_PIN_INITIALIZED | CKF_USER_PIN_TO_BE_CHANGED));
    REQUIRE(Code{C_Logout(session)} == Code{CKR_OK});
    REQUIRE(application.login(session, CKU_USER, "user-1") == Code{CKR_OK});
    CHECK(Code{C_SetPIN(session, chars("user-1"), 6, chars("user-2"), 6)} == Code{CKR_OK});
    REQUIRE(Code{C_Logout(session)} == Code{CKR_OK});
    CHECK(application.login(session, CKU_USER, "user-1") == Code{CKR_PIN_INCORRECT});
    CHECK(application.login(session, CKU_USER, "user-2") == Code{CKR_OK});
    CHECK(state_of(session) == CKS_RW_USER_FUNCTIONS);
}

TEST_CASE("a PIN that somebody else changed logs the application off and is not tried again") {
    const std::string settings = GENERATE("SlotMultiSession = true", "SlotMultiSession = false");
    Application application(settings);
    application.set_most_failures(3);
    const CK_SESSION_HANDLE session = application.open_as_user();
    Attributes attributes;
    attributes.number(CKA_VALUE_LEN, 16).flag(CKA_TOKEN, true);
    CK_OBJECT_HANDLE key = application.generate(session, CKM_AES_KEY_GEN, attributes);
    {
        auto device = host::Device::open(application.device().socket());
        REQUIRE(device);
        const auto old_pin = host::password_source(as_bytes("123456"));
        REQUIRE((*device)->logon("USR_0000", *old_pin));
        REQUIRE((*device)->execute(FC_CMDS, SFC_CMDS_CHANGE_USER, {"USR_0000", as_bytes("654321")}));
    }
    CK_MECHANISM ecb{CKM_AES_ECB, nullptr, 0};
    const auto encrypt = [&](CK_SESSION_HANDLE there) -> Code {
        if (const CK_RV rv = C_EncryptInit(there, &ecb, key); rv != CKR_OK) return {rv};
        CK_BYTE block[16] = {};
        CK_ULONG size = sizeof block;
        return {C_Encrypt(there, block, sizeof block, block, &size)};
    };
    CHECK(encrypt(session) == Code{CKR_USER_NOT_LOGGED_IN});
    for (int i = 0; i < 5; ++i) CHECK(encrypt(application.open()) == Code{CKR_KEY_HANDLE_INVALID});
    CHECK(state_of(session) == CKS_RW_PUBLIC_SESSION);
    CHECK((token_info(0).flags & (CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED)) == 0);
    CHECK(application.login(session, CKU_USER, "123456") == Code{CKR_PIN_INCORRECT});
    REQUIRE(application.login(session, CKU_USER, "654321") == Code{CKR_OK});
    CHECK(encrypt(session) == Code{CKR_OK});
}

TEST_CASE("the application's own change of the PIN goes on with all of its sessions") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user(), other = application.open();
    REQUIRE(Code{C_SetPIN(other, chars("123456"), 6, chars("654321"), 6)} == Code{CKR_OK});
    CK_MECHANISM generation{CKM_AES_KEY_GEN, nullptr, 0};
    Attributes attributes;
    attributes.number(CKA_VALUE_LEN, 16);
    for (const CK_SESSION_HANDLE each : {session, other, application.open()}) {
        CK_OBJECT_HANDLE key = 0;
        CHECK(Code{C_GenerateKey(each, &generation, attributes.data(), attributes.size(), &key)} ==
              Code{CKR_OK});
    }
}

TEST_CASE("a device that is down shows in token info, not in C_Initialize") {
    Application application;
    REQUIRE(Code{C_Finalize(nullptr)} == Code{CKR_OK});
    const std::string config = application.folder() / "down.cfg";
    std::ofstream(config) << "Device = unix:" << application.folder().string() << "/nobody\n";
    ::setenv("CS_PKCS11_R3_CFG", config.c_str(), 1);
    REQUIRE(initialize() == Code{CKR_OK});
    CK_SLOT_INFO slot{};
    CHECK(Code{C_GetSlotInfo(0, &slot)} == Code{CKR_OK});
    CHECK(slot.flags == 5);
    CK_TOKEN_INFO token{};
    CHECK(Code{C_GetTokenInfo(0, &token)} == Code{CKR_DEVICE_ERROR});
    const CK_SESSION_HANDLE session = application.open();
    CHECK(application.login(session, CKU_USER, "123456") == Code{CKR_DEVICE_ERROR});
    CK_SESSION_INFO info{};
    CHECK(Code{C_GetSessionInfo(session, &info)} == Code{CKR_OK});
    CHECK(is_of(static_cast<std::uint32_t>(info.ulDeviceError), E_CSA_CONNECT));
}

TEST_CASE("C_WaitForSlotEvent blocks until C_Finalize") {
    Application application;
    CK_SLOT_ID slot = 0;
    CHECK(Code{C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, nullptr)} == Code{CKR_NO_EVENT});
    Code waited{CKR_OK};
    std::thread waiter([&] { waited = {C_WaitForSlotEvent(0, &slot, nullptr)}; });
    while (true) {  // the waiter is inside when the log says that it entered
        std::ifstream log(application.folder() / "cs_pkcs11_R3.log");
        const std::string text((std::istreambuf_iterator<char>(log)), std::istreambuf_iterator<char>());
        if (text.rfind("C_WaitForSlotEvent | T: enter") > text.rfind("C_WaitForSlotEvent | T: leave")) break;
    }
    CHECK(Code{C_Finalize(nullptr)} == Code{CKR_OK});
    waiter.join();
    CHECK(waited == Code{CKR_CRYPTOKI_NOT_INITIALIZED});
}
