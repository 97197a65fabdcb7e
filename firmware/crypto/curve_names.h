// The curves that keys lie on, by the names that users give them.
#pragma once

#include <string>

namespace cs2sim {

// "secp192r1, secp224r1, …, brainpoolP512t1": each curve once, for the words of a tool. openssl_curve_name()
// (pkey.h) knows their other names as well.
std::string known_curves();

}  // namespace cs2sim
