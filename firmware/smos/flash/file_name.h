// What is said of the name of a file in flash (whose it is, what kind of file) holds in either case of its
// letters, whereas flash itself tells files apart by case.
#pragma once

#include <strings.h>

#include <string_view>

namespace cs2sim {

inline bool is_same_name(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

inline bool has_ending(std::string_view name, std::string_view ending) {  // ".mtc"
    return name.size() >= ending.size() && is_same_name(name.substr(name.size() - ending.size()), ending);
}

}  // namespace cs2sim
