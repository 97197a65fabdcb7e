#include "tools/explain/explain_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <optional>
#include <set>
#include <vector>

#include "firmware/faults/rules/rule.h"
#include "firmware/protocol/advice.h"
#include "firmware/protocol/databases.h"
#include "firmware/protocol/functions.h"
#include "firmware/protocol/modes.h"
#include "tools/explain/explain_ckr.h"
#include "tools/explain/mode_matrix.h"

namespace cs2sim {
namespace {

template <class... Values>
std::string format(const char* pattern, Values... values) {
    std::array<char, 512> text{};
    std::snprintf(text.data(), text.size(), pattern, values...);
    return text.data();
}

std::string code_and_name(std::uint32_t code) {
    const ErrorRow* row = find_error(code);
    return hex_code(code) + (row ? " " + std::string(row->module) + "." + std::string(row->name) : "");
}

// `label`, then the text in lines of up to 100 characters, the later ones indented.
std::string entry(std::string_view label, std::string_view text) {
    constexpr std::size_t kIndent = 12;
    constexpr std::size_t kWidth = 100;
    std::string out(label);
    out.resize(kIndent, ' ');
    std::size_t column = kIndent;
    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find(' '));
        if (column > kIndent && column + 1 + word.size() > kWidth) {
            out += "\n" + std::string(kIndent, ' ');
            column = kIndent;
        }
        if (column > kIndent) out += ' ', ++column;
        out += word;
        column += word.size();
        text.remove_prefix(std::min(text.size(), word.size() + 1));
    }
    return out + "\n";
}

std::string joined(const std::vector<std::string>& words) {
    std::string all;
    for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
    return all;
}

// --- codes ---

// Codes that every module's start-up can give (firmware-facts.md, section 2).
std::string framework_meaning(std::uint32_t number) {
    switch (number >> 8) {
        case 0xFC:
            return "start-up of the module: operating system too old";
        case 0xFD:
            return "start-up of the module: its init task was not created";
        case 0xFE:
            return format("start-up of the module: entry %u of its link table was not found", number & 0xFF);
        case 0xFF:
            return format("start-up of the module: entry %u of its link table did not start", number & 0xFF);
        default:
            return {};
    }
}

// As the second line of an error names it, for those that no device here has.
std::string module_heading(std::uint16_t id) {
    const std::string lines = describe(0xB0000000 | static_cast<std::uint32_t>(id) << 16);
    constexpr std::string_view kBefore = "\nCryptoServer module ";
    const std::size_t begin = lines.find(kBefore) + kBefore.size();
    return lines.substr(begin, lines.find('\n', begin) - begin);
}

std::string module_words(std::uint16_t id) {
    if (const ModuleRow* module = find_module(id))
        return format("%03X ", id) + std::string(module->name) + ", " + std::string(module->long_name);
    const std::string heading = module_heading(id);
    return heading.starts_with(format("%03X", id)) ? heading : format("%03X ", id) + heading;
}

// The host's layers (B900 to B9FF) are one module to the tables; each has a number of its own.
std::string module_words_of(std::uint32_t code) {
    const std::string words = module_words(module_of(code));
    const std::uint32_t layer = (code >> 16) & 0xFFF;
    return layer == module_of(code) ? words : format("%03X", layer) + words.substr(3);
}

std::string explain_unknown(std::uint32_t code) {
    std::string text = hex_code(code) + "  unknown code\n";
    if (code >> 28 != 0xB) return text + entry("", "Codes begin with B.");
    text += entry("module", module_words_of(code));
    text += entry("number", format("%04X", code & 0xFFFF));
    const std::string meaning = framework_meaning(code & 0xFFFF);
    text += entry("meaning", meaning.empty() ? "no table knows this number" : meaning);
    text += entry("here", "This simulator never answers it.");
    return text + entry("PKCS#11", ckr_words(code));
}

