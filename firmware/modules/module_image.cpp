#include "firmware/modules/module_image.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "firmware/smos/host_file.h"
#include "firmware/toml/toml.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;

// An ELF file's class and, little-endian, its machine: x86, x86-64, AArch64.
Result<unsigned> elf_bits(ByteView image) {
    if (image.size() < 20 || image[0] != 0x7F || as_text(image.subspan(1, 3)) != "ELF" || image[5] != 1)
        return fail(E_OS_MDL_CORRUPT);
    const unsigned machine = image[18] | image[19] << 8;
    if (image[4] == 1 && machine == 3) return 32U;
#if defined(__x86_64__)
    if (image[4] == 2 && machine == 62) return 64U;
#elif defined(__aarch64__)
    if (image[4] == 2 && machine == 183) return 64U;
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
    CS2SIM_TRY_LET(bits, elf_bits(content));
    image.info = info;
    image.bits = bits;
    image.content = std::move(content);
    return image;
}

Result<ModuleImage> read_container(const Flash& flash, const std::string& name) {
    CS2SIM_TRY_LET(container, flash.read(name));
    CS2SIM_TRY_LET(content, container_image(container, kModuleLinux));
    return read_image(to_bytes(content));
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

std::vector<ModuleImage> find_module_images(const Flash& flash, const Say& say) {
    constexpr std::string_view kContainer = ".mtc";
    std::vector<ModuleImage> images;
    for (const FileInfo& file : flash.list()) {
        if (!file.name.ends_with(kContainer)) continue;
        auto image = read_container(flash, file.name);
        if (!image) {
            say("module " + file.name + " not started: " + hex_code(image.error().code));
            continue;
        }
        const std::string beside = file.name.substr(0, file.name.size() - kContainer.size()) + ".toml";
        tl::expected<std::string, std::string> toml = tl::unexpected<std::string>("");
        if (flash.exists(beside))
            if (const auto text = flash.read(beside)) toml = std::string(as_text(*text));
        image->texts = texts_of(toml, beside, image->info, say);
        keep_newest(images, std::move(*image), say);
    }
    return images;
}

void take_developed(std::vector<ModuleImage>& images, const fs::path& file, const Say& say) {
    std::ifstream in(file, std::ios::binary);
    auto image = read_image(Bytes(std::istreambuf_iterator<char>(in), {}));
    if (!image) return say("module " + file.string() + " not started: " + hex_code(image.error().code));
    fs::path beside = file;
    beside.replace_extension(".toml");
    image->texts = texts_of(read_text(beside.string()), beside.string(), image->info, say);
    image->file = file;
    image->developed = true;
    std::erase_if(images, [&](const ModuleImage& other) { return other.info.id == image->info.id; });
    images.push_back(std::move(*image));
}

Result<fs::path> place_image(const fs::path& folder, const ModuleImage& image) {
    CS2SIM_TRY(make_folder(folder));
    if (image.developed) return image.file;
    const fs::path file = folder / (image.info.abbreviation + ".so");
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

fs::path module_host(unsigned bits) {
    std::error_code failed;
    const fs::path own = fs::read_symlink("/proc/self/exe", failed).parent_path();
    const std::string name = "cs2sim-module" + std::to_string(bits);
    for (const fs::path& place : {own / name, own.parent_path() / "libexec" / "cs2sim" / name})
        if (fs::exists(place, failed)) return place;
    return {};
}

std::string version_text(std::uint32_t version) {
    return std::to_string(version >> 24) + '.' + std::to_string(version >> 16 & 0xFF) + '.' +
           std::to_string(version >> 8 & 0xFF) + '.' + std::to_string(version & 0xFF);
}

}  // namespace cs2sim
