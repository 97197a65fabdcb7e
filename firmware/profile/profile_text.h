// The built-in profiles as they were written: for the ledger, which reads what their comments say of the
// values.
#pragma once

#include <string_view>

namespace cs2sim {

// The TOML text of a built-in profile; empty when there is none of that name.
std::string_view built_in_profile_text(std::string_view name);

}  // namespace cs2sim
