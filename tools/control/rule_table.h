// The [[rule]] tables of a TOML document that is read already.
#pragma once

#include "firmware/toml/toml.h"
#include "tools/control/rule_file.h"

namespace cs2sim {

// None is no error.
tl::expected<std::vector<FaultRule>, std::string> rules_of(const toml::table& whole);

}  // namespace cs2sim
