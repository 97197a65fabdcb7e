// Callers who mean ill, and many at once. The same calls, longer: test/fuzz/pkcs11_calls.cpp.
#include <atomic>
#include <random>
#include <thread>

#include "test/bad_input.h"
#include "test/hostile/pkcs11_calls.h"
#include "test/unit/pkcs11/application.h"

using namespace cs2sim;

namespace {

CK_UTF8CHAR* chars(const char* text) { return reinterpret_cast<CK_UTF8CHAR*>(const_cast<char*>(text)); }

}  // namespace

TEST_CASE("no order of calls, no template and no parameter upsets the library") {
    Application application("SlotMultiSession = false\nLogging = 0");
    unsigned calls = 0;
    for (unsigned seed = 1; seed <= 60; ++seed) {
        std::mt19937 random(seed);
        Bytes script(2000);
        for (std::uint8_t& byte : script) byte = static_cast<std::uint8_t>(random());
        INFO("seed " << seed);
        calls += test::HostileCalls(script).run();
        // Afterwards it works as before.
        REQUIRE(Code{C_CloseAllSessions(0)} == Code{CKR_OK});
        const CK_SESSION_HANDLE session = application.open_as_user();
        for (const CK_OBJECT_HANDLE object : application.find(session, Attributes()))
            C_DestroyObject(session, object);
        REQUIRE(Code{C_CloseAllSessions(0)} == Code{CKR_OK});
        REQUIRE(Code{C_CloseAllSessions(1)} == Code{CKR_OK});
    }
    CHECK(calls > 3000);
    test::bad_input("hostile calls of PKCS#11", calls);
}

TEST_CASE(
    "nothing that is made in a session stays behind it, nor a log-on, whatever was under way as it was "
    "closed") {
    Application application;
    const CK_SESSION_HANDLE watcher = application.open_as_user();
    const auto session_keys = Attributes().number(CKA_CLASS, CKO_SECRET_KEY).flag(CKA_TOKEN, false);
    std::atomic<CK_SESSION_HANDLE> open{application.open()};
    std::atomic<bool> over{false};
    std::atomic<unsigned> made{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i)
        threads.emplace_back([&] {
            Attributes attributes;
            attributes.number(CKA_VALUE_LEN, 16);
            CK_MECHANISM mechanism{CKM_AES_KEY_GEN, nullptr, 0};
            while (!over) {
                CK_OBJECT_HANDLE key = 0;
                if (C_GenerateKey(open, &mechanism, attributes.data(), attributes.size(), &key) == CKR_OK)
                    ++made;
            }
        });
    for (int i = 0; i < 100 || (made <= 100 && i < 10000); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        REQUIRE(Code{C_CloseSession(open.exchange(application.open()))} == Code{CKR_OK});
    }
    over = true;
    for (std::thread& thread : threads) thread.join();
    REQUIRE(Code{C_CloseSession(open)} == Code{CKR_OK});
    CHECK(made > 100);
    CHECK(application.find(watcher, session_keys).empty());

    REQUIRE(Code{C_CloseSession(watcher)} == Code{CKR_OK});
    for (int i = 0; i < 20; ++i) {
        const CK_SESSION_HANDLE session = application.open();
        std::thread other([&] { (void)C_Login(session, CKU_USER, chars("123456"), 6); });
        std::this_thread::sleep_for(std::chrono::microseconds(200 * i));
        REQUIRE(Code{C_CloseSession(session)} == Code{CKR_OK});
        other.join();
        CK_SESSION_INFO info{};
        const CK_SESSION_HANDLE next = application.open();
        REQUIRE(Code{C_GetSessionInfo(next, &info)} == Code{CKR_OK});
        CHECK(info.state == CKS_RW_PUBLIC_SESSION);
        REQUIRE(Code{C_CloseSession(next)} == Code{CKR_OK});
    }
}

