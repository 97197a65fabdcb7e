// What may stand behind a word's '=': the syntax of a command, in which the words of its parser's own tables
// have names, so that help, man page, completion and refusals cannot differ.
//
// A syntax is "Name=" and one or more forms, parted by " | ". A form has places, parted by commas, "[,…]"
// around those that may be left out; a place has alternatives, parted by '|': words as they stand, and
// "<what>" for anything else. Of a table called "hash", "{hash}" is written as its words (SHA1|SHA224|…), and
// "<hash>" stays, with a line of details that lists them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cs2sim::tools {

struct ValueWords {
    std::string_view name;
    std::vector<std::string_view> (*words)() = nullptr;
};

// The words of a table whose rows have a `word`.
template <class Rows>
std::vector<std::string_view> words_of(const Rows& rows) {
    std::vector<std::string_view> words;
    for (const auto& row : rows) words.push_back(row.word);
    return words;
}

// The syntax as people read it.
std::string written_syntax(std::string_view syntax, std::span<const ValueWords> tables);

// "<hash>  SHA1, SHA224, …": a line for each table that is not written in the syntax itself.
std::string listed_words(std::string_view syntax, std::span<const ValueWords> tables);

// How `typed`, what stands behind the '=', could go on; words in any case. Among them is kFilesToo where a
// file may stand as well. Empty: only the user knows.
inline constexpr std::string_view kFilesToo = "<file>";
std::vector<std::string> value_completions(std::string_view syntax, std::span<const ValueWords> tables,
                                           std::string_view typed);

}  // namespace cs2sim::tools
