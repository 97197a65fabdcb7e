#include "firmware/modules/images/module_image.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "firmware/modules/images/script.h"
#include "firmware/smos/flash/state_file.h"
#include "firmware/toml/toml.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHost32 = "cs2sim-module32";
constexpr const char* kHost64 = "cs2sim-module64";
constexpr const char* kHostOfScripts = "cs2sim-lua";

// By an ELF file's class and, little-endian, its machine: x86, x86-64, AArch64.
Result<const char*> host_of(ByteView image) {
    if (image.size() < 20 || image[0] != 0x7F || as_text(image.subspan(1, 3)) != "ELF" || image[5] != 1)
        return fail(E_OS_MDL_CORRUPT);
    const unsigned machine = image[18] | image[19] << 8;
    if (image[4] == 1 && machine == 3) return kHost32;
#if defined(__x86_64__)
    if (image[4] == 2 && machine == 62) return kHost64;
#elif defined(__aarch64__)
    if (image[4] == 2 && machine == 183) return kHost64;
#endif
    return fail(E_OS_MDL_HW_TYPE);
}

// It becomes part of names of files.
bool is_plain(std::string_view abbreviation) {
    return std::ranges::all_of(abbreviation,
                               [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; });
}

ModuleTexts texts_of(const tl::expected<std::string, std::string>& toml, const std::string& name,
                     const ModuleInfo& info, const Say& say) {
    if (!toml) return default_texts(info.abbreviation, info.id);
    auto texts = ModuleTexts::read(*toml, name, info.abbreviation, info.id);
    if (texts) return *texts;
    say("module " + info.abbreviation + ": " + texts.error());
    return default_texts(info.abbreviation, info.id);
}

Result<void> make_folder(const fs::path& folder) {
    std::error_code failed;
    fs::create_directories(folder, failed);
    fs::permissions(folder, fs::perms::owner_all, failed);
    if (failed) return fail(E_OS_FILE_CORR);
    return {};
}

Result<ModuleImage> read_image(Bytes content) {
    ModuleImage image;
    CS2SIM_TRY_LET(info, module_info(content));
    if (!is_plain(info.abbreviation)) return fail(E_ADM_MMC_INFO);
    CS2SIM_TRY_LET(host, host_of(content));
    image.info = info;
    image.host = host;
    image.content = std::move(content);
    return image;
}

tl::expected<ModuleImage, std::string> script_image(Bytes content, const std::string& name);

Result<ModuleImage> read_container(ByteView container, const std::string& name,
                                   std::span<const PublicKey> keys, const CheckLoad& check_load) {
    CS2SIM_TRY(check_stored_container(container, keys));
    CS2SIM_TRY(check_load(name, container));
    if (const auto scripted = container_image(container, kModuleScript)) {
        CS2SIM_TRY_LET(text, text_of_image(*scripted));
        auto image = script_image(to_bytes(text), name);
        if (!image) return fail(E_ADM_MMC_INFO);
        return std::move(*image);
    }
    CS2SIM_TRY_LET(content, container_image(container, kModuleLinux));
    return read_image(to_bytes(content));
}

tl::expected<ModuleImage, std::string> script_image(Bytes content, const std::string& name) {
    CS2SIM_TRY_LET(script, read_script(as_text(content), name));
    if (!is_plain(script.info.abbreviation))
        return tl::unexpected(name + ": " + script.info.abbreviation + " is no name of a module");
    ModuleImage image;
    image.info = std::move(script.info);
    image.texts = std::move(script.texts);
    image.host = kHostOfScripts;
    image.content = std::move(content);
    return image;
}

// With its texts. Error: words, mostly a code.
tl::expected<ModuleImage, std::string> image_in_flash(const Flash& flash, const std::string& name,
                                                      Bytes content, std::span<const PublicKey> keys,
                                                      const CheckLoad& check_load, const Say& say) {
    if (is_script(name)) return script_image(std::move(content), name);
    auto image = read_container(content, name, keys, check_load);
    if (!image) return tl::unexpected(hex_code(image.error().code));
    if (image->host == kHostOfScripts) return std::move(*image);  // its texts are in its header
    const std::string beside = fs::path(name).replace_extension(".toml");
    tl::expected<std::string, std::string> toml = tl::unexpected<std::string>("");
    if (flash.exists(beside))
        if (const auto text = flash.read(beside)) toml = std::string(as_text(*text));
    image->texts = texts_of(toml, beside, image->info, say);
    return std::move(*image);
}

