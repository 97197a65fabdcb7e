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
constexpr std::size_t kMostCompiled = 64;    // of a thread
constexpr std::size_t kMostMatched = 16384;  // bytes; glibc's automaton keeps a state for each at worst

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

constexpr std::size_t kDeepest = 4;    // parentheses in each other
constexpr std::size_t kLargest = 256;  // places in the automaton, as weight() counts them

bool is_repetition(char c) { return c == '*' || c == '+' || c == '?'; }

// Behind the bracket expression that begins at `at`; npos when it does not end. A ']' that comes first is a
// member, as is a backslash; "[:", "[." and "[=" go to their own ends.
std::size_t behind_bracket(std::string_view text, std::size_t at) {
    if (++at < text.size() && text[at] == '^') ++at;
    for (const std::size_t first = at; at < text.size(); ++at) {
        if (text[at] == ']' && at != first) return at + 1;
        if (text[at] != '[' || at + 1 == text.size()) continue;
        const char kind = text[at + 1];
        if (kind != ':' && kind != '.' && kind != '=') continue;
        const char end[] = {kind, ']'};
        at = text.find(std::string_view(end, 2), at + 2);
        if (at == text.npos) return at;
        ++at;
    }
    return text.npos;
}

// A part of an expression, as far as the price of its automaton goes.
struct Part {
    std::size_t places = 0;
    bool may_be_empty = true;

    void append(const Part& next) {
        places += next.places;
        may_be_empty = may_be_empty && next.may_be_empty;
    }
};

// What is within parentheses that are open, or the whole.
struct Open {
    Part branch;  // but for the last part, which a repetition would repeat
    Part last;
    bool other_may_be_empty = false;  // a branch before

    void end_branch() {
        branch.append(last);
        last = {};
    }
    void begin_other() {
        end_branch();
        other_may_be_empty = other_may_be_empty || branch.may_be_empty;
        branch = {branch.places + 1, true};
    }
    Part closed() {
        end_branch();
        return {branch.places + 1, branch.may_be_empty || other_may_be_empty};
    }
};

// Whether '*' and '+' repeat what is never empty alone: a loop through nothing ("(a*)*") takes glibc's
// compiler time that doubles with each. '+' makes it copy what is repeated.
bool repeat(Part& part, char repetition) {
    if (repetition != '?' && part.may_be_empty) return false;
    if (repetition == '+') part.places *= 2;
    part.may_be_empty = part.may_be_empty || repetition != '+';
    return true;
}

// What the automaton grows with, before anything is compiled; 0 for what is not taken. Intervals and
// repetitions in a row ("a+++") would copy more; a backslash before a digit is a back reference, which glibc
// takes in extended expressions, too.
std::size_t weight(std::string_view text) {
    constexpr std::string_view kEmptyEscapes = "bB<>`'";  // glibc's anchors
    Open open[kDeepest + 1];
    std::size_t depth = 0;
    for (std::size_t i = 0; i < text.size();) {
        const char c = text[i++];
        const char next = i < text.size() ? text[i] : '\0';
        Open& now = open[depth];
        if (is_repetition(c)) {
            if (is_repetition(next) || !repeat(now.last, c)) return 0;
        } else if (c == '(') {
            now.end_branch();
            if (++depth > kDeepest) return 0;
            open[depth] = {};
        } else if (c == ')') {
            if (depth == 0) return 0;  // glibc would take it for itself
            open[--depth].last = now.closed();
        } else if (c == '|') {
            now.begin_other();
        } else {
            if (c == '{' || (c == '\\' && (next == '\0' || (next >= '0' && next <= '9')))) return 0;
            now.end_branch();
            now.last = {1, c == '^' || c == '$' || (c == '\\' && kEmptyEscapes.find(next) != text.npos)};
            if (c == '\\') ++i;
            if (c == '[' && (i = behind_bracket(text, i - 1)) == text.npos) return 0;
        }
    }
    return depth == 0 ? open[0].closed().places : 0;
}

bool is_bounded(std::string_view text) {
    if (text.empty() || text.size() > kLongestExpression || text.find('\0') != text.npos) return false;
    const std::size_t places = weight(text);
    return places != 0 && places <= kLargest;
}

// Null for what is no expression. `length`: of what it will be matched with.
const regex_t* whole(std::string_view text, std::size_t length) {
    thread_local std::map<std::string, Compiled, std::less<>> known;
    thread_local std::size_t matched = 0;
    matched += length;
    if (matched > kMostMatched) {
        known.clear();
        matched = length;
    }
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

bool is_expression(std::string_view text) { return whole(text, 0) != nullptr; }

bool matches_expression(std::string_view expression, std::string_view text) {
    const regex_t* compiled = whole(expression, text.size());
    if (!compiled || text.find('\0') != text.npos) return false;
    return regexec(compiled, std::string(text).c_str(), 0, nullptr, 0) == 0;
}

}  // namespace cs2sim
