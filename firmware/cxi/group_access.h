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

inline constexpr std::uint32_t kCryptoUser = 0x00000002;  // use of keys, unless configured otherwise
inline constexpr std::uint32_t kKeyManager = 0x00000020;  // key management, where it is separated from use
inline constexpr std::uint32_t kSecurityOfficer = 0x00000200;  // configuration of one group
inline constexpr std::uint32_t kAdministrator = 0x02000000;    // global configuration

// True when a user with these attributes counts for `group`.
bool attributes_match_group(std::string_view attributes, std::string_view group);

// What the logged-on users add up to for `group`.
std::uint32_t group_state(const std::vector<LoggedOnUser>& users, std::string_view group);

}  // namespace cs2sim
