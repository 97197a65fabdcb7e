#include "tools/session/secret_words.h"

#include <cstring>

namespace cs2sim::tools {
namespace {

// Where in the word a secret may begin; nothing when it has none. `second`: the word before ended in a comma,
// and this one is its second half.
char* secret_in(char* word, MayBeSecret what, bool second) {
    if (second) return word;
    char* value = std::strchr(word, '=');
    if (value && what == MayBeSecret::behind_mark) value = std::strpbrk(value, ",#");
    return value ? value + 1 : nullptr;
}

}  // namespace

std::vector<std::string> take_words(int argc, char** argv, MayBeSecret what) {
    std::vector<std::string> words;
    for (int i = 1; i < argc; ++i) {
        const bool second = !words.empty() && words.back().ends_with(',');
        words.emplace_back(argv[i]);
        if (char* secret = secret_in(argv[i], what, second)) std::memset(secret, 'x', std::strlen(secret));
    }
    return words;
}

}  // namespace cs2sim::tools
