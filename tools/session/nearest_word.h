// What somebody meant who misspelt a word.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace cs2sim::tools {

// The word of the list that differs from `word` in the fewest letters (case aside; at most a third of them), or
// the only one that begins with it; empty when none is near.
std::string nearest_word(std::string_view word, std::span<const std::string_view> words);

}  // namespace cs2sim::tools