// Who is barred by the code, mode by mode.
std::string barred_functions(std::uint32_t code) {
    std::string text;
    for (const Situation& situation : kSituations) {
        std::vector<std::string> names;
        for (const FunctionSignature& function : function_catalogue())
            if (barred_by(function.rules, situation.modes) == code) names.push_back(full_name(function));
        if (!names.empty())
            text += entry("barred", "in mode " + mode_names(situation.modes) + ": " + joined(names));
    }
    return text;
}

std::string answering_functions(const Advice& advice) {
    if (answered_by_any(advice)) return entry("answered by", "any function");
    std::string_view names = advice.functions;
    std::vector<std::string> list;
    while (!names.empty()) {
        const std::string_view word = names.substr(0, names.find(' '));
        if (const FunctionSignature* function = find_function(word)) {
            std::string name = full_name(*function) + " (" + number_text(function->fc, function->sfc) + ")";
            if (std::ranges::find(list, name) == list.end()) list.push_back(std::move(name));
        }
        names.remove_prefix(std::min(names.size(), word.size() + 1));
    }
    return list.empty() ? "" : entry("answered by", joined(list));
}

std::string explain_code(std::uint32_t code) {
    const ErrorRow* row = find_error(code);
    if (!row) return explain_unknown(code);
    std::string text =
        hex_code(code) + "  E_" + std::string(row->module) + "_" + std::string(row->name) + "\n" +
        entry("module", module_words_of(code)) +
        entry("meaning", error_text(code) + (row->assumed ? " (the number is our assumption)" : ""));
    const Advice* advice = find_advice(row->code);
    if (!advice) {
        const std::string barred = barred_functions(code);
        const char* never =
            row->module == "CSA" ? "Never answered here." : "Never answered here, but for a fault rule.";
        text += barred.empty() ? entry("here", never) : barred;
        return text + entry("PKCS#11", ckr_words(code));
    }
    if (!advice->occurs)
        return text + entry("here", "Never answered. " + std::string(advice->provoked_by)) +
               entry("PKCS#11", ckr_words(code));
    text += entry("provoked by", advice->provoked_by);
    text += answering_functions(*advice);
    text += barred_functions(code);
    text += entry("PKCS#11", ckr_words(code));
    return text + entry("remedy", advice->remedy);
}

bool read_number(std::string_view text, int base, std::int64_t& out) {
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out, base);
    return !text.empty() && parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

// "083063" as the matrix of modes prints it, "83.63": module and number. Only codes that a table knows, and
// no function's number.
std::optional<std::uint32_t> short_code(std::string_view text) {
    std::int64_t module = 0, number = 0;
    const std::size_t dot = text.find('.');
    const bool whole = dot == std::string_view::npos && text.size() == 6;
    if (whole ? !read_number(text.substr(0, 3), 16, module) || !read_number(text.substr(3), 16, number)
              : dot == std::string_view::npos || !read_number(text.substr(0, dot), 16, module) ||
                    !read_number(text.substr(dot + 1), 16, number))
        return std::nullopt;
    if (module < 0 || module > 0xFFF || number < 0 || number > 0xFFFF) return std::nullopt;
    if (!whole && number <= 0xFF &&
        find_function(static_cast<std::uint16_t>(module), static_cast<std::uint8_t>(number)))
        return std::nullopt;
    const auto code = static_cast<std::uint32_t>(0xB0000000 | module << 16 | number);
    return find_error(code) ? std::optional(code) : std::nullopt;
}

std::optional<std::uint32_t> code_in(std::string_view text) {
    std::int64_t number = 0;
    if (text.starts_with('-'))
        return read_number(text, 10, number) && number >= INT32_MIN
                   ? std::optional(static_cast<std::uint32_t>(number))
                   : std::nullopt;
    const bool prefixed = text.starts_with("0x") || text.starts_with("0X");
    if (prefixed) text.remove_prefix(2);
    if (text.size() == 8 && read_number(text, 16, number)) return static_cast<std::uint32_t>(number);
    if (prefixed) return std::nullopt;
    if (const auto short_form = short_code(text)) return short_form;
    if (const std::uint32_t code = find_code(text)) return code;
    std::optional<std::uint32_t> found;
    for (const ErrorRow& row : error_table()) {
        if (row.name != text) continue;
        if (found) return std::nullopt;
        found = row.code;
    }
    return found;
}

