#include "host-lib/keystore/key_store.h"

#include <dlfcn.h>

#include <filesystem>

#include "host-lib/keystore/module.h"

namespace cs2sim::keystore {
namespace {

namespace fs = std::filesystem;

std::string_view module_of(Kind kind) {
    constexpr std::string_view kModules[] = {"sqlite", "postgresql", "odbc"};
    return kModules[static_cast<std::size_t>(kind)];
}

// Beside the library that this code is in; for a program in the folder of libraries beside its own. Where
// the system was told to install (packages) comes last. The environment has no say: a module is code.
std::vector<fs::path> places(const std::string& name) {
    std::vector<fs::path> found;
    Dl_info self{};
    if (::dladdr(reinterpret_cast<const void*>(&open_key_store), &self) != 0 && self.dli_fname) {
        std::error_code none;
        fs::path file = fs::canonical(self.dli_fname, none);
        if (none) file = fs::canonical("/proc/self/exe", none);
        const fs::path folder = file.parent_path();
        found = {folder / name, folder / "cs2sim" / name, folder.parent_path() / "lib" / name,
                 folder.parent_path() / CS2SIM_LIBDIR / "cs2sim" / name};
    }
    found.push_back(fs::path(CS2SIM_FULL_LIBDIR) / "cs2sim" / name);
    return found;
}

using Entry = decltype(&cs2sim_keystore_open);

// Modules stay: threads may run in them, and what they made has their code.
Result<Entry> load(Kind kind, const Say& say) {
    const std::string name = "libcs2sim-keystore-" + std::string(module_of(kind)) + ".so";
    for (const fs::path& place : places(name)) {
        std::error_code none;
        if (!fs::exists(place, none)) continue;
        void* module = ::dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
        if (!module) {
            if (say) say(::dlerror());
            return fail(E_CSA_STORE_CONFIG);
        }
        if (void* entry = ::dlsym(module, kModuleEntry)) return reinterpret_cast<Entry>(entry);
    }
    if (say) say(name + " is not installed");
    return fail(E_CSA_STORE_CONFIG);
}

}  // namespace

Result<std::unique_ptr<KeyStore>> open_key_store(const KeyStorage& storage, const Say& say) {
    CS2SIM_TRY_LET(entry, load(storage.kind, say));
    KeyStore* store = nullptr;
    if (const std::uint32_t code = entry(&storage, &say, &store)) return fail(code);
    return std::unique_ptr<KeyStore>(store);
}

}  // namespace cs2sim::keystore
