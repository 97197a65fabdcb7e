// The curves that keys lie on, by the names that users give them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cs2sim {

// "secp192r1, secp224r1, …, brainpoolP512t1": each curve once, for the words of a tool. openssl_curve_name()
// (pkey.h) knows their other names as well.
std::string known_curves();
std::vector<std::string_view> known_curve_names();  // the same, one by one

}  // namespace cs2sim
