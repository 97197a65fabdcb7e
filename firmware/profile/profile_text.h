// The built-in profiles as they were written: for the ledger, which reads what their comments say of the
// values.
#pragma once

#include <string_view>
#include <vector>

namespace cs2sim {

// The TOML text of a built-in profile; empty when there is none of that name.
std::string_view built_in_profile_text(std::string_view name);

// Every key that a profile may have; one that it leaves out has the default of struct Profile (profile.h).
std::vector<std::string_view> profile_keys();

}  // namespace cs2sim
