// printf into a string, for the texts that the device answers.
#pragma once

#include <cstdio>
#include <string>

namespace cs2sim::adm {

template <class... Arguments>
std::string format_text(const char* format, Arguments... arguments) {
    const int size = std::snprintf(nullptr, 0, format, arguments...);
    std::string text(static_cast<std::size_t>(size) + 1, '\0');
    std::snprintf(text.data(), text.size(), format, arguments...);
    text.pop_back();
    return text;
}

}  // namespace cs2sim::adm
