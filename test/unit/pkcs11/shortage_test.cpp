// Memory that runs short in the middle of a call: the caller is told so, and the next call works.
#include "test/failing_allocation.h"
#include "test/unit/pkcs11/application.h"

using namespace cs2sim;
using test::Shortage;

namespace {

// Calls with the first allocation failing, then with the second, until none fails; `again` makes good what a
// call that worked all the same has left. How many failed.
unsigned run_short(
    const std::function<CK_RV()>& call, const std::function<void()>& again = [] {}) {
    for (unsigned before = 0;; ++before) {
        Shortage shortage(Shortage::Of::this_thread, Shortage::Lasts::once, before);
        const CK_RV rv = call();
        const bool failed = shortage.end();
        INFO("allocation " << before << ", CKR " << rv);
        CHECK((rv == CKR_OK || (failed && rv == CKR_HOST_MEMORY)));
        if (rv == CKR_OK) again();
        if (!failed) return before;
    }
}

}  // namespace

TEST_CASE("C_Initialize that finds no memory may be called again") {
    Application application;
    REQUIRE(Code{C_Finalize(nullptr)} == Code{CKR_OK});
    CHECK(run_short([] { return initialize().value; },
                    [] { CHECK(Code{C_Finalize(nullptr)} == Code{CKR_OK}); }) > 10);
    CHECK(initialize() == Code{CKR_OK});
}

TEST_CASE("a call that finds no memory says so, and leaves the session as good as it was") {
    Application application("Logging = 0");
    const CK_SESSION_HANDLE session = application.open_as_user();
    Attributes attributes;
    attributes.number(CKA_VALUE_LEN, 16).flag(CKA_TOKEN, true).text(CKA_LABEL, "a label that is long enough");
    CK_OBJECT_HANDLE key = application.generate(session, CKM_AES_KEY_GEN, attributes);
    CK_MECHANISM generation{CKM_AES_KEY_GEN, nullptr, 0}, ecb{CKM_AES_ECB, nullptr, 0},
        sha{CKM_SHA256, nullptr, 0};
    CK_BYTE block[64] = {};
    CK_ULONG size = 0;

    CK_SESSION_HANDLE other = 0;
    run_short([&] { return C_OpenSession(0, CKF_SERIAL_SESSION, nullptr, nullptr, &other); },
              [&] { C_CloseSession(other); });
    run_short([&] { return C_EncryptInit(session, &ecb, key); },
              [&] { C_SessionCancel(session, CKF_ENCRYPT); });
    run_short([&] {
        C_SessionCancel(session, CKF_ENCRYPT);  // of the call before, which found no memory
        if (const CK_RV rv = C_EncryptInit(session, &ecb, key); rv != CKR_OK) return rv;
        size = sizeof block;
        return C_Encrypt(session, block, 16, block, &size);
    });
    run_short([&] { return C_FindObjectsInit(session, attributes.data() + 2, 1); },
              [&] { C_FindObjectsFinal(session); });
    run_short([&] { return C_GenerateRandom(session, block, sizeof block); });
    CK_TOKEN_INFO info{};
    run_short([&] { return C_GetTokenInfo(0, &info); });
    run_short([&] { return C_DigestInit(session, &sha); }, [&] { C_SessionCancel(session, CKF_DIGEST); });
    CK_ATTRIBUTE label{CKA_LABEL, block, sizeof block};
    run_short([&] {
        label.ulValueLen = sizeof block;
        return C_GetAttributeValue(session, key, &label, 1);
    });
    CK_OBJECT_HANDLE made = 0;
    run_short(
        [&] { return C_GenerateKey(session, &generation, attributes.data(), attributes.size(), &made); });
    size = sizeof block;
    C_SessionCancel(session, CKF_ENCRYPT);
    REQUIRE(Code{C_EncryptInit(session, &ecb, key)} == Code{CKR_OK});
    CHECK(Code{C_Encrypt(session, block, 16, block, &size)} == Code{CKR_OK});
}
