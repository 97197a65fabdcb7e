// A provider of OpenSSL 3 that does what pkcs11-provider does when openssl.cnf names it: loads the library of
// the variable M while OpenSSL is still reading its configuration, and uses it. Says so once a time on
// stderr.
#include <dlfcn.h>
#include <openssl/core_dispatch.h>

#include <cstdio>
#include <cstdlib>

#include "host-lib/pkcs11/cryptoki/cryptoki.h"

namespace {

CK_FUNCTION_LIST* p11 = nullptr;

CK_RV use() {
    void* library = ::dlopen(std::getenv("M"), RTLD_NOW | RTLD_LOCAL);
    if (!library) return CKR_GENERAL_ERROR;
    const auto get = reinterpret_cast<CK_RV (*)(CK_FUNCTION_LIST**)>(::dlsym(library, "C_GetFunctionList"));
    if (!get || get(&p11) != CKR_OK) return CKR_GENERAL_ERROR;
    CK_C_INITIALIZE_ARGS arguments{};
    arguments.flags = CKF_OS_LOCKING_OK;
    CK_RV rv = p11->C_Initialize(&arguments);
    CK_SESSION_HANDLE session = 0;
    if (rv == CKR_OK) rv = p11->C_OpenSession(0, CKF_SERIAL_SESSION, nullptr, nullptr, &session);
    CK_UTF8CHAR pin[] = {'1', '2', '3', '4', '5', '6'};
    if (rv == CKR_OK) rv = p11->C_Login(session, CKU_USER, pin, sizeof pin);
    CK_BYTE random[16];
    if (rv == CKR_OK) rv = p11->C_GenerateRandom(session, random, sizeof random);
    return rv;
}

void teardown(void*) {
    if (p11) std::fprintf(stderr, "ended %lx\n", p11->C_Finalize(nullptr));
}

const OSSL_ALGORITHM* query(void*, int, int* no_store) {
    *no_store = 0;
    return nullptr;
}

const OSSL_DISPATCH kFunctions[] = {
    {OSSL_FUNC_PROVIDER_TEARDOWN, reinterpret_cast<void (*)()>(teardown)},
    {OSSL_FUNC_PROVIDER_QUERY_OPERATION, reinterpret_cast<void (*)()>(query)},
    {0, nullptr},
};

}  // namespace

extern "C" int OSSL_provider_init(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH*,
                                  const OSSL_DISPATCH** functions, void** context) {
    std::fprintf(stderr, "begun %lx\n", use());
    *functions = kFunctions;
    *context = const_cast<OSSL_CORE_HANDLE*>(handle);
    return 1;
}
