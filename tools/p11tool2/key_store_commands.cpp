// Keys in the slot's key store (KeysExternal): sealed anew when the MBK was exchanged.
#include <cstdio>

#include "tools/p11tool2/commands.h"

namespace cs2sim::tools::p11 {
namespace {

// The old and the new MBK's hashes are in the library's log.
Result<void> recrypt(Shell& shell, const std::string&) {
    const auto session = shell.session();
    if (!session) return fail(session.error());
    const auto call = reinterpret_cast<CK_RV (*)(CK_SESSION_HANDLE, CK_ULONG*)>(
        shell.vendor_function("CS_RecryptExternalKeys"));
    if (!call) return fail(CKR_FUNCTION_NOT_SUPPORTED);
    CK_ULONG count = 0;
    const auto done = shell.check(call(*session, &count));
    std::printf("%lu keys sealed anew\n", count);
    return done;
}

constexpr Command kCommands[] = {
    {"RecryptExternalKeys", "RecryptExternalKeys",
     "seals the slot's external keys that are under another MBK anew by the one in use", true, false,
     recrypt},
};

}  // namespace

const std::span<const Command> kKeyStoreCommands = kCommands;

}  // namespace cs2sim::tools::p11