// --- functions ---

// What a backup or restore of each database needs of the users logged on.
std::string database_needs() {
    std::string text;
    for (const DatabasePolicy& row : database_policies()) {
        const std::string name = row.name == "*" ? "any other database" : std::string(row.name);
        text += entry("needs", name + ": " +
                                   (row.refused_out != 0 ? code_and_name(row.refused_out) + ", whoever asks"
                                                         : hex_code(row.backup_permission)));
    }
    return text;
}

std::string explain_database(const DatabasePolicy& row) {
    std::string text = std::string(row.name) + "  database\n";
    text += entry("search key", std::to_string(row.info.key_length) + " bytes");
    if (row.refused_out != 0) {
        text += entry("backup", code_and_name(row.refused_out) + ", whoever asks");
        return text + entry("restore", code_and_name(row.refused_in) + ", whoever asks");
    }
    return text + entry("backup", "needs " + hex_code(row.backup_permission) +
                                      ", the sum of the users logged on; a restore needs the same");
}

// Codes whose text holds these words.
std::string codes_with_words(std::string_view words) {
    std::vector<const ErrorRow*> found;
    for (const ErrorRow& row : error_table()) {
        std::string text(row.text);
        std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
        if (text.find(words) != std::string::npos) found.push_back(&row);
    }
    if (found.size() == 1) return explain_code(found.front()->code);
    std::string text;
    for (const ErrorRow* row : found) text += code_and_name(row->code) + ": " + std::string(row->text) + "\n";
    return text;
}

std::string_view touched_database(const FunctionSignature& signature) {
    switch (signature.touches) {
        case Touches::users:
            return "user.db";
        case Touches::keys:
            return "CXIKEY.db";
        case Touches::mbks:
            return "VMBK1.db";
        case Touches::named:
            return "the one that it names";
        case Touches::opened:
            return "the one that its handle stands for";
        default:
            return {};
    }
}

std::vector<std::string> answers_of(const FunctionSignature& signature) {
    std::vector<std::string> codes;
    for (const std::uint32_t code : possible_errors(signature)) codes.push_back(code_and_name(code));
    return codes;
}

// Whether a command of CXI names a key, or the group of one that is to be.
bool names_group(const FunctionSignature& signature) {
    constexpr std::string_view kNames[] = {"key",     "group",    "properties", "public",
                                           "private", "template", "blobs",      "handle"};
    return std::ranges::any_of(signature.request, [&](const Layout::Field& field) {
        return std::ranges::find(kNames, signature.request.name(field)) != std::end(kNames);
    });
}

std::string permission_words(const FunctionSignature& signature) {
    if (signature.permission != 0) return hex_code(signature.permission) + ", the sum of the users logged on";
    if (signature.fc == FC_CXI && names_group(signature))
        return "by the group of the key that it names: 00000002 there, or what the group's configuration "
               "(CFG_AUTH_…) asks";
    return "anybody (the function itself may ask for more)";
}

std::string explain_function(const FunctionSignature& signature) {
    std::string text = number_text(signature.fc, signature.sfc) + "  " + full_name(signature) + "\n";
    text += entry("module", module_words(signature.fc));
    text += entry("request", signature.request.text().empty() ? "empty" : signature.request.text());
    text += entry("answer", signature.answer.text().empty() ? "empty" : signature.answer.text());
    constexpr std::string_view kProvenance[] = {"known", "number known, encoding our assumption",
                                                "number and encoding are our assumption"};
    text += entry("source", kProvenance[static_cast<std::size_t>(signature.provenance)]);

    text += entry("permission", permission_words(signature));
    text += entry("repeatable", signature.has(traits::kRepeatable)
                                    ? "yes: after a lost answer it may be sent again"
                                    : "no: after a lost answer nobody knows whether it was done");
    if (signature.has(traits::kContinues))
        text += entry("goes on",
                      "with what an earlier command of the same caller left on the device, by its handle");
    if (const std::string_view touched = touched_database(signature); !touched.empty())
        text += entry("database", touched);
    if (signature.audit_class != AUDIT_NOTHING)
        text += entry("audit log", "class " + std::string(audit_class_name(signature.audit_class)));
    for (const Situation& situation : kSituations)
        if (const std::uint32_t code = barred_by(signature.rules, situation.modes))
            text += entry("barred", "in mode " + mode_names(situation.modes) + ": " + code_and_name(code));
    if (signature.touches == Touches::named) text += database_needs();
    return text + entry("may answer", joined(answers_of(signature)));
}

