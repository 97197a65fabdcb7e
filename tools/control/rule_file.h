// Fault rules in TOML: [[rule]] tables with the keys of firmware/faults/rules/rule.h.
#pragma once

#include <filesystem>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "firmware/faults/rules/rule.h"

namespace cs2sim {

// A failure is told in words, with the rule's number.
tl::expected<std::vector<FaultRule>, std::string> read_rule_file(const std::filesystem::path& file);

}  // namespace cs2sim
