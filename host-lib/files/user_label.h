// The label of a token, as the attribute LABEL of its security officer holds it: ListUsers shows it as L[…]
// (device-formats.md, section 2). Attributes of users have neither blanks nor commas, labels have, and all of
// UTF-8; so other bytes than letters, digits and "-._/+:()" are written as in URLs, %20. OUR CHOICE.
#pragma once

#include <string>
#include <string_view>

namespace cs2sim::host {

std::string encode_label(std::string_view label);
// What is not encoded so stays as it is.
std::string decode_label(std::string_view text);

// The label among a user's attributes, "CXI_GROUP=SLOT_0000,LABEL=my%20token"; empty when there is none.
std::string label_in(std::string_view attributes);

}  // namespace cs2sim::host
