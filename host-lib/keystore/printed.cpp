#include "host-lib/keystore/printed.h"

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>

#include "firmware/protocol/bytes.h"
#include "firmware/protocol/terminal_text.h"

namespace cs2sim::keystore {
namespace {

// Names of settings whose value is secret, or that end so: of databases, and of PINs of tokens.
constexpr std::string_view kSecretNames[] = {"password",   "passwd", "pwd",       "pass",
                                             "passphrase", "pin",    "loginuser", "loginso"};
constexpr std::string_view kBlanks = " \t\r\n", kMask = "***";
constexpr std::size_t kLongestSetting = 64;  // that is looked for behind a separator

bool is_blank(char c) { return kBlanks.find(c) != kBlanks.npos; }

bool is_of_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

// What stands before the '=' at `equals`; blanks and a closing quote may be between.
std::string_view name_before(std::string_view line, std::size_t equals) {
    std::size_t end = equals;
    while (end > 0 && is_blank(line[end - 1])) --end;
    if (end > 0 && (line[end - 1] == '"' || line[end - 1] == '\'')) --end;
    std::size_t begin = end;
    while (begin > 0 && is_of_name(line[begin - 1])) --begin;
    return line.substr(begin, end - begin);
}

bool is_secret(std::string_view name) {
    return std::ranges::any_of(
        kSecretNames, [&](std::string_view ending) { return boost::algorithm::iends_with(name, ending); });
}

// Does the next setting begin here, "user =", or does the line or its quote end?
bool setting_follows(std::string_view line, std::size_t at) {
    const std::size_t last = std::min(line.size(), at + kLongestSetting);
    while (at < last && is_blank(line[at])) ++at;
    if (at == line.size() || line[at] == '"') return true;
    const std::size_t name = at;
    while (at < last && is_of_name(line[at])) ++at;
    if (at == name) return false;
    while (at < last && (line[at] == ' ' || line[at] == '\t')) ++at;
    return at < line.size() && line[at] == '=';
}

// Behind the quote or brace that closes the one at `open`; the line's end when none does.
std::size_t end_of_quoted(std::string_view line, std::size_t open, char closing) {
    for (std::size_t at = open + 1; at < line.size(); ++at) {
        const bool doubled = closing == '}' && line.substr(at, 2) == "}}";
        if (doubled || (line[at] == '\\' && closing != '}'))
            ++at;
        else if (line[at] == closing)
            return at + 1;
    }
    return line.size();
}

// Where the value at `from` ends. Inside a string of the file, its quote ends it. The value of a setting that
// is `first` on its line may hold blanks.
std::size_t end_of_value(std::string_view line, std::size_t from, bool in_string, bool first) {
    const char open = from < line.size() ? line[from] : '\0';
    std::size_t at = from;
    if (open == '{' || open == '\'' || (open == '"' && !in_string)) {
        at = end_of_quoted(line, from, open == '{' ? '}' : open);
        first = false;
    }
    for (; at < line.size(); ++at) {
        const char c = line[at];
        if (c == '"' && in_string) return at;
        if (is_blank(c) && (!first || setting_follows(line, at))) return at;
        if ((c == ';' || c == '&') && setting_follows(line, at + 1)) return at;
        if (c == '\\') ++at;
    }
    return line.size();
}

// The user and password that URLs of one run without blanks hold.
class Authority {
public:
    explicit Authority(std::string_view line) : line_(line) {}
    // The secret of the URL whose "://" is at `at`, empty when it has none.
    std::string_view secret(std::size_t at) {
        const std::size_t start = at + 3;
        if (start > end_) {
            end_ = std::min(line_.find_first_of(" \t\r\n\"?", start), line_.size());
            last_ = line_.substr(0, end_).find_last_of('@');
        }
        if (last_ == line_.npos || last_ < start) return {};
        const std::size_t colon = line_.substr(0, last_).find(':', start);
        return colon == line_.npos ? std::string_view() : line_.substr(colon + 1, last_ - colon - 1);
    }

private:
    std::string_view line_;
    std::size_t end_ = 0, last_ = std::string_view::npos;
};

}  // namespace

std::string mask_passwords(std::string_view line) {
    const std::size_t begin = std::min(line.find_first_not_of(" \t#;\"'"), line.size());
    Authority authority(line);
    std::string out;
    bool in_string = false;
    for (std::size_t at = 0; at < line.size();) {
        const char c = line[at];
        const auto mask = [&](std::size_t from, std::size_t end) {
            out.append(line.substr(at, from - at)).append(kMask);
            at = end;
        };
        if (c == '=' || c == ':') {
            const std::string_view name = name_before(line, at);
            // Behind the first name of a line a colon may stand for the '=' ("UserPin : 1234").
            if (is_secret(name) && (c == '=' || name.data() == line.data() + begin)) {
                const std::size_t value = std::min(line.find_first_not_of(kBlanks, at + 1), line.size());
                mask(value, end_of_value(line, value, in_string, name.data() == line.data() + begin));
                continue;
            }
        }
        if (c == ':' && line.substr(at, 3) == "://") {
            if (const std::string_view secret = authority.secret(at); !secret.empty()) {
                const auto from = static_cast<std::size_t>(secret.data() - line.data());
                mask(from, from + secret.size());
                continue;
            }
        }
        if (c == '"') in_string = !in_string;
        out += c;
        ++at;
    }
    return out;
}

std::string printable(std::string_view text) {
    std::string out;
    std::uint8_t before = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto byte = static_cast<std::uint8_t>(text[at]);
        // A mark of several bytes is none without its first.
        const bool mark = byte >= 0xE0 && !is_terminal_text(text.substr(at, byte >= 0xF0 ? 4 : 3));
        // 80 to 9F are controls of their own, and in UTF-8 behind C2.
        const bool high = byte >= 0x80 && byte < 0xA0 && (before < 0x80 || before == 0xC2);
        const bool plain = byte >= 0x20 && byte != 0x7F && byte != '%' && !high && !mark;
        out += plain ? std::string(1, static_cast<char>(byte)) : "%" + to_hex({&byte, 1});
        before = plain ? byte : 0;
    }
    return out;
}

std::string title(const KeyIndex& index) {
    return "group " + printable(index.group) + ", name " +
           (index.name.empty() ? "-" : printable(index.name)) + ", specifier " + std::to_string(index.spec);
}

}  // namespace cs2sim::keystore