TEST_CASE("no private session object outlives a log-off that came while it was made") {
    Application application(GENERATE("SlotMultiSession = true", "SlotMultiSession = false"));
    const CK_SESSION_HANDLE session = application.open(), other = application.open();
    for (int i = 0; i < 30; ++i) {
        REQUIRE(application.login(session, CKU_USER, "123456") == Code{CKR_OK});
        std::vector<std::thread> threads;
        for (const CK_SESSION_HANDLE each : {session, other})
            threads.emplace_back([each] {
                Attributes attributes;
                attributes.number(CKA_VALUE_LEN, 16);
                CK_MECHANISM mechanism{CKM_AES_KEY_GEN, nullptr, 0};
                CK_OBJECT_HANDLE key = 0;
                while (C_GenerateKey(each, &mechanism, attributes.data(), attributes.size(), &key) ==
                       CKR_OK) {
                }
            });
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        const CK_SESSION_HANDLE third = application.open();
        REQUIRE(Code{C_Logout(third)} == Code{CKR_OK});
        for (std::thread& thread : threads) thread.join();
        REQUIRE(application.login(session, CKU_USER, "123456") == Code{CKR_OK});
        CHECK(application.find(session, Attributes().number(CKA_CLASS, CKO_SECRET_KEY).flag(CKA_TOKEN, false))
                  .empty());
        REQUIRE(Code{C_Logout(session)} == Code{CKR_OK});
        REQUIRE(Code{C_CloseSession(third)} == Code{CKR_OK});
    }
}

TEST_CASE("32 threads over 8 sessions work at once, and sessions come and go beside them") {
    Application application(GENERATE("SlotMultiSession = true", "SlotMultiSession = false"));
    std::vector<CK_SESSION_HANDLE> sessions = {application.open_as_user()};
    while (sessions.size() < 8) sessions.push_back(application.open());
    std::vector<CK_OBJECT_HANDLE> keys;
    for (const CK_SESSION_HANDLE session : sessions)
        keys.push_back(application.generate(session, CKM_GENERIC_SECRET_KEY_GEN,
                                            Attributes().number(CKA_VALUE_LEN, 32).flag(CKA_TOKEN, false)));
    std::atomic<unsigned> done{0}, failed{0};
    const auto expect = [&](CK_RV rv, std::initializer_list<CK_RV> good) {
        ++(std::ranges::find(good, rv) != good.end() ? done : failed);
        return rv == CKR_OK;
    };
    std::vector<std::thread> threads;
    for (unsigned number = 0; number < 32; ++number)
        threads.emplace_back([&, number] {
            const CK_SESSION_HANDLE session = sessions[number % 8];
            CK_MECHANISM hmac{CKM_SHA256_HMAC, nullptr, 0};
            CK_BYTE data[64] = {}, out[64];
            for (unsigned round = 0; round < 10; ++round) {
                // Four threads share a session, so one may find another's operation, or that it is over.
                CK_ULONG length = sizeof out, found = 0;
                CK_OBJECT_HANDLE objects[10];
                expect(C_SignInit(session, &hmac, keys[number % 8]), {CKR_OK, CKR_OPERATION_ACTIVE});
                expect(C_Sign(session, data, sizeof data, out, &length),
                       {CKR_OK, CKR_OPERATION_NOT_INITIALIZED});
                expect(C_FindObjectsInit(session, nullptr, 0), {CKR_OK, CKR_OPERATION_ACTIVE});
                expect(C_FindObjects(session, objects, 10, &found), {CKR_OK, CKR_OPERATION_NOT_INITIALIZED});
                expect(C_FindObjectsFinal(session), {CKR_OK, CKR_OPERATION_NOT_INITIALIZED});
                CK_SESSION_HANDLE another = 0;
                if (expect(C_OpenSession(0, CKF_SERIAL_SESSION, nullptr, nullptr, &another), {CKR_OK}))
                    expect(C_CloseSession(another), {CKR_OK});
                CK_TOKEN_INFO info;
                if (number == 0) expect(C_GetTokenInfo(0, &info), {CKR_OK});
            }
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(failed == 0);
    CHECK(done > 32 * 10 * 5);
}
