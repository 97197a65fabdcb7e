// The library as such: C_Initialize, C_Finalize, C_GetInfo, function lists and interfaces.
#include <cstring>

#include "host-lib/pkcs11/entry.h"
#include "host-lib/pkcs11/handlers.h"
#include "host-lib/pkcs11/text_fields.h"

namespace cs2sim::p11::functions {
namespace {

CK_UTF8CHAR interface_name[] = "PKCS 11";

std::array<CK_INTERFACE, 2> interfaces() {
    return {CK_INTERFACE{interface_name, list_3_0(), 0}, CK_INTERFACE{interface_name, list_2_40(), 0}};
}

CK_VERSION version_of(const CK_INTERFACE& interface) {
    CK_VERSION version;
    std::memcpy(&version, interface.pFunctionList, sizeof version);
    return version;
}

}  // namespace

// PKCS#11 3.0, section 5.4.
Answer Initialize(CK_VOID_PTR pointer) {
    bool only_callbacks = false, threads = true;
    if (pointer) {
        const auto& arguments = *static_cast<const CK_C_INITIALIZE_ARGS*>(pointer);
        if (arguments.pReserved) return fail(CKR_ARGUMENTS_BAD);
        const int given = (arguments.CreateMutex ? 1 : 0) + (arguments.DestroyMutex ? 1 : 0) +
                          (arguments.LockMutex ? 1 : 0) + (arguments.UnlockMutex ? 1 : 0);
        if (given != 0 && given != 4) return fail(CKR_ARGUMENTS_BAD);
        threads = (arguments.flags & CKF_LIBRARY_CANT_CREATE_OS_THREADS) == 0;
        only_callbacks = given == 4 && (arguments.flags & CKF_OS_LOCKING_OK) == 0;
    }
    return start_library(this_generation(), only_callbacks, threads);
}

Answer Finalize(CK_VOID_PTR reserved) {
    if (reserved) return fail(CKR_ARGUMENTS_BAD);
    return end_library();
}

Answer GetInfo(Library& library, CK_INFO* info) {
    if (!info) return fail(CKR_ARGUMENTS_BAD);
    std::memset(info, 0, sizeof *info);
    info->cryptokiVersion = library.generation == Generation::r3 ? CK_VERSION{3, 0} : CK_VERSION{2, 40};
    fill_text(info->manufacturerID, library.config.manufacturer.value_or(TokenProfile().manufacturer));
    fill_text(info->libraryDescription, library.config.description);
    info->libraryVersion = {6, 5};
    return {};
}

Answer GetFunctionList(CK_FUNCTION_LIST** list) {
    if (!list) return fail(CKR_ARGUMENTS_BAD);
    *list = list_2_40();
    return {};
}

Answer GetInterfaceList(CK_INTERFACE* given, CK_ULONG* count) {
    return give_list(interfaces(), given, count);
}

Answer GetInterface(CK_UTF8CHAR* name, CK_VERSION* version, CK_INTERFACE** wanted, CK_FLAGS flags) {
    if (!wanted) return fail(CKR_ARGUMENTS_BAD);
    static constinit CK_INTERFACE answers[2] = {};
    const auto all = interfaces();
    for (std::size_t i = 0; i < all.size(); ++i) {
        const CK_VERSION has = version_of(all[i]);
        if (name && std::strcmp(reinterpret_cast<const char*>(name), "PKCS 11") != 0) continue;
        if (version && (version->major != has.major || version->minor != has.minor)) continue;
        if ((all[i].flags & flags) != flags) continue;
        answers[i] = all[i];
        *wanted = &answers[i];
        return {};
    }
    return fail(CKR_ARGUMENTS_BAD);
}

}  // namespace cs2sim::p11::functions
