#include "firmware/modules/images/script.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "firmware/smos/flash/file_name.h"
#include "firmware/toml/toml.h"

namespace cs2sim {
namespace {

constexpr std::string_view kHeader = "--[[module";
constexpr std::string_view kEnd = "]]";
constexpr std::size_t kLongestName = 12, kLongestTitle = 32;  // T_MODULE_INFO of sdk-facts.md

// What must be a container wherever it lies in flash: what MakeMTC writes, what flash of a real device holds
// (device-formats.md, section 5), and the files of linkers, which only a container can bring in.
constexpr std::array<std::string_view, 4> kContainerEndings{".mtc", ".msc", ".out", ".so"};

using Problem = tl::unexpected<std::string>;

// "1.0.2.0"
std::optional<std::uint32_t> version_of(std::string_view text) {
    std::uint32_t version = 0;
    for (int part = 0; part < 4; ++part) {
        std::uint8_t number = 0;
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (failed != std::errc()) return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        if (part == 3 ? !text.empty() : !text.starts_with('.')) return std::nullopt;
        if (part < 3) text.remove_prefix(1);
        version = version << 8 | number;
    }
    return version;
}

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c < 0x7F; });
}

// Error: the field that is wrong.
tl::expected<ModuleInfo, std::string> read_info(const toml::table& table) {
    ModuleInfo info;
    bool has_id = false, has_version = false;
    for (const auto& [key, node] : table) {
        const std::string_view field = key.str();
        const auto text = node.value<std::string>();
        const auto number = node.value<std::int64_t>();
        const auto version = text ? version_of(*text) : std::nullopt;
        if (field == "name" && text && !text->empty() && text->size() <= kLongestName &&
            is_printable(*text)) {
            info.abbreviation = *text;
        } else if (field == "id" && number && *number > 0 && *number <= 0xFFFF) {
            info.id = static_cast<std::uint16_t>(*number);
            has_id = true;
        } else if (field == "version" && version) {
            info.version = *version;
            has_version = true;
        } else if (field == "title" && text && text->size() <= kLongestTitle && is_printable(*text)) {
            info.name = *text;
        } else {
            return Problem("module." + std::string(field) + " is no name, id, version or title of a module");
        }
    }
    if (info.abbreviation.empty() || !has_id || !has_version)
        return Problem("[module] needs name, id and version");
    return info;
}

}  // namespace

bool is_script(std::string_view file_name) { return has_ending(file_name, ".lua"); }

bool is_module_file(std::string_view file_name) {
    return is_script(file_name) || std::ranges::any_of(kContainerEndings, [&](std::string_view ending) {
               return has_ending(file_name, ending);
           });
}

tl::expected<ModuleScript, std::string> read_script(std::string_view text, std::string_view name) {
    const std::size_t end = text.find(kEnd);
    if (!text.starts_with(kHeader) || end == std::string_view::npos)
        return Problem(std::string(name) + " does not begin with --[[module … ]]");
    const std::string_view header = text.substr(kHeader.size(), end - kHeader.size());
    const auto document = parse_toml(header, name);  // its lines are those of the script
    CS2SIM_TRY(document);
    const toml::table* table = (*document)["module"].as_table();
    auto info = table ? read_info(*table) : Problem("there is no [module]");
    if (!info) return Problem(std::string(name) + ": " + info.error());
    CS2SIM_TRY_LET(texts, ModuleTexts::read(header, name, info->abbreviation, info->id));
    return ModuleScript{std::move(*info), std::move(texts)};
}

Result<ModuleScript> script_in_image(ByteView image, const ModuleInfo& info) {
    CS2SIM_TRY_LET(text, text_of_image(image));
    auto script = read_script(as_text(text), info.abbreviation);
    if (!script || script->info != info) return fail(E_ADM_MMC_INFO);
    return std::move(*script);
}

Result<ModuleInfo> module_info_of_file(std::string_view file_name, ByteView content) {
    if (!is_script(file_name)) return module_info(content);
    auto script = read_script(as_text(content), file_name);
    if (!script) return fail(E_ADM_MMC_INFO);
    return std::move(script->info);
}

}  // namespace cs2sim
