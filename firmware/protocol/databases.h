// Policy of databases as data: what a caller needs to back one up, and whether it may leave at all.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace cs2sim {

inline constexpr std::string_view kUserDatabase = "user.db";
inline constexpr std::string_view kKeyDatabase = "CXIKEY.db";
inline constexpr std::string_view kMasterKeyDatabase = "VMBK1.db";
inline constexpr std::string_view kSessionDatabase = "session.db";  // of PKCS#11 modules; not made here

// DB_INFO of the SDK (firmware-facts.md, section 6.7).
struct DatabaseInfo {
    std::uint32_t key_length = 8;     // bytes, 1 to 255
    std::uint32_t max_size = 100000;  // as stated in backups; our databases are not limited by it
};

struct DatabasePolicy {
    std::string_view name;            // "*" for databases of users' own modules
    DatabaseInfo info;                // with which the device makes it
    std::uint32_t backup_permission;  // authentication state needed to back up or restore (guide G3)
    std::uint32_t refused_out = 0;  // code for who asks for it or a record of it, sealed or not; 0: may leave
    std::uint32_t refused_in = 0;   // code for who would restore it
};

// Never null: the row of the name (exact, case-sensitive), or the "*" row.
const DatabasePolicy* database_policy(std::string_view plain_name);

// All rows, "*" last.
std::span<const DatabasePolicy> database_policies();

}  // namespace cs2sim
