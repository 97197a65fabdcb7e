#pragma once
// Names of keys and groups as every database can keep them.
#include <string_view>

namespace cs2sim::keystore {

// No longer than kLongestName, and UTF-8 without a zero character.
bool is_name(std::string_view text);

}  // namespace cs2sim::keystore
