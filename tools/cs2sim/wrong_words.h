// Which word of a command line of cs2sim is wrong, and what was meant.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

namespace cs2sim {

// After a parse of `app` that failed because a word is unknown or a command missing: what to say of it, in
// one line. Nothing when no word is to blame.
std::optional<std::string> wrong_word(const CLI::App& app);

}  // namespace cs2sim