tl::expected<ModuleImage, std::string> image_in_file(Bytes content, const fs::path& file, const Say& say) {
    if (is_script(file.string())) return script_image(std::move(content), file.filename());
    auto image = read_image(std::move(content));
    if (!image) return tl::unexpected(hex_code(image.error().code));
    const std::string beside = fs::path(file).replace_extension(".toml");
    image->texts = texts_of(read_text(beside), beside, image->info, say);
    return std::move(*image);
}

void keep_newest(std::vector<ModuleImage>& images, ModuleImage image, const Say& say) {
    const auto same = std::ranges::find_if(images, [&](const ModuleImage& other) {
        return other.info.id == image.info.id || other.info.abbreviation == image.info.abbreviation;
    });
    if (same == images.end()) {
        images.push_back(std::move(image));
        return;
    }
    const bool newer = image.info.version > same->info.version;
    say("module " + image.info.abbreviation + ": two containers, the older is left out");
    if (newer) *same = std::move(image);
}

}  // namespace

FoundModules find_module_images(const Flash& flash, std::span<const PublicKey> keys,
                                const CheckLoad& check_load, const Say& say) {
    FoundModules found;
    for (const FileInfo& file : flash.list()) {
        if (!is_module_file(file.name)) continue;
        const std::string refusal = "module " + file.name + " not started: ";
        auto content = flash.read(file.name);
        if (!content) {
            say(refusal + hex_code(content.error().code));
            continue;
        }
        auto image = image_in_flash(flash, file.name, *content, keys, check_load, say);
        if (image) {
            image->stored = file.name;
            keep_newest(found.images, std::move(*image), say);
            continue;
        }
        say(refusal + image.error());
        if (auto info = module_info_of_file(file.name, *content)) found.refused.push_back(std::move(*info));
    }
    return found;
}

void take_developed(std::vector<ModuleImage>& images, const fs::path& file, const Say& say) {
    const StateFile opened(file, O_RDONLY);
    auto content = opened ? opened.content(kLargestModule) : fail(E_OS_FILE_NO_SUCH_FILE);
    if (!content) return say("module " + file.string() + " not started: it is no file that can be read");
    auto image = image_in_file(std::move(*content), file, say);
    if (!image) return say("module " + file.string() + " not started: " + image.error());
    image->file = file;
    image->developed = true;
    std::erase_if(images, [&](const ModuleImage& other) { return other.info.id == image->info.id; });
    images.push_back(std::move(*image));
}

Result<fs::path> place_image(const fs::path& folder, const ModuleImage& image) {
    CS2SIM_TRY(make_folder(folder));
    if (image.developed) return image.file;
    const char* const extension = image.host == kHostOfScripts ? ".lua" : ".so";
    const fs::path file = folder / (image.info.abbreviation + extension);
    CS2SIM_TRY(write_atomically(file, image.content));  // beside the one that a process may still have mapped
    return file;
}

namespace {
constexpr std::string_view kDeveloped =
    "developed";  // the image's path, kShow or nothing, then a word of the wrap a line
constexpr std::string_view kShow = "services";
}  // namespace

std::optional<DevelopedModule> read_developed(const fs::path& folder) {
    std::ifstream in(folder / kDeveloped);
    DevelopedModule module;
    std::string line;
    if (!std::getline(in, line)) return std::nullopt;
    module.image = line;
    if (std::getline(in, line)) module.show_services = line == kShow;
    while (std::getline(in, line)) module.wrap.push_back(line);
    return module;
}

Result<void> write_developed(const fs::path& folder, const std::optional<DevelopedModule>& module) {
    std::error_code failed;
    if (!module) {
        fs::remove(folder / kDeveloped, failed);
        return {};
    }
    CS2SIM_TRY(make_folder(folder));
    std::string text = module->image.string() + '\n' + std::string(module->show_services ? kShow : "") + '\n';
    for (const std::string& word : module->wrap) text += word + '\n';
    return write_atomically(folder / kDeveloped, as_bytes(text));
}

fs::path module_host(const std::string& name) {
    std::error_code failed;
    const fs::path own = fs::read_symlink("/proc/self/exe", failed).parent_path();
    for (const fs::path& place : {own / name, own.parent_path() / "libexec" / "cs2sim" / name})
        if (fs::exists(place, failed)) return place;
    return {};
}

std::string version_text(std::uint32_t version) {
    return std::to_string(version >> 24) + '.' + std::to_string(version >> 16 & 0xFF) + '.' +
           std::to_string(version >> 8 & 0xFF) + '.' + std::to_string(version & 0xFF);
}

}  // namespace cs2sim