// "B083", "B9063": what all codes that begin so have in common, and which there are (firmware-facts.md,
// section 2: the form without number).
std::string explain_beginning(std::string_view text) {
    std::int64_t digits = 0;
    if (text.size() < 4 || text.size() > 7 || text[0] != 'B' || !read_number(text, 16, digits)) return {};
    const unsigned open = 4 * (8 - static_cast<unsigned>(text.size()));
    const auto first = static_cast<std::uint32_t>(digits << open);
    const std::uint32_t last = first | ((1U << open) - 1);
    std::string list;
    for (const ErrorRange& range : error_ranges())
        if (range.row.code <= last && first <= range.last)
            list += "  " + hex_code(range.row.code) + " to " + hex_code(range.last) + ": " +
                    std::string(range.row.text) + "\n";
    for (const ErrorRow& row : error_table())
        if (first <= row.code && row.code <= last)
            list += "  " + hex_code(row.code) + "  " + std::string(row.name) + ": " + std::string(row.text) +
                    "\n";
    return list.empty() ? "" : module_words_of(first) + "\n" + list;
}

const ModuleRow* module_in(std::string_view text) {
    std::int64_t id = 0;
    if (text.size() <= 4 && read_number(text, 16, id) && id <= 0xFFF)
        if (const ModuleRow* row = find_module(static_cast<std::uint16_t>(id))) return row;
    for (const ModuleRow& row : module_table())
        if (row.name == text) return &row;
    return nullptr;
}

std::string explain_module(const ModuleRow& module) {
    std::string text = module_words(module.id) + "\n";
    for (const FunctionSignature& signature : function_catalogue())
        if (signature.fc == module.id)
            text += "  " + number_text(signature.fc, signature.sfc) + "  " + full_name(signature) + "\n";
    for (const ErrorRow& row : error_table())
        if (module_of(row.code) == module.id)
            text += "  " + hex_code(row.code) + "  " + std::string(row.name) + ": " + std::string(row.text) +
                    "\n";
    return text;
}

}  // namespace

tl::expected<std::string, std::string> explain(std::string_view what) {
    std::string upper(what);
    std::ranges::transform(upper, upper.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    if (const auto ckr = ckr_in(upper)) return explain_ckr(*ckr, entry);
    std::string text;
    if (const auto code = code_in(upper)) text += explain_code(*code);
    if (const FunctionSignature* function = find_function(std::string_view(upper)))
        text += explain_function(*function);
    if (text.empty())
        if (const ModuleRow* module = module_in(upper)) text += explain_module(*module);
    if (text.empty()) text = explain_beginning(upper);
    if (text.empty() && upper.size() == 3) text = explain_beginning("B" + upper);
    if (text.empty())
        if (const DatabasePolicy* row = database_policy(what); row->name != "*")
            text += explain_database(*row);
    if (text.empty() && upper.size() >= 4) text += codes_with_words(upper);
    if (text.empty()) {  // "pin locked", PIN_LOCKED
        std::ranges::replace(upper, ' ', '_');
        if (const auto ckr = ckr_in("CKR_" + upper)) return explain_ckr(*ckr, entry);
    }
    if (text.empty())
        return tl::unexpected("'" + std::string(what) +
                              "' is no error code, no function and no module that the tables know");
    return text;
}

}  // namespace cs2sim
