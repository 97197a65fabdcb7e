#include "tools/session/secret_words.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string_view>

namespace cs2sim::tools {
namespace {

constexpr std::string_view kPinOptions[] = {"--pin", "--so-pin"};  // of cs2sim

// Where in the word a secret may begin; nothing when it has none. `before`: the word before it; where that
// ended in a comma, this one is its second half.
char* secret_in(char* word, MayBeSecret what, std::string_view before) {
    if (before.ends_with(',')) return word;
    if (what == MayBeSecret::behind_any_mark) {
        if (std::ranges::find(kPinOptions, before) != std::end(kPinOptions)) return word;
        char* mark = std::strpbrk(word, "=,#:");
        return mark ? mark + 1 : nullptr;
    }
    char* value = std::strchr(word, '=');
    if (value && what == MayBeSecret::behind_mark) value = std::strpbrk(value, ",#");
    return value ? value + 1 : nullptr;
}

}  // namespace

std::vector<std::string> take_words(int argc, char** argv, MayBeSecret what) {
    std::vector<std::string> words;
    for (int i = 1; i < argc; ++i) {
        const std::string before = words.empty() ? std::string() : words.back();
        words.emplace_back(argv[i]);
        if (char* secret = secret_in(argv[i], what, before)) std::memset(secret, 'x', std::strlen(secret));
    }
    return words;
}

}  // namespace cs2sim::tools
