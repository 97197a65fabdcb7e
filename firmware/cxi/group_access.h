// Who may use the keys of a group (guide G15).
//
// A user's attribute CXI_GROUP holds the patterns of the groups whose keys that user's permission counts
// for: `*` and `?`, several patterns apart by ',' or ';', or the attribute given several times. A user
// without the attribute counts for global keys (those without a group) only; the pattern `*` matches those
// too. The states of the users whose own pattern matches add up nibble by nibble: a permission in one group
// never lends itself to another.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "firmware/cmds/context.h"

namespace cs2sim {

using permission::kCryptoUser;
using permission::kKeyManager;
using permission::kSecurityOfficer;
inline constexpr std::uint32_t kAdministrator = permission::kSystemAdministrator;  // global configuration

// `expressions`: CXI_GROUP holds no patterns but POSIX extended regular expressions (group_patterns.h), of
// which
// ".*" stands for what the pattern `*` does.
//
// True when a user with these attributes counts for `group`.
bool attributes_match_group(std::string_view attributes, std::string_view group, bool expressions = false);

// What the logged-on users add up to for `group`.
std::uint32_t group_state(const std::vector<LoggedOnUser>& users, std::string_view group, bool expressions);

}  // namespace cs2sim
