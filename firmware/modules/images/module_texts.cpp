#include "firmware/modules/images/module_texts.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdio>

#include "firmware/toml/toml.h"

namespace cs2sim {

struct ModuleTexts::Content {
    struct Described {
        std::string name;
        std::string request = "*";
        std::string answer = "*";
        std::uint32_t permission = 0;
    };
    struct ErrorText {
        std::string name;
        std::string text;
    };
    std::string module;  // "EXMP"
    std::array<Described, 256> functions;
    std::vector<ErrorText> error_texts;
    std::vector<ErrorRow> errors;
    std::vector<ModuleSlot> slots;
};

namespace {

constexpr std::string_view kAnyBlock = "block:*";

std::string upper(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return out;
}

std::string numbered(const char* format, unsigned number) {
    char text[32];
    std::snprintf(text, sizeof text, format, number);
    return text;
}

// "5", "0x05".
std::optional<std::uint32_t> number_of(std::string_view text) {
    const bool hexadecimal = text.starts_with("0x");
    if (hexadecimal) text.remove_prefix(2);
    std::uint32_t value = 0;
    const auto [end, failed] =
        std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal ? 16 : 10);
    if (failed != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

using Problem = tl::unexpected<std::string>;

bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= 31 && std::ranges::all_of(name, [](unsigned char c) {
        return std::isupper(c) || std::isdigit(c) || c == '_';
    });
}

}  // namespace

struct ModuleTextsReader {
    using Content = ModuleTexts::Content;
    Content& content;
    std::string problem;

    void complain(const std::string& what) {
        if (problem.empty()) problem = what;
    }

    void read_function(std::string_view key, const toml::node& node) {
        const auto sfc = number_of(key);
        const toml::table* table = node.as_table();
        if (!sfc || *sfc > 255 || !table)
            return complain("functions." + std::string(key) + " is no sub-function");
        Content::Described& function = content.functions[*sfc];
        for (const auto& [field, value] : *table) {
            const std::string_view name = field.str();
            const auto text = value.value<std::string>();
            const auto number = value.value<std::int64_t>();
            if (name == "name" && text && is_name(upper(*text)))
                function.name = upper(*text);
            else if (name == "request" && text && Layout::from(*text))
                function.request = *text;
            else if (name == "answer" && text && Layout::from(*text))
                function.answer = *text;
            else if (name == "permission" && number && *number >= 0 && *number <= 0xFFFFFFFF)
                function.permission = static_cast<std::uint32_t>(*number);
            else
                complain("functions." + std::string(key) + "." + std::string(name) +
                         " is no name, layout or permission of a function");
        }
    }

    void read_slot(std::string_view key, const toml::node& node) {
        const auto place = number_of(key);
        const toml::table* table = node.as_table();
        if (!place || *place < ModuleSlot::kFirst || *place > ModuleSlot::kLast || !table)
            return complain("slots." + std::string(key) + " is no place in a table, 7 to 63");
        ModuleSlot slot{static_cast<std::uint8_t>(*place), {}};
        for (const auto& [field, value] : *table) {
            const std::string_view name = field.str();
            const auto text = value.value<std::string>();
            auto parameters = text && name == "takes" ? read_parameters(*text) : std::nullopt;
            if (parameters)
                slot.parameters = std::move(*parameters);
            else if (name != "name" || !text)  // which only its reader needs
                complain("slots." + std::string(key) + "." + std::string(name) +
                         " is no name of a function, and not what it takes");
        }
        content.slots.push_back(std::move(slot));
    }

    void read_error(std::string_view key, const toml::node& node) {
        const auto number = number_of(key);
        const auto text = node.value<std::string>();
        if (!number || *number > 0xFFFF || !text || text->empty() || text->find('\n') != std::string::npos)
            return complain("errors." + std::string(key) + " is no error of a module with its text");
        content.error_texts.push_back({numbered("%04X", *number), *text});
    }
};

bool is_described(const FunctionSignature& row) { return !row.name.starts_with("SFC_"); }

ModuleTexts default_texts(std::string_view module, std::uint16_t id) {
    auto texts = ModuleTexts::read("", "", module, id);
    return texts ? *texts : ModuleTexts();
}

tl::expected<ModuleTexts, std::string> ModuleTexts::read(std::string_view toml, std::string_view name,
                                                         std::string_view module, std::uint16_t id) {
    CS2SIM_TRY_LET(document, parse_toml(toml, name));
    ModuleTexts texts;
    texts.content_ = std::make_shared<Content>();
    Content& content = *texts.content_;
    content.module = upper(module);
    ModuleTextsReader reader{content, {}};
    for (const auto& [key, node] : document) {
        const toml::table* table = node.as_table();
        if (key.str() == "functions" && table)
            for (const auto& [sfc, function] : *table) reader.read_function(sfc.str(), function);
        else if (key.str() == "errors" && table)
            for (const auto& [number, text] : *table) reader.read_error(number.str(), text);
        else if (key.str() == "slots" && table)
            for (const auto& [place, slot] : *table) reader.read_slot(place.str(), slot);
        else if (key.str() != "module" || !table)
            reader.complain("'" + std::string(key.str()) +
                            "' is neither [functions.N], [slots.N] nor [errors]");
    }
    if (!reader.problem.empty()) return Problem(std::string(name) + ": " + reader.problem);
    for (unsigned sfc = 0; sfc < 256; ++sfc)
        if (content.functions[sfc].name.empty()) content.functions[sfc].name = numbered("SFC_%02X", sfc);
    for (const Content::ErrorText& error : content.error_texts) {
        const std::uint32_t number = *number_of("0x" + error.name);
        content.errors.push_back(
            {0xB0000000U | std::uint32_t{id} << 16 | number, content.module, error.name, error.text, false});
    }
    return texts;
}

FunctionSignature ModuleTexts::row(std::uint16_t fc, std::uint8_t sfc) const {
    const Content::Described& function = content_->functions[sfc];
    const auto layout = [](std::string_view text) {
        const auto described = Layout::from(text == "*" ? kAnyBlock : text);
        return described ? *described : *Layout::from(kAnyBlock);
    };
    return {fc,
            sfc,
            content_->module,
            function.name,
            layout(function.request),
            layout(function.answer),
            Provenance::known,
            function.permission,
            ModeRules{},
            0,
            Touches::nothing,
            AUDIT_NOTHING};
}

std::span<const ErrorRow> ModuleTexts::errors() const { return content_->errors; }

const std::vector<ModuleSlot>& ModuleTexts::slots() const { return content_->slots; }
bool ModuleTexts::has_slot(std::uint8_t place) const {
    return std::ranges::find(content_->slots, place, &ModuleSlot::place) != content_->slots.end();
}

}  // namespace cs2sim
