#include "firmware/modules/images/known_modules.h"

#include <algorithm>
#include <cctype>

#include "firmware/modules/images/module_image.h"
#include "firmware/smos/flash/state_folder.h"

namespace cs2sim {
namespace {

bool same(std::string_view a, std::string_view b) {
    return std::ranges::equal(
        a, b, [](unsigned char x, unsigned char y) { return std::toupper(x) == std::toupper(y); });
}

std::string words_on(const FunctionSignature& row) {
    std::string text =
        full_name(row) + " (" + number_text(row.fc, row.sfc) + "), a function of a module of users' own\n";
    text += "  request     " + std::string(row.request.text()) + "\n  answer      " +
            std::string(row.answer.text()) + "\n";
    if (row.permission != 0) text += "  permission  " + hex_code(row.permission) + "\n";
    return text;
}

}  // namespace

KnownModules::KnownModules(const std::filesystem::path& state) {
    const auto nobody = [](const std::string&) {};  // what is wrong with one, the boot log says
    const auto as_it_is = [](const std::string&, ByteView) { return Result<void>(); };
    std::vector<ModuleImage> images =
        find_module_images(Flash(StateFolder{state}.files()), {}, as_it_is, nobody).images;
    if (const auto developed = read_developed(state / "modules"))
        take_developed(images, developed->image, nobody);
    for (const ModuleImage& image : images) {
        Known known{image.info, image.texts, {}};
        for (unsigned sfc = 0; sfc < 256; ++sfc)
            known.rows.push_back(image.texts.row(image.info.id, static_cast<std::uint8_t>(sfc)));
        modules_.push_back(std::move(known));
    }
}

const FunctionSignature* KnownModules::find(std::uint16_t fc, std::uint8_t sfc) const {
    for (const Known& module : modules_)
        if (module.info.id == fc) return &module.rows[sfc];
    return nullptr;
}

const ErrorRow* KnownModules::find_error(std::uint32_t code) const {
    for (const Known& module : modules_)
        for (const ErrorRow& error : module.texts.errors())
            if (error.code == code) return &error;
    return nullptr;
}

std::optional<std::string> KnownModules::explain(std::string_view what) const {
    for (const Known& module : modules_) {
        for (const ErrorRow& error : module.texts.errors())
            if (same(what, hex_code(error.code)))
                return hex_code(error.code) + "  " + std::string(error.module) + ": " +
                       std::string(error.text) + "\nAn error of a module of users' own, " +
                       module.info.abbreviation + ", by its text file.\n";
        for (const FunctionSignature& row : module.rows)
            if (same(what, full_name(row)) || same(what, number_text(row.fc, row.sfc))) return words_on(row);
        if (!same(what, module.info.abbreviation)) continue;
        std::string text = module.info.abbreviation + " " + version_text(module.info.version) + ", " +
                           module.info.name + ", a module of users' own\n";
        for (const FunctionSignature& row : module.rows)
            if (is_described(row)) text += "  " + number_text(row.fc, row.sfc) + "  " + full_name(row) + "\n";
        for (const ErrorRow& error : module.texts.errors())
            text += "  " + hex_code(error.code) + "  " + std::string(error.text) + "\n";
        return text;
    }
    return std::nullopt;
}

}  // namespace cs2sim
