// What a new key shall be like: parameters, and the short form of GenerateKey.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/protocol/cxi/property_list.h"
#include "tools/session/session.h"

namespace cs2sim::tools {

// Algorithm, size and curve; of DSA the size of the subprime.
struct KeyForm {
    std::optional<std::string> algorithm, size, curve, subprime = std::nullopt;
};

// Algo=, Size= and Curve=.
KeyForm form_of(const ToolSession& session);

// The same, but with a value such as "AES,256", "EC,NIST-P256" or "RSA" for what that says.
KeyForm form_of(const ToolSession& session, const std::string& value);

// The words of Algo=, Export=, Usage= and FipsUsage=.
std::vector<std::string_view> algorithm_words();
std::vector<std::string_view> export_words();
std::vector<std::string_view> usage_words();
std::vector<std::string_view> fips_usage_words();
std::vector<std::string_view> curve_words();  // of Curve=, each once

// The properties of a new key. Error: E_CSA_SYNTAX.
Result<PropertyList> new_key(const ToolSession& session, const KeyForm& form);

// Does the form say enough of a key that is to be generated? An algorithm, and the size or the curve that it
// takes; which sizes and curves there are, the device knows. Error: E_CSA_SYNTAX.
Result<void> expect_whole_form(const ToolSession& session, const KeyForm& form, const PropertyList& key);

}  // namespace cs2sim::tools
