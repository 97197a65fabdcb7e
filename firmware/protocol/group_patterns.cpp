#include "firmware/protocol/group_patterns.h"

#include <regex.h>

#include <map>
#include <memory>
#include <string>

namespace cs2sim {
namespace {

constexpr std::string_view kAttribute = "CXI_GROUP";
constexpr std::string_view kSeparators = ",;";
constexpr std::size_t kLongestExpression = 128;
constexpr std::size_t kMostCompiled = 64;  // of a thread

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

struct Free {
    void operator()(regex_t* compiled) const {
        regfree(compiled);
        delete compiled;
    }
};
using Compiled = std::unique_ptr<regex_t, Free>;

Compiled compile(const std::string& expression) {
    auto bare = std::make_unique<regex_t>();
    if (regcomp(bare.get(), expression.c_str(), REG_EXTENDED | REG_NOSUB) != 0) return nullptr;
    return Compiled(bare.release());
}

constexpr std::size_t kDeepest = 4;  // parentheses in each other

bool is_repetition(char c) { return c == '*' || c == '+' || c == '?'; }

// glibc copies what '+' and intervals repeat, so that those in each other or in a row ("a+++") take
// exponential memory; a backslash before a digit is a back reference, which it takes in extended expressions,
// too. Brackets are not looked at: what is refused in them is refused for no need, and no harm.
bool is_bounded(std::string_view text) {
    if (text.empty() || text.size() > kLongestExpression || text.find('\0') != text.npos) return false;
    std::size_t depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\') {
            if (++i == text.size() || (text[i] >= '0' && text[i] <= '9')) return false;
            continue;
        }
        if (text[i] == '{') return false;
        if (text[i] == '(' && ++depth > kDeepest) return false;
        if (text[i] == ')' && depth-- == 0) return false;  // glibc would take it for itself
        if (is_repetition(text[i]) && i + 1 < text.size() && is_repetition(text[i + 1])) return false;
    }
    return true;
}

// Null for what is no expression.
const regex_t* whole(std::string_view text) {
    thread_local std::map<std::string, Compiled, std::less<>> known;
    if (const auto found = known.find(text); found != known.end()) return found->second.get();
    if (known.size() >= kMostCompiled) known.clear();
    const std::string bare(text);
    Compiled compiled;
    // By itself first: "a)(b" is none, though "^(a)(b)$" would be one.
    if (is_bounded(text) && compile(bare)) compiled = compile("^(" + bare + ")$");
    return known.emplace(bare, std::move(compiled)).first->second.get();
}

}  // namespace

std::vector<std::string_view> group_patterns(std::string_view attributes) {
    std::vector<std::string_view> patterns;
    bool of_groups = false;  // whether a part without '=' goes on with CXI_GROUP
    while (!attributes.empty()) {
        const std::size_t end = attributes.find_first_of(kSeparators);
        std::string_view pattern = trimmed(attributes.substr(0, end));
        attributes = end == std::string_view::npos ? std::string_view() : attributes.substr(end + 1);
        if (const std::size_t equals = pattern.find('='); equals != std::string_view::npos) {
            of_groups = trimmed(pattern.substr(0, equals)) == kAttribute;
            pattern = trimmed(pattern.substr(equals + 1));
        } else if (pattern.empty()) {
            continue;  // nothing between two separators
        }
        if (of_groups) patterns.push_back(pattern);
    }
    return patterns;
}

bool is_expression(std::string_view text) { return whole(text) != nullptr; }

bool matches_expression(std::string_view expression, std::string_view text) {
    const regex_t* compiled = whole(expression);
    if (!compiled || text.find('\0') != text.npos) return false;
    return regexec(compiled, std::string(text).c_str(), 0, nullptr, 0) == 0;
}

}  // namespace cs2sim
