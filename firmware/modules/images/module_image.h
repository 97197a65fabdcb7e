// Images of modules: found in flash, checked as far as a start needs it, put where a process can load them.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "firmware/container/container.h"
#include "firmware/modules/images/module_texts.h"
#include "firmware/smos/flash/flash.h"

namespace cs2sim {

struct ModuleImage {
    ModuleInfo info;
    Bytes content;     // a shared object, or a script
    std::string host;  // the program in whose process it runs: cs2sim-module32, cs2sim-module64, cs2sim-lua
    ModuleTexts texts;
    std::string stored;          // its file's name in flash; empty for a developed one
    std::filesystem::path file;  // of a developed one: where it lies already
    bool developed = false;
};

using Say = std::function<void(const std::string&)>;

struct FoundModules {
    std::vector<ModuleImage> images;
    std::vector<ModuleInfo> refused;  // what is left to read of those that cannot be started
};

// Whether a whole container in flash is what its load has verified: E_OS_MDL_MSC_VERIFY_FAILED when it is
// not.
using CheckLoad = std::function<Result<void>(const std::string& file, ByteView container)>;

// The newest of each id among the containers and scripts in flash, by name of file, each container checked
// (check_stored_container()) with the keys of modules in flash, and then by `check_load`. `say` hears what
// cannot be started, and why.
FoundModules find_module_images(const Flash& flash, std::span<const PublicKey> keys,
                                const CheckLoad& check_load, const Say& say);

// Of a file that is run without having been loaded.
inline constexpr std::size_t kLargestModule = 64 << 20;

// Adds the image of a regular file, in place of one with its id. NAME.toml beside a shared object has its
// texts.
void take_developed(std::vector<ModuleImage>& images, const std::filesystem::path& file, const Say& say);

// Writes the image into the folder, closed to others; a developed one stays where it is. Errors: those of
// write_atomically().
Result<std::filesystem::path> place_image(const std::filesystem::path& folder, const ModuleImage& image);

// The program of that name: beside this one, or in ../libexec/cs2sim; empty when there is none.
std::filesystem::path module_host(const std::string& name);

// A module that is run from a file, without a container, under a developer's eyes: noted in `folder` (the
// folder "modules" of a state folder), taken up when the device starts.
struct DevelopedModule {
    std::filesystem::path image;
    std::vector<std::string> wrap;  // a debugger's command, in front of the process's
    bool show_services = false;     // each service that it asks for stands in its log
};
std::optional<DevelopedModule> read_developed(const std::filesystem::path& folder);
// Nothing: no more. Errors: those of write_atomically().
Result<void> write_developed(const std::filesystem::path& folder,
                             const std::optional<DevelopedModule>& module);

std::string version_text(std::uint32_t version);  // "1.0.2.0"

}  // namespace cs2sim
