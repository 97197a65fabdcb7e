// Words as exec() and posix_spawn() take them.
#pragma once

#include <string>
#include <vector>

namespace cs2sim {

// Pointers to the words, which have to outlive them, and a null pointer that ends them.
inline std::vector<char*> argument_vector(std::vector<std::string>& words) {
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    return pointers;
}

}  // namespace cs2sim
